#include "kustomize/resource.h"

#include <array>

#include "kustomize/tables.h"

namespace sluice::kustomize {

using document::GroupVersionKind;
using document::Value;

namespace {

constexpr std::string_view kInternal = "internal.config.kubernetes.io/";
constexpr std::string_view kEnabled = "enabled";

std::string Key(std::string_view name) { return std::string(kInternal) + std::string(name); }

std::vector<std::string> SplitCommas(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(',', begin);
    parts.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

/// Takes the annotation out of `annotations`; nothing if it is not there.
std::optional<std::string> Take(Value& annotations, std::string_view name) {
  const std::string key = Key(name);
  const Value* value = annotations.Find(key);
  if (value == nullptr) return std::nullopt;
  std::string text(ScalarText(value));
  annotations.Erase(key);
  return text;
}

base::Result<void> TakePrevious(Resource& resource, Value& annotations) {
  auto names = Take(annotations, "previousNames");
  auto namespaces = Take(annotations, "previousNamespaces");
  auto kinds = Take(annotations, "previousKinds");
  if (!names) return {};
  const auto name_list = SplitCommas(*names), namespace_list = SplitCommas(namespaces.value_or("")), kind_list = SplitCommas(kinds.value_or(""));
  if (name_list.size() != namespace_list.size() || name_list.size() != kind_list.size())
    return base::Invalid(resource.Place() + ": annotations previousNames, previousNamespaces and previousKinds are lists of different length");
  for (std::size_t i = 0; i < name_list.size(); ++i) resource.previous.push_back({name_list[i], namespace_list[i], kind_list[i]});
  return {};
}

Value* Metadata(Value& object) {
  Value* metadata = object.Find("metadata");
  return metadata != nullptr && metadata->IsMapping() ? metadata : nullptr;
}

/// A scalar put in the place of another keeps the other's quotes.
void Put(Value& map, std::string_view key, std::string_view text) {
  const Value* old = map.Find(key);
  Value fresh(text);
  if (old != nullptr && old->IsString()) {
    fresh.set_style(old->style());
    fresh.set_mark(old->mark());
  }
  map.Set(key, std::move(fresh));
}

}  // namespace

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
std::string_view Resource::Name() const { return ScalarText(value.At({"metadata", "name"})); }
std::string_view Resource::Namespace() const { return ScalarText(value.At({"metadata", "namespace"})); }

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
  for (const PreviousId& id : previous) ids.push_back({{gvk.group, gvk.version, id.kind}, id.name, kustomize::EffectiveNamespace({gvk.group, gvk.version, id.kind}, id.ns)});
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

void Resource::SetName(std::string_view name) { Put(value["metadata"], "name", name); }
void Resource::SetKind(std::string_view kind) { Put(value, "kind", kind); }
void Resource::SetApiVersion(std::string_view api_version) { Put(value, "apiVersion", api_version); }

void Resource::SetNamespace(std::string_view ns) {
  if (!ns.empty()) return Put(value["metadata"], "namespace", ns);
  if (Value* metadata = Metadata(value)) metadata->Erase("namespace");
}

base::Result<void> AbsorbInternalAnnotations(Resource& resource) {
  Value* annotations = resource.value.At({"metadata", "annotations"});
  if (annotations == nullptr || !annotations->IsMapping()) return {};
  bool any = false;
  for (const auto& member : annotations->members()) any = any || member.key.starts_with(kInternal);
  if (!any) return {};
  TRY(TakePrevious(resource, *annotations));
  if (auto text = Take(*annotations, "prefixes"); text && !text->empty()) resource.prefixes = SplitCommas(*text);
  if (auto text = Take(*annotations, "suffixes"); text && !text->empty()) resource.suffixes = SplitCommas(*text);
  if (auto text = Take(*annotations, "generatorBehavior")) resource.behavior = ParseBehavior(*text);
  if (auto text = Take(*annotations, "needsHashSuffix")) resource.needs_hash = *text == kEnabled;
  if (auto text = Take(*annotations, "allowNameChange")) resource.allow_name_change = *text == kEnabled;
  if (auto text = Take(*annotations, "allowKindChange")) resource.allow_kind_change = *text == kEnabled;
  if (auto text = Take(*annotations, "helm-generated")) resource.helm_generated = *text == "true";
  return {};
}

}  // namespace sluice::kustomize
