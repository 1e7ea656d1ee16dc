// A patch is tried as objects first: if its text reads as a list of objects (kind and name each), it is a strategic merge, else a JSON patch.
//
// Two quirks of kustomize live here. A strategic merge that has a `target`, or stands in patchesStrategicMerge, gets its labels and annotations
// rebuilt from their texts before it is merged: `label: null` sets the text "null" instead of removing the label, and an empty map vanishes.
// And as kustomize keeps its memory of an object in annotations, they are shown to patches.
#include "kustomize/apply_patches.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "kustomize/error_list.h"
#include "kustomize/json6902.h"
#include "kustomize/merge.h"
#include "kustomize/node.h"
#include "kustomize/read_resources.h"
#include "kustomize/select.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

namespace {

using Patches = std::vector<std::unique_ptr<Resource>>;

std::string Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

/// A patch's text and where it stands.
struct Source {
  std::string text, name;
  document::Mark first = {1, 1};
};

/// kustomize trims the text of `patches`, but not that of `patchesJson6902`, which may end with a literal block.
enum class Blanks { Trim, Keep };

Result<Source> LoadSource(const PatchEntry& entry, const Where& where, const Loader& loader, Blanks blanks) {
  std::string inline_text = blanks == Blanks::Trim ? Trim(entry.patch) : entry.patch;
  if (inline_text.empty() && entry.path.empty()) return base::Invalid("one of path and patch is needed");
  if (!inline_text.empty() && !entry.path.empty()) return base::Invalid("path and patch cannot both be set");
  if (!inline_text.empty()) {
    if (entry.content.line == 0) return Source{std::move(inline_text), where.place, {}};
    return Source{std::move(inline_text), where.file, entry.content};
  }
  TRY(std::string text, loader.LoadNamed(entry.path));
  return Source{std::move(text), loader.Describe(entry.path)};
}

/// Runs `change` over `resource`, unless an earlier patch of it failed; notes whether this one does.
template <class Change>
Result<void> Unspoiled(const Resource& resource, const Context& context, const Change& change) {
  if (context.spoiled.count(&resource) != 0) return {};
  Result<void> changed = change();
  if (!changed) context.spoiled.insert(&resource);
  return changed;
}

Result<void> MergeInto(Resource& target, const Resource& patch, const Value& body, const Context& context) {
  const std::string name(target.Name()), ns(target.Namespace()), kind(target.Kind());
  if (patch.allow_name_change || patch.allow_kind_change) target.PushId();
  ShowAnnotations(target);
  TRY(context.budget.Written(body));
  auto left = StrategicMerge(target.value, body, context.schema(), &context.budget);
  if (!left) return std::move(left).error().Wrap(target.Place());
  if (!*left) {
    target.value = Value();
    return {};
  }
  SyncShared(target);
  if (!patch.allow_kind_change) target.SetKind(kind);
  if (!patch.allow_name_change) target.SetName(name);
  target.SetNamespace(ns);
  TRY(AbsorbAnnotations(target));
  target.allow_name_change = target.allow_name_change || patch.allow_name_change;
  target.allow_kind_change = target.allow_kind_change || patch.allow_kind_change;
  return {};
}

Result<void> Merge(Resource& target, const Resource& patch, const Value& body, const Context& context) {
  ++target.writes;
  return Unspoiled(target, context, [&] { return MergeInto(target, patch, body, context); });
}

/// Labels or annotations of a patch as kustomize rebuilds them: texts in key order; none at all: the field goes.
void Rebuild(Value& metadata, std::string_view field) {
  Value* map = metadata.Find(field);
  if (map == nullptr) return;
  const auto texts = TextsOfPairs(*map);
  if (!texts || texts->empty()) return void(metadata.Erase(field));
  *map = Value::Mapping();
  for (const auto& [key, text] : *texts) SetField(*map, key, NewString(text));
}

/// The patch as it is merged into `target` where objects were selected: of the target's version, its maps rebuilt.
Value FittedTo(const Resource& target, const Resource& patch) {
  Value body = patch.value;
  if (Value* metadata = body.Find("metadata"); metadata != nullptr && metadata->IsMapping()) {
    Rebuild(*metadata, "labels");
    Rebuild(*metadata, "annotations");
    if (TextUnlessNull(metadata->Find("namespace")).empty()) metadata->Erase("namespace");
  }
  SetField(body, "apiVersion", UntaggedScalar(target.ApiVersion(), document::Style::Plain));
  return body;
}

Result<Resource*> OnlyMatch(const ResMap& map, const Resource& patch) {
  const ResourceId id = patch.OriginalId();
  const auto matches = map.ByAnyId(id);
  if (matches.size() == 1) return matches.front();
  if (matches.empty()) return NoSuchObject(map, id).Wrap(patch.Place());
  return base::Invalid(patch.Place() + ": several objects are or were " + id.Describe() + ": " + matches[0]->CurrentId().Describe() + " (" +
                       matches[0]->Place() + ") and " + matches[1]->CurrentId().Describe() + " (" + matches[1]->Place() + ")");
}

Result<void> MergeSelected(ResMap& map, const std::vector<Resource*>& selected, const Resource& patch, const Context& context) {
  for (Resource* target : selected) {
    const bool has_version = !target->ApiVersion().empty();
    TRY(Merge(*target, patch, FittedTo(*target, patch), context));
    if (!has_version && !target->Empty()) target->value.Set("apiVersion", Value());  // the empty text that it was given
    map.Touch(*target);
  }
  for (Resource* target : selected) {
    if (target->Empty()) continue;
    if (const auto same = map.ByCurrentId(target->CurrentId()); same.size() > 1)
      return base::Invalid(patch.Place() + ": the patch makes two objects " + target->CurrentId().Describe() + " (" + same[0]->Place() +
                           " and " + same[1]->Place() + ")");
  }
  map.DropEmpty();
  return {};
}

Result<void> MergeByTarget(ResMap& map, const Patches& patches, const Selector& target, const Context& context) {
  if (WalksAll(target)) TRY(context.budget.Compare(map.size()));
  TRY(const auto selected, Select(map, target));
  return MergeSelected(map, selected, *patches.front(), context);
}

Result<void> MergeOne(ResMap& map, const Resource& patch, const Context& context) {
  TRY(Resource * target, OnlyMatch(map, patch));
  TRY(Merge(*target, patch, patch.value, context));
  map.Touch(*target);
  return {};
}

Result<void> MergeById(ResMap& map, const Patches& patches, const Context& context) {
  ErrorList errors;
  for (const auto& patch : patches) errors.Check("", MergeOne(map, *patch, context));
  return std::move(errors).Finish();
}

Result<void> PatchObject(Resource& resource, const JsonPatch& patch, const Context& context) {
  ++resource.writes;
  ShowAnnotations(resource);
  auto applied = ApplyJsonPatch(resource.value, patch);
  if (!applied) return std::move(applied).error().Wrap(resource.CurrentId().Describe() + " (" + resource.Place() + ")");
  Result<void> paid = patch.copies ? context.budget.Written(resource.value) : context.budget.Spend(patch.bytes);
  if (!paid) return std::move(paid).error().Wrap(resource.Place());
  HideAnnotations(resource);
  RewriteAnnotations(resource);
  resource.shared.clear();
  return {};
}

Transform JsonTransform(JsonPatch patch, Selector target, bool push_id, const Context& context) {
  return [patch = std::move(patch), target = std::move(target), push_id, &context](ResMap& map) -> Result<void> {
    if (WalksAll(target)) TRY(context.budget.Compare(map.size()));
    TRY(const auto selected, Select(map, target));
    for (Resource* resource : selected) {
      if (push_id) resource->PushId();
      TRY(Unspoiled(*resource, context, [&] { return PatchObject(*resource, patch, context); }));
      map.Touch(*resource);
    }
    return {};
  };
}

Result<Transform> MergeTransform(Patches list, const PatchEntry& entry, const Source& source, const Context& context) {
  if (list.empty()) return Transform([](ResMap&) -> Result<void> { return {}; });
  if (entry.target && list.size() > 1)
    return base::Invalid(source.name + ": " + std::to_string(list.size()) +
                         " strategic merges in one entry with a target; make them entries of their own");
  for (auto& patch : list) {
    if (entry.allow_name_change || entry.allow_kind_change) Rebuild(patch->value["metadata"], "annotations");  // kustomize notes them there
    patch->allow_name_change = patch->allow_name_change || entry.allow_name_change;
    patch->allow_kind_change = patch->allow_kind_change || entry.allow_kind_change;
  }
  auto patches = std::make_shared<const Patches>(std::move(list));
  if (entry.target)
    return Transform([patches, target = *entry.target, &context](ResMap& map) { return MergeByTarget(map, *patches, target, context); });
  return Transform([patches, &context](ResMap& map) { return MergeById(map, *patches, context); });
}

/// The first line of a message, without the name of the text it is about.
std::string_view Within(std::string_view name, std::string_view message) {
  message = message.substr(0, message.find('\n'));
  if (!message.starts_with(name)) return message;
  message.remove_prefix(name.size());
  return message.substr(std::min(message.find_first_not_of(": "), message.size()));
}

Result<Patches> ReadInline(const Entry& item, const Where& where, const Context& context) {
  return ReadResources(item.text,
                       {.file = item.content.line == 0 ? where.place : where.file, .first = item.content, .budget = &context.budget});
}

}  // namespace

