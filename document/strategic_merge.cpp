// The patch is walked together with the object. `strategic_list.cpp` has the lists; here are the maps and the directives that stand in them.
#include "document/strategic_merge.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "document/strategic_list.h"

namespace sluice::document {

namespace {

using base::Result;
using strategic::Path;

constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList";
constexpr std::string_view kElementOrder = "$setElementOrder";

/// The field that a directive such as `$setElementOrder/containers` is about.
Result<std::string_view> FieldOf(std::string_view directive, const Path& path) {
  const std::size_t slash = directive.find('/');
  if (slash == std::string_view::npos || slash + 1 == directive.size())
    return path.Invalid("directive " + std::string(directive) + " names no field");
  return directive.substr(slash + 1);
}

bool IsListDirective(std::string_view key) { return key.starts_with(kDeleteFromList) || key.starts_with(kElementOrder); }

bool Contains(std::span<const Value> list, std::string_view text) {
  return std::ranges::any_of(list, [&](const Value& item) { return item.IsString() && item.text() == text; });
}

/// `$retainKeys`: members of the object that the list does not name are removed; the patch may set none of those.
Result<void> ApplyRetainKeys(Value& object, Value& patch, const Path& path) {
  const Value* found = patch.Find(kRetainKeys);
  if (found == nullptr) return {};
  const Value list = *found;
  patch.Erase(kRetainKeys);
  if (!list.IsSequence()) return path.Invalid("$retainKeys must be a list");
  for (const Member& member : patch.members()) {
    if (member.value.IsNull() || IsListDirective(member.key) || Contains(list.items(), member.key)) continue;
    return path.Invalid("the patch sets \"" + member.key + "\", which $retainKeys does not name");
  }
  std::erase_if(object.mutable_members(), [&](const Member& member) { return !Contains(list.items(), member.key); });
  return {};
}

/// One `$setElementOrder/<field>`: merges the list, if there is one, and puts it into that order. Takes both out of the patch.
Result<void> ApplyElementOrder(Value& object, Value& patch, const std::string& directive, const MergeRules& rules, const Path& path) {
  const Value order = *patch.Find(directive);
  patch.Erase(directive);
  TRY(const std::string_view field, FieldOf(directive, path));
  const Path below = path.Below(field);
  Value* original = object.Find(field);
  const Value* change = patch.Find(field);
  if (!order.IsSequence()) return below.Invalid("$setElementOrder must be a list");
  if ((original != nullptr && !original->IsSequence()) || (change != nullptr && !change->IsSequence()))
    return below.Invalid("$setElementOrder stands beside what is no list");
  const MergeRules list_rules = rules.Below(field);
  TRY(strategic::CheckElementOrder(change != nullptr ? change->items() : std::span<const Value>(), order.items(), list_rules, below));
  if (original == nullptr && change == nullptr) return {};
  TRY(Value merged, strategic::MergeInOrder(original, change, order, list_rules, below));
  object.Set(field, std::move(merged));
  patch.Erase(field);
  return {};
}

Result<void> ApplyElementOrders(Value& object, Value& patch, const MergeRules& rules, const Path& path) {
  std::vector<std::string> directives;
  for (const Member& member : patch.members())
    if (member.key.starts_with(kElementOrder)) directives.push_back(member.key);
  for (const std::string& directive : directives) TRY(ApplyElementOrder(object, patch, directive, rules, path));
  return {};
}

/// `$patch` in a map: the whole map is replaced by the rest of the patch, or emptied. False if there is no such directive.
Result<bool> ApplyMapDirective(Value& object, Value& patch, const Path& path) {
  const Value* directive = patch.Find(strategic::kPatchDirective);
  if (directive == nullptr) return false;
  if (directive->IsString() && directive->text() == "replace") {
    patch.Erase(strategic::kPatchDirective);
    object = std::move(patch);
    return true;
  }
  if (directive->IsString() && directive->text() == "delete") {
    object = Value::Mapping();
    return true;
  }
  return path.Invalid("unknown $patch: " + std::string(directive->text()));
}

void SetFresh(Value& object, std::string_view field, Value value) {
  if (strategic::CleanFresh(value)) {
    object.Set(field, std::move(value));
  } else {
    object.Erase(field);
  }
}

Result<void> DeleteFromList(Value& object, std::string_view directive, const Value& change, const Path& path) {
  TRY(const std::string_view field, FieldOf(directive, path));
  if (change.IsNull()) {
    object.Erase(field);
    return {};
  }
  Value* original = object.Find(field);
  if (original == nullptr || original->kind() != change.kind()) return {};
  if (!change.IsSequence()) return path.Below(field).Invalid("$deleteFromPrimitiveList must be a list");
  TRY(strategic::CheckElements({original->items(), change.items()}, path.Below(field)));
  std::erase_if(original->mutable_items(),
                [&](const Value& item) { return std::ranges::find(change.items(), item) != change.items().end(); });
  return {};
}

Result<void> MergeMember(Value& object, Member& change, const MergeRules& rules, const Path& path) {
  if (change.key.starts_with(kDeleteFromList)) return DeleteFromList(object, change.key, change.value, path);
  if (change.value.IsNull()) {
    object.Erase(change.key);
    return {};
  }
  Value* original = object.Find(change.key);
  if (original == nullptr || original->kind() != change.value.kind() || original->IsScalar()) {
    SetFresh(object, change.key, std::move(change.value));
    return {};
  }
  const MergeRules below = rules.Below(change.key);
  if (original->IsMapping()) {
    if (below.rule() != MergeRule::Replace) return strategic::MergeMap(*original, std::move(change.value), below, path.Below(change.key));
    *original = std::move(change.value);
    return {};
  }
  TRY(*original, strategic::MergeList(*original, std::move(change.value), below, path.Below(change.key)));
  return {};
}

}  // namespace

namespace strategic {

Result<void> MergeMap(Value& object, Value patch, const MergeRules& rules, const Path& path) {
  TRY(const bool done, ApplyMapDirective(object, patch, path));
  if (done) return {};
  TRY(ApplyRetainKeys(object, patch, path));
  TRY(ApplyElementOrders(object, patch, rules, path));
  for (Member& change : patch.mutable_members()) TRY(MergeMember(object, change, rules, path));
  return {};
}

bool CleanFresh(Value& value) {
  if (value.IsSequence()) {
    std::erase_if(value.mutable_items(), [](Value& item) { return !CleanFresh(item); });
  } else if (value.IsMapping()) {
    if (value.Find(kPatchDirective) != nullptr) return false;
    std::erase_if(value.mutable_members(), [](Member& member) {
      const bool directive = member.key == kRetainKeys || IsListDirective(member.key);
      return member.value.IsNull() || directive || !CleanFresh(member.value);
    });
  }
  return true;
}

}  // namespace strategic

Result<void> ApplyStrategicMerge(Value& target, const Value& patch, const MergeRules& rules) {
  if (!target.IsMapping() || !patch.IsMapping()) return base::Invalid("a strategic merge patch needs a mapping on both sides");
  Value merged = target;
  TRY(strategic::MergeMap(merged, patch, rules, Path()));
  target = std::move(merged);
  return {};
}

Result<void> ApplyStrategicMerge(Value& object, const Value& patch) {
  const GroupVersionKind gvk = GvkOf(object);
  const auto rules = MergeRules::Of(gvk);
  if (!rules)
    return base::MakeError(base::Reason::Unsupported,
                           "strategic merge patches of " + gvk.ApiVersion() + " " + gvk.kind + " are not supported");
  return ApplyStrategicMerge(object, patch, *rules);
}

}  // namespace sluice::document
