#include "document/object.h"

namespace sluice::document {

namespace {

std::string_view EntryOf(const Value& object, std::string_view map, std::string_view key) {
  return object.StringAt({"metadata", map, key});
}

void SetEntry(Value& object, std::string_view map, std::string_view key, std::string_view value) {
  object["metadata"][map].Set(key, Value(value));
}

}  // namespace

std::string ObjectId::ToString() const { return ns.empty() ? kind + "/" + name : kind + "/" + ns + "/" + name; }

std::pair<std::string, std::string> SplitApiVersion(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1))};
}

GroupVersionKind GvkOf(const Value& object) {
  auto [group, version] = SplitApiVersion(object.StringAt({"apiVersion"}));
  return {.group = std::move(group), .version = std::move(version), .kind = std::string(object.StringAt({"kind"}))};
}

ObjectId IdOf(const Value& object) {
  return {.group = SplitApiVersion(object.StringAt({"apiVersion"})).first,
          .kind = std::string(object.StringAt({"kind"})),
          .ns = std::string(NamespaceOf(object)),
          .name = std::string(NameOf(object))};
}

std::string_view LabelOf(const Value& object, std::string_view key) { return EntryOf(object, "labels", key); }
std::string_view AnnotationOf(const Value& object, std::string_view key) { return EntryOf(object, "annotations", key); }

void SetLabel(Value& object, std::string_view key, std::string_view value) { SetEntry(object, "labels", key, value); }
void SetAnnotation(Value& object, std::string_view key, std::string_view value) { SetEntry(object, "annotations", key, value); }

}  // namespace sluice::document
