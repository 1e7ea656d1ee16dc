#include "controller/services.h"

namespace sluice::controller {

namespace {

/// 128 random bits in the form of a UUID, as controller-runtime has it.
std::string RunId(base::Random& random) {
  std::string hex;
  for (int half = 0; half < 2; ++half) {
    const std::uint64_t bits = random.Next();
    for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[bits >> shift & 15];
  }
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

base::Logger LogOf(const Services& services, const document::Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  return services.log.With({{"controller", Lower(gvk.kind)},
                            {"controllerGroup", gvk.group},
                            {"controllerKind", gvk.kind},
                            {"namespace", document::NamespaceOf(object)},
                            {"name", document::NameOf(object)},
                            {"reconcileID", RunId(services.random)}});
}

base::Duration Period(const Services& services, base::Duration interval) {
  return interval.count() == 0 ? kNever : services.random.Jitter(interval, services.interval_jitter);
}

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
  if (const document::Value* annotations = object.At({"metadata", "annotations"})) {
    for (const document::Member& member : annotations->members()) {
      if (member.key.starts_with("event.toolkit.fluxcd.io/")) metadata.emplace_back(member.key, member.value.AsString().value_or(""));
    }
  }
  return {.involved = kube::ReferenceTo(object),
          .type = type,
          .reason = std::string(reason),
          .message = std::string(message),
          .annotations = std::move(metadata)};
}

}  // namespace sluice::controller
