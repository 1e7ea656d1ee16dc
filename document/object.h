// document/object.h: what makes a Value a Kubernetes object: group, version, kind, namespace, name; labels and annotations.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "document/value.h"

namespace sluice::document {

struct GroupVersionKind {
  std::string group, version, kind;
  auto operator<=>(const GroupVersionKind&) const = default;
  std::string ApiVersion() const { return group.empty() ? version : group + "/" + version; }
};

struct GroupKind {
  std::string group, kind;
  auto operator<=>(const GroupKind&) const = default;
};

struct NamespacedName {
  std::string ns, name;
  auto operator<=>(const NamespacedName&) const = default;
  std::string ToString() const { return ns.empty() ? name : ns + "/" + name; }
};

/// One object in a cluster, whatever its version. Prints as `Kind/namespace/name`, Flux's form in messages.
struct ObjectId {
  std::string group, kind, ns, name;
  auto operator<=>(const ObjectId&) const = default;
  std::string ToString() const;
};

/// "apps/v1" -> {"apps", "v1"}; "v1" -> {"", "v1"}.
std::pair<std::string, std::string> SplitApiVersion(std::string_view api_version);
GroupVersionKind GvkOf(const Value& object);
ObjectId IdOf(const Value& object);
inline std::string_view NameOf(const Value& object) { return object.StringAt({"metadata", "name"}); }
inline std::string_view NamespaceOf(const Value& object) { return object.StringAt({"metadata", "namespace"}); }
/// "" if absent.
std::string_view LabelOf(const Value& object, std::string_view key);
std::string_view AnnotationOf(const Value& object, std::string_view key);
void SetLabel(Value& object, std::string_view key, std::string_view value);
void SetAnnotation(Value& object, std::string_view key, std::string_view value);

}  // namespace sluice::document
