// The idea: walk down `target`, with the nodes of `original` and `live` at the same place beside it. Maps are merged member by member; of a keyed list each item
// is such a map. The order of a keyed list is the live one as long as it agrees with the target's, so that nothing is sent for an order that
// the server keeps anyway.
#include "document/three_way_merge.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sluice::document {
namespace {

const Value& Null() {
  static const Value kNull;
  return kNull;
}

const Value& Member(const Value& map, std::string_view key) {
  const Value* value = map.Find(key);
  return value == nullptr ? Null() : *value;
}

class Merger {
 public:
  Value Merge(const Value& original, const Value& target, const Value& live, const std::optional<MergeRules>& rules,
              std::string_view field) {
    if (target.IsMapping()) return MergeMaps(original, target, live, rules, field);
    if (target.IsSequence() && live.IsSequence() && rules && rules->rule() == MergeRule::Merge)
      return rules->key().empty() ? MergeSets(original, target, live) : MergeLists(original, target, live, *rules, field);
    return target;
  }

 private:
  Value MergeMaps(const Value& original, const Value& target, const Value& live, const std::optional<MergeRules>& rules,
                  std::string_view field) {
    if (rules && rules->rule() == MergeRule::Replace) return target;
    Value merged = live.IsMapping() ? live : Value::Mapping();
    if (Retains(target, live, field)) DropOthers(target, merged);
    for (const document::Member& member : original.members())
      if (Member(target, member.key).IsNull()) merged.Erase(member.key);
    for (const document::Member& member : target.members()) {
      if (member.value.IsNull()) {
        merged.Erase(member.key);
        continue;
      }
      std::optional<MergeRules> below;
      if (rules) below = rules->Below(member.key);
      merged.Set(member.key, Merge(Member(original, member.key), member.value, Member(live, member.key), below, member.key));
    }
    return merged;
  }

  /// Unions (`retainKeys` in Kubernetes' types): the strategy of a Deployment, a volume. Another choice takes the fields of the one before it away.
  static bool Retains(const Value& target, const Value& live, std::string_view field) {
    if (field == "strategy") return Member(target, "type") != Member(live, "type") && !Member(target, "type").IsNull();
    if (field != "volumes") return false;
    return std::any_of(target.members().begin(), target.members().end(),
                       [&](const document::Member& member) { return Member(live, member.key).IsNull(); });
  }
  static void DropOthers(const Value& target, Value& merged) {
    std::erase_if(merged.mutable_members(), [&](const document::Member& member) { return target.Find(member.key) == nullptr; });
  }

  static bool Holds(std::span<const Value> items, const Value& item) { return std::find(items.begin(), items.end(), item) != items.end(); }

  static Value MergeSets(const Value& original, const Value& target, const Value& live) {
    std::vector<Value> merged;
    for (const Value& item : live.items())
      if (Holds(target.items(), item) || !Holds(original.items(), item)) merged.push_back(item);
    for (const Value& item : target.items())
      if (!Holds(merged, item)) merged.push_back(item);
    return Value::Sequence(std::move(merged));
  }

  static const Value* FindItem(const Value& list, std::string_view key, const Value& value) {
    for (const Value& item : list.items())
      if (const Value* found = item.Find(key); found != nullptr && *found == value) return &item;
    return nullptr;
  }

  /// Whether the items that both have stand in `live` in the order in which `target` has them.
  static bool SameOrder(const Value& target, const Value& live, std::string_view key) {
    std::size_t next = 0;
    const std::span<const Value> wanted = target.items();
    for (const Value& item : live.items()) {
      if (FindItem(target, key, Member(item, key)) == nullptr) continue;
      while (next < wanted.size() && FindItem(live, key, Member(wanted[next], key)) == nullptr) ++next;
      if (next >= wanted.size() || Member(wanted[next], key) != Member(item, key)) return false;
      ++next;
    }
    return true;
  }

  Value MergeLists(const Value& original, const Value& target, const Value& live, const MergeRules& rules, std::string_view field) {
    const std::string_view key = rules.key();
    const auto merge_item = [&](const Value& wanted) {
      const Value& name = Member(wanted, key);
      const Value* before = FindItem(original, key, name);
      const Value* there = FindItem(live, key, name);
      MergeRules item_rules = rules;
      return MergeItem(before == nullptr ? Null() : *before, wanted, there == nullptr ? Null() : *there, item_rules, field);
    };
    const bool stays = [&](const Value& list) { return SameOrder(list, live, key); }(target);
    std::vector<Value> merged;
    for (const Value& item : live.items()) {
      const Value& name = Member(item, key);
      const Value* wanted = FindItem(target, key, name);
      if (wanted != nullptr && stays) merged.push_back(merge_item(*wanted));
      if (wanted == nullptr && FindItem(original, key, name) == nullptr) merged.push_back(item);
    }
    std::vector<Value> ahead;
    for (const Value& wanted : target.items())
      if (!stays || FindItem(live, key, Member(wanted, key)) == nullptr) ahead.push_back(merge_item(wanted));
    if (stays) std::swap(ahead, merged);
    ahead.insert(ahead.end(), std::make_move_iterator(merged.begin()), std::make_move_iterator(merged.end()));
    return Value::Sequence(std::move(ahead));
  }

  /// An item is a map whose members have the rules below the list's field; the list's own rule is not the item's.
  Value MergeItem(const Value& original, const Value& target, const Value& live, const MergeRules& rules, std::string_view field) {
    if (!target.IsMapping()) return target;
    Value merged = live.IsMapping() ? live : Value::Mapping();
    if (Retains(target, live, field)) DropOthers(target, merged);
    for (const document::Member& member : original.members())
      if (Member(target, member.key).IsNull()) merged.Erase(member.key);
    for (const document::Member& member : target.members()) {
      if (member.value.IsNull()) {
        merged.Erase(member.key);
        continue;
      }
      merged.Set(member.key,
                 Merge(Member(original, member.key), member.value, Member(live, member.key), rules.Below(member.key), member.key));
    }
    return merged;
  }
};

}  // namespace

Value ThreeWayMerge(const Value& original, const Value& target, const Value& live, const std::optional<MergeRules>& rules) {
  return Merger().Merge(original, target, live, rules, "");
}

}  // namespace sluice::document
