#include "controller/services.h"

namespace sluice::controller {

std::int64_t GenerationOf(const document::Value& object) {
  const document::Value* generation = object.At({"metadata", "generation"});
  return generation == nullptr ? 0 : generation->AsInt().value_or(0);
}

bool IsDeleting(const document::Value& object) { return !object.StringAt({"metadata", "deletionTimestamp"}).empty(); }

bool HasFinalizer(const document::Value& object, std::string_view finalizer) {
  const document::Value* list = object.At({"metadata", "finalizers"});
  if (list == nullptr) return false;
  for (const document::Value& item : list->items()) {
    if (item.AsString() == finalizer) return true;
  }
  return false;
}

kube::Event MakeEvent(const document::Value& object, kube::EventType type, std::string_view reason, std::string_view message,
                      std::vector<std::pair<std::string, std::string>> metadata) {
  const std::string group = document::GvkOf(object).group;
  for (auto& [key, value] : metadata) key = group + "/" + key;
  return {.involved = kube::ReferenceTo(object),
          .type = type,
          .reason = std::string(reason),
          .message = std::string(message),
          .annotations = std::move(metadata)};
}

}  // namespace sluice::controller
