#include "rollout/takeover.h"

#include <algorithm>

#include "document/pointer.h"

namespace sluice::rollout {

namespace {

using document::Member;
using document::Value;

constexpr std::string_view kAnnotations[] = {"kubectl.kubernetes.io/last-applied-configuration", "kustomize.toolkit.fluxcd.io/checksum",
                                             "fluxcd.io/sync-checksum"};
constexpr std::string_view kLabels[] = {"fluxcd.io/sync-gc-mark"};
constexpr int kMaxDepth = 256;  // of a fieldsV1 tree; the server nests no deeper than the object

bool IsOwnEntry(const Value& entry, const TakeoverRules& rules) {
  return entry.StringAt({"manager"}) == rules.manager && entry.StringAt({"operation"}) == "Apply" &&
         entry.StringAt({"subresource"}).empty();
}

bool IsLeftover(const Value& entry, const TakeoverRules& rules) {
  if (!entry.StringAt({"subresource"}).empty()) return false;
  const std::string_view manager = entry.StringAt({"manager"});
  const std::string_view operation = entry.StringAt({"operation"});
  const bool updates = operation == "Update";
  if (!updates && operation != "Apply") return false;
  if (manager.starts_with("kubectl")) return true;
  if (updates && (manager.starts_with("before-first-apply") || manager.starts_with(rules.manager))) return true;
  if (IsOwnEntry(entry, rules)) return false;
  return std::any_of(rules.overridden.begin(), rules.overridden.end(),
                     [&](const std::string& prefix) { return !prefix.empty() && manager.starts_with(prefix); });
}

std::span<const Value> EntriesOf(const Value& live) {
  const Value* entries = live.At({"metadata", "managedFields"});
  return entries == nullptr ? std::span<const Value>() : entries->items();
}

/// Annotations and labels that are in what we apply ourselves stay: they would come back with every apply.
bool IsOurs(const Value& live, std::string_view map, std::string_view key, const TakeoverRules& rules) {
  const std::string within = "f:" + std::string(map), field = "f:" + std::string(key);
  const std::span<const Value> entries = EntriesOf(live);
  return std::any_of(entries.begin(), entries.end(), [&](const Value& entry) {
    return IsOwnEntry(entry, rules) && entry.At({"fieldsV1", "f:metadata", within, field}) != nullptr;
  });
}

bool HasMember(const Value* map, std::string_view key) { return map != nullptr && map->Find(key) != nullptr; }

Value Operation(std::string_view op, std::string path) {
  Value operation = Value::Mapping();
  operation.Set("op", op);
  operation.Set("path", std::move(path));
  return operation;
}

Value Replacing(std::string path, Value value) {
  Value operation = Operation("replace", std::move(path));
  operation.Set("value", std::move(value));
  return operation;
}

std::vector<std::string_view> LeftIn(const Value& live, std::string_view map, std::span<const std::string_view> keys,
                                     const TakeoverRules& rules) {
  std::vector<std::string_view> left;
  const Value* members = live.At({"metadata", map});
  for (const std::string_view key : keys) {
    if (HasMember(members, key) && !IsOurs(live, map, key, rules)) left.push_back(key);
  }
  return left;
}

void AddRemovals(const Value& live, std::string_view map, std::span<const std::string_view> keys, const TakeoverRules& rules,
                 Value& patch) {
  for (const std::string_view key : LeftIn(live, map, keys, rules)) {
    patch.Append(Operation("remove", "/metadata/" + std::string(map) + "/" + document::EscapePointerToken(key)));
  }
}

// The same version that was looked at: others write managedFields all the time, and what they wrote since must not be lost.
void AddCondition(const Value& live, Value& patch) {
  patch.Append(Replacing("/metadata/resourceVersion", Value(live.StringAt({"metadata", "resourceVersion"}))));
}

// A node without children is a field that is owned; with children it says so by a child named "." .
void Merge(Value& into, const Value& from, int depth) {
  if (depth > kMaxDepth || !into.IsMapping() || !from.IsMapping()) return;
  if (into.empty() != from.empty()) into.Set(".", Value::Mapping());
  for (const Member& member : from.members()) {
    Value* known = into.Find(member.key);
    if (known == nullptr) {
      into.Set(member.key, member.value);
    } else if (member.key != ".") {
      Merge(*known, member.value, depth + 1);
    }
  }
}

// All entries, with those left over merged into ours at the end; nullopt if none is left over.
std::optional<Value> TakenOver(const Value& live, const TakeoverRules& rules) {
  std::optional<Value> own;
  std::vector<Value> others;
  bool edited = false;
  for (const Value& entry : EntriesOf(live)) {
    if (IsOwnEntry(entry, rules)) own = entry;
  }
  for (const Value& entry : EntriesOf(live)) {
    if (IsOwnEntry(entry, rules)) continue;
    if (!IsLeftover(entry, rules)) {
      others.push_back(entry);
      continue;
    }
    edited = true;
    if (!own) {
      own = entry;
      own->Set("manager", rules.manager);
      own->Set("operation", "Apply");
    } else if (const Value* fields = entry.Find("fieldsV1")) {
      const Value* ours = own->Find("fieldsV1");
      own->Set("fieldsV1", ours == nullptr ? *fields : UnionOfFields(*ours, *fields));
    }
  }
  if (!edited) return std::nullopt;
  others.push_back(std::move(*own));
  return Value::Sequence(std::move(others));
}

}  // namespace

document::Value UnionOfFields(const Value& left, const Value& right) {
  Value both = left;
  Merge(both, right, 0);
  both.Erase(".");  // the object itself is nobody's field
  return both;
}

bool HasLeftovers(const Value& live, const TakeoverRules& rules) {
  const std::span<const Value> entries = EntriesOf(live);
  if (std::any_of(entries.begin(), entries.end(), [&](const Value& entry) { return IsLeftover(entry, rules); })) return true;
  return !LeftIn(live, "annotations", kAnnotations, rules).empty() || !LeftIn(live, "labels", kLabels, rules).empty();
}

std::optional<Value> TakeoverPatch(const Value& live, const TakeoverRules& rules) {
  if (!HasLeftovers(live, rules)) return std::nullopt;
  Value patch = Value::Sequence();
  AddCondition(live, patch);
  AddRemovals(live, "annotations", kAnnotations, rules, patch);
  AddRemovals(live, "labels", kLabels, rules, patch);
  if (std::optional<Value> entries = TakenOver(live, rules)) patch.Append(Replacing("/metadata/managedFields", std::move(*entries)));
  return patch;
}

std::optional<Value> MigrationPatch(const Value& live, std::string_view api_version) {
  std::vector<Value> entries;
  bool changed = false;
  for (const Value& entry : EntriesOf(live)) {
    entries.push_back(entry);
    if (entry.StringAt({"apiVersion"}) == api_version) continue;
    entries.back().Set("apiVersion", api_version);
    changed = true;
  }
  if (!changed) return std::nullopt;
  Value patch = Value::Sequence();
  AddCondition(live, patch);
  patch.Append(Replacing("/metadata/managedFields", Value::Sequence(std::move(entries))));
  return patch;
}

}  // namespace sluice::rollout
