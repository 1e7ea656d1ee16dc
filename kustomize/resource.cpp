#include "kustomize/resource.h"

#include <tuple>

#include "kustomize/node.h"
#include "kustomize/tables.h"

namespace sluice::kustomize {

using document::GroupVersionKind;
using document::Value;

namespace {

Value* Metadata(Value& object) {
  Value* metadata = object.Find("metadata");
  return metadata != nullptr && metadata->IsMapping() ? metadata : nullptr;
}

/// A scalar without a tag: in the place of another it keeps the other's quotes, else YAML decides what it is.
void SetUntagged(Value& map, std::string_view key, std::string_view text) {
  SetField(map, key, UntaggedScalar(text, document::Style::Plain));
}

}  // namespace

std::string_view TextUnlessNull(const Value* value) {
  const bool null =
      value == nullptr || (value->IsNull() && value->style() != document::Style::Any);  // "~" without a tag is a text that prints as null
  return null ? std::string_view() : ScalarText(value);
}
std::string_view ScalarText(const Value* value) { return value != nullptr && value->IsScalar() ? value->text() : std::string_view(); }

std::string EffectiveNamespace(const GroupVersionKind& gvk, std::string_view ns) {
  if (IsClusterScoped(gvk)) return std::string(kNotNamespaceable);
  return ns.empty() ? "default" : std::string(ns);
}

std::string ResourceId::Describe() const {
  std::string text = gvk.kind + " \"" + name + "\"";
  if (!ns.empty() && ns != "default" && ns != kNotNamespaceable) text += " in namespace \"" + ns + "\"";
  return text;
}

GroupVersionKind Resource::Gvk() const {
  GroupVersionKind gvk;
  std::tie(gvk.group, gvk.version) = document::SplitApiVersion(ApiVersion());
  gvk.kind = Kind();
  return gvk;
}

std::string_view Resource::ApiVersion() const { return ScalarText(value.Find("apiVersion")); }
std::string_view Resource::Kind() const { return ScalarText(value.Find("kind")); }
std::string_view Resource::Name() const { return TextUnlessNull(value.At({"metadata", "name"})); }
std::string_view Resource::Namespace() const { return TextUnlessNull(value.At({"metadata", "namespace"})); }

std::string Resource::EffectiveNamespace() const { return kustomize::EffectiveNamespace(Gvk(), Namespace()); }

ResourceId Resource::CurrentId() const {
  ResourceId id{.gvk = Gvk(), .name = std::string(Name()), .ns = {}};
  id.ns = kustomize::EffectiveNamespace(id.gvk, Namespace());
  return id;
}

ResourceId Resource::OriginalId() const {
  if (previous.empty()) return CurrentId();
  GroupVersionKind gvk = Gvk();
  gvk.kind = previous.front().kind;
  return {std::move(gvk), previous.front().name, previous.front().ns};
}

std::vector<ResourceId> Resource::AllIds() const {
  std::vector<ResourceId> ids;
  ids.reserve(previous.size() + 1);
  const GroupVersionKind gvk = Gvk();
  for (const PreviousId& id : previous)
    ids.push_back({{gvk.group, gvk.version, id.kind}, id.name, kustomize::EffectiveNamespace({gvk.group, gvk.version, id.kind}, id.ns)});
  ids.push_back(CurrentId());
  return ids;
}

void Resource::PushId() {
  ResourceId id = CurrentId();
  previous.push_back({std::move(id.name), std::move(id.ns), std::move(id.gvk.kind)});
}

std::string Resource::Place() const {
  if (file == nullptr) return "generated";
  const document::Mark mark = value.mark();
  return mark.line == 0 ? *file : *file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

void Resource::SetName(std::string_view name) { SetUntagged(value["metadata"], "name", name); }
void Resource::SetKind(std::string_view kind) { SetUntagged(value, "kind", kind); }
void Resource::SetApiVersion(std::string_view api_version) { SetUntagged(value, "apiVersion", api_version); }

void Resource::SetNamespace(std::string_view ns) {
  if (!ns.empty()) return SetUntagged(value["metadata"], "namespace", ns);
  if (Value* metadata = Metadata(value)) metadata->Erase("namespace");
}

}  // namespace sluice::kustomize