Result<Transform> PatchStep(const PatchEntry& entry, const Where& where, const Loader& loader, const Context& context) {
  TRY(const Source source, LoadSource(entry, where, loader, Blanks::Trim));
  auto objects = ReadResources(source.text, {.file = source.name, .first = source.first, .budget = &context.budget});
  if (objects) return MergeTransform(std::move(*objects), entry, source, context);
  auto operations = ParseJsonPatch(source.text);
  if (!operations)
    return base::Invalid(source.name + ": neither a strategic merge (" + std::string(Within(source.name, objects.error().message)) +
                         ") nor a JSON patch (" + std::string(Within(source.name, operations.error().message)) + ")");
  if (!entry.target) {
    if (operations->operations.empty()) return Transform([](ResMap&) -> Result<void> { return {}; });
    return base::Invalid(source.name + ": a JSON patch needs a target");
  }
  return JsonTransform(std::move(*operations), *entry.target, true, context);
}

Result<Transform> StrategicMergeStep(const std::vector<Entry>& items, std::string_view more, const Where& where, const Loader& loader,
                                     const Context& context) {
  auto patches = std::make_shared<Patches>();
  for (const Entry& item : items) {
    auto objects = ReadInline(item, where, context);
    if (!objects) {
      TRY(const std::string text, loader.LoadNamed(item.text));
      const std::string file = loader.Describe(item.text);
      objects = ReadResources(text, {.file = file, .budget = &context.budget});
      if (!objects) return std::move(objects).error();
    }
    std::move(objects->begin(), objects->end(), std::back_inserter(*patches));
  }
  TRY(auto objects, ReadResources(more, {.file = where.place, .first = {}, .budget = &context.budget}));
  std::move(objects.begin(), objects.end(), std::back_inserter(*patches));
  if (patches->empty()) return base::Invalid("there is no patch in it");
  return Transform([patches, &context](ResMap& map) -> Result<void> {
    ErrorList errors;
    for (const auto& patch : *patches) {
      auto target = OnlyMatch(map, *patch);
      errors.Check("", target ? MergeSelected(map, {*target}, *patch, context) : target.error());
    }
    return std::move(errors).Finish();
  });
}

Result<Transform> Json6902Step(const PatchEntry& entry, const Where& where, const Loader& loader, const Context& context) {
  if (!entry.target || entry.target->name.empty()) return base::Invalid("a JSON patch needs a target with a name");
  TRY(const Source source, LoadSource(entry, where, loader, Blanks::Keep));
  auto operations = ParseJsonPatch(source.text);
  if (!operations) return std::move(operations).error().Wrap(source.name);
  if (operations->operations.empty()) return base::Invalid(source.name + ": there is no operation in it");
  return JsonTransform(std::move(*operations), *entry.target, false, context);
}

}  // namespace sluice::kustomize
