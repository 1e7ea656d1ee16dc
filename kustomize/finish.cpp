#include "kustomize/finish.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "document/repeated_keys.h"
#include "kustomize/decode.h"
#include "kustomize/error_list.h"
#include "kustomize/node.h"
#include "kustomize/sort.h"
#include "kustomize/transformers.h"

namespace sluice::kustomize {

using base::Result;
using document::Member;
using document::Value;

namespace {

constexpr std::string_view kMergeKey = "<<";
constexpr std::string_view kLocalConfig = "config.kubernetes.io/local-config";

constexpr std::array<std::string_view, 19> kInternal = {
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/helm-generated",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
};

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Transformations that an object brings along stay where they are asked for.
bool IsInternal(std::string_view key, bool transformations) {
  return key == kOriginAnnotation || (key == kTransformationsAnnotation && !transformations) ||
         std::find(kInternal.begin(), kInternal.end(), key) != kInternal.end();
}

/// Taking annotations away, kustomize makes the map they would be in.
void MakeMetadata(Value& object) {
  const Value* metadata = object.Find("metadata");
  if (metadata == nullptr || metadata->IsNull()) object.Set("metadata", Value::Mapping());
}

void FinishOne(Resource& resource, bool origins, bool transformations) {
  if (!origins || !transformations) MakeMetadata(resource.value);
  Value* metadata = resource.value.Find("metadata");
  if (metadata == nullptr || !metadata->IsMapping()) return;
  if (Value* annotations = metadata->Find("annotations"); annotations != nullptr && annotations->IsMapping())
    std::erase_if(annotations->mutable_members(), [&](const Member& member) { return IsInternal(member.key, transformations); });
  if (origins && resource.origin) metadata->operator[]("annotations").Set(kOriginAnnotation, Value(resource.origin->ToYaml()));
  if (transformations && !resource.transformations.empty())
    metadata->operator[]("annotations").Set(kTransformationsAnnotation, Value(ToYaml(resource.transformations)));
  RewriteAnnotations(resource);
}

base::Error Misfit(const Value& value, const Resource& resource, std::string_view key) {
  const bool patched = IsQuoted(value.style());  // then the mark is one of the patch
  return base::Invalid((patched ? resource.Place() : PlaceOf(resource.file ? *resource.file : "", value.mark())) + ": " + std::string(key) +
                       " of " + resource.CurrentId().Describe() + " cannot become '" + std::string(value.text()) +
                       "': what a replacement writes keeps the type of what was there; put that in quotes" +
                       (patched ? " where a patch sets it" : "") + " to make it text");
}

Result<void> CheckNode(const Value& value, const Resource& resource, std::string_view key) {
  if (value.kind() == document::Kind::Float && !std::isfinite(value.AsDouble().value_or(0)))
    return base::Invalid(PlaceOf(resource.file ? *resource.file : "", value.mark()) + ": " + std::string(key) + " is " +
                         std::string(value.text()) + ", which JSON cannot say");
  if (!FitsItsKind(value)) return Misfit(value, resource, key);
  for (const Value& item : value.items()) TRY(CheckNode(item, resource, key));
  if (const auto repeated = document::RepeatedKeys(value.members()); !repeated.empty())  // the lines may be those of a patch
    return base::Invalid(resource.Place() + ": " + resource.CurrentId().Describe() + ": " +
                         document::DescribeRepeated(value.members(), repeated[0]));
  for (const Member& member : value.members()) {
    if (member.key == kMergeKey)
      return base::Invalid(resource.Place() + ": a key << in " + resource.CurrentId().Describe() +
                           " would be a merge key where kustomize reads the object again; choose another key");
    if (member.key_kind != document::Kind::String)
      return base::Invalid((member.key_mark.line != 0 && resource.file ? PlaceOf(*resource.file, member.key_mark) : resource.Place()) +
                           ": key " + member.key + " in " + resource.CurrentId().Describe() + " is no string; quote it: \"" + member.key +
                           "\"");
    TRY(CheckNode(member.value, resource, member.key));
  }
  return {};
}

Result<void> CheckAnnotations(const Resource& resource) {
  const Value* annotations = resource.value.At({"metadata", "annotations"});
  if (annotations == nullptr || !annotations->IsSequence()) return {};
  return base::Invalid(PlaceOf(resource.file ? *resource.file : "", annotations->mark()) + ": annotations of " +
                       resource.CurrentId().Describe() + " are a list; want a map of keys and texts");
}

Result<LegacyOrder> OrderOf(const SortOptions& options) {
  if (options.order != "legacy" && options.order != "fifo")
    return base::Invalid("sortOptions.order wants legacy or fifo, not \"" + options.order + "\"");
  if (options.order == "fifo" && options.has_legacy) return base::Invalid("sortOptions.legacySortOptions is set, but the order is fifo");
  return options.has_legacy ? LegacyOrder{options.first, options.last} : LegacyOrder::Default();
}

void SortLegacy(ResMap& map, const LegacyOrder& order) {
  std::vector<SortKey> keys;
  keys.reserve(map.size());
  for (const auto& resource : map.list())
    keys.push_back({resource->Gvk(), std::string(resource->Namespace()), std::string(resource->Name())});
  const std::vector<std::size_t> positions = LegacySort(keys, order);
  ResMap::List old = map.Release(), sorted;
  for (const std::size_t position : positions) sorted.push_back(std::move(old[position]));
  map.Reorder(std::move(sorted));
}

/// Among the names an object had may be none; kustomize, which keeps them in one text, then cannot tell which went with which namespace.
bool HadNoName(const Resource& resource) {
  const auto nameless =
      std::count_if(resource.previous.begin(), resource.previous.end(), [](const PreviousId& id) { return id.name.empty(); });
  return nameless != 0 && static_cast<std::size_t>(nameless) < resource.previous.size();
}

Result<void> CheckIds(const Resource& resource) {
  if (resource.Kind().empty()) return base::Invalid(resource.Place() + ": an object has no kind any more");
  if (resource.Name().empty() && !resource.Kind().ends_with("List"))
    return base::Invalid(resource.Place() + ": " + std::string(resource.Kind()) + " has no metadata.name any more");
  if (HadNoName(resource))
    return base::Invalid(resource.Place() + ": " + resource.CurrentId().Describe() +
                         " had no metadata.name for a while; let the patch that takes the name away give the new one");
  return {};
}

}  // namespace

Result<void> DropLocal(ResMap& map) {
  for (const auto& resource : map.list())
    if (!resource->Empty()) TRY(CheckIds(*resource));
  map.RemoveIf([](const Resource& resource) {
    const Value* annotations = resource.value.At({"metadata", "annotations"});
    const Value* local = annotations == nullptr ? nullptr : annotations->Find(kLocalConfig);
    return resource.Empty() || (local != nullptr && ScalarText(local) != "false");
  });
  for (auto& resource : map.Release()) TRY(map.Append(std::move(resource)));  // a patch may have given two the same id
  return {};
}

Result<void> SortObjects(ResMap& map, const std::optional<SortOptions>& options, Reorder reorder) {
  if (!options && reorder != Reorder::None) SortLegacy(map, LegacyOrder::Default());
  if (!options) return {};
  TRY(const LegacyOrder order, OrderOf(*options));
  if (options->order == "legacy") SortLegacy(map, order);
  return {};
}

Result<void> AddManagedBy(ResMap& map, const std::string& version, Budget& budget) {
  const FieldSpecs specs = {{.gvk = {}, .path = "metadata/labels", .create = true}};
  return PairsStep({{"app.kubernetes.io/managed-by", "kustomize-" + version}}, specs, budget)(map);
}

void FinishAnnotations(ResMap& map, const std::vector<std::string>& build_metadata) {
  const bool origins = Contains(build_metadata, "originAnnotations"), transformations = Contains(build_metadata, "transformerAnnotations");
  for (const auto& resource : map.list()) FinishOne(*resource, origins, transformations);
}

Result<void> CheckPrintable(const ResMap& map) {
  ErrorList errors;
  for (const auto& resource : map.list()) {
    if (errors.full()) break;
    errors.Check("", CheckAnnotations(*resource));
    errors.Check("", CheckNode(resource->value, *resource, ""));
  }
  return std::move(errors).Finish();
}

}  // namespace sluice::kustomize
