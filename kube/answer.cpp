#include "kube/answer.h"

namespace sluice::kube {

namespace {

using base::Result;
using document::Value;

constexpr std::string_view kPartial = "PartialObjectMetadata";

bool IsPartial(const Value& object, std::string_view kind) {
  return object.StringAt({"kind"}) == kind && object.StringAt({"apiVersion"}).starts_with("meta.k8s.io/");
}

bool IsOfKind(const Value& object, const Wanted& wanted) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  if (gvk == wanted.gvk) return true;
  if (wanted.metadata_only && IsPartial(object, kPartial)) return true;
  return wanted.may_lack_kind && gvk == document::GroupVersionKind();
}

std::string Path(std::string_view ns, std::string_view name) { return (ns.empty() ? "" : std::string(ns) + "/") + std::string(name); }

/// Bounded: these words come from whoever answered.
std::string Describe(const Value& object) {
  constexpr std::size_t kMax = 100;
  const std::string_view kind = object.StringAt({"kind"}).substr(0, kMax), name = document::NameOf(object).substr(0, kMax);
  if (!object.IsMapping()) return "no object";
  if (kind == "Status") return std::string(kind);
  const std::string what = kind.empty() ? "an object without a kind" : std::string(kind);
  return name.empty() ? what + " without a name" : what + " " + Path(document::NamespaceOf(object).substr(0, kMax), name);
}

std::string Describe(const Wanted& wanted) {
  if (!wanted.name.empty()) return wanted.gvk.kind + " " + Path(wanted.namespaced ? wanted.ns : "", wanted.name);
  return "a " + wanted.gvk.kind + (wanted.namespaced && !wanted.ns.empty() ? " of namespace " + wanted.ns : "");
}

base::Error Another(const Value& object, const Wanted& wanted) {
  return base::MakeError(base::Reason::Unavailable, Describe(object) + ", not " + Describe(wanted));
}

}  // namespace

Wanted Wanted::Of(const Resource& resource, std::string ns, bool metadata_only) {
  return {.gvk = resource.gvk, .namespaced = resource.namespaced, .ns = std::move(ns), .name = {}, .metadata_only = metadata_only};
}

Result<void> CheckObject(const Value& object, const Wanted& wanted) {
  const std::string_view name = document::NameOf(object), ns = document::NamespaceOf(object);
  const bool is_named = !name.empty() && (wanted.name.empty() || name == wanted.name);
  const bool is_there = !wanted.namespaced || (!ns.empty() && (wanted.ns.empty() || ns == wanted.ns));
  if (IsOfKind(object, wanted) && is_named && is_there) return {};
  return Another(object, wanted);
}

Result<void> CheckDeleted(const Value& answer, const Wanted& wanted) {
  if (answer.StringAt({"kind"}) == "Status" && answer.StringAt({"status"}) == "Success") return {};
  return CheckObject(answer, wanted);
}

Result<void> CheckList(const Value& head, const Wanted& wanted, std::size_t kindless) {
  const Value* items = head.Find("items");
  const document::GroupVersionKind gvk = document::GvkOf(head);
  const bool is_list = items != nullptr && (items->IsSequence() || items->IsNull()) && !gvk.kind.empty();
  const bool is_ours = gvk.group == wanted.gvk.group && gvk.version == wanted.gvk.version;
  const bool is_partial = wanted.metadata_only && IsPartial(head, std::string(kPartial) + "List");
  // A definition may call its list anything; then the items tell their kind.
  const bool tells = kindless == 0 || is_partial || gvk.kind == wanted.gvk.kind + "List";
  if (is_list && (is_ours || is_partial) && tells) return {};
  return base::MakeError(base::Reason::Unavailable,
                         (gvk.kind.empty() ? "no list" : gvk.kind.substr(0, 100)) + ", not a " + wanted.gvk.kind + "List");
}

}  // namespace sluice::kube
