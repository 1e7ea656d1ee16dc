// Lists under a strategic merge patch. An item is known by its merge key, a scalar by itself ("identity" below).
//
// Merging keeps three orders in mind: items that the patch names stand in the patch's order (or in that of `$setElementOrder`), items that only
// the object has stand in the object's order, and both are interleaved so that an item of the object stays in front of the next item that
// stood behind it before.
#include "document/strategic_list.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::document::strategic {

namespace {

using base::Result;

/// What tells an item from the others: the value of its merge key, or the item itself. nullptr for a map without the key.
const Value* IdentityOf(const Value& item, std::string_view key) { return item.IsMapping() ? item.Find(key) : &item; }

/// Position of the item of `list` with the identity of `item`, -1 if there is none.
std::ptrdiff_t IndexOf(std::span<const Value> list, const Value& item, std::string_view key) {
  const Value* wanted = IdentityOf(item, key);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value* identity = IdentityOf(list[i], key);
    const bool same = wanted == nullptr || identity == nullptr ? wanted == identity : *wanted == *identity;
    if (same) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

bool IsDeletion(const Value& item) {
  const Value* directive = item.Find(kPatchDirective);
  return directive != nullptr && directive->IsString() && directive->text() == "delete";
}

Result<void> CheckKeys(std::span<const Value> list, std::string_view key, const Path& path) {
  for (const Value& item : list)
    if (item.IsMapping() && item.Find(key) == nullptr) return path.Invalid("an item has no merge key \"" + std::string(key) + "\"");
  return {};
}

/// Sorts `items` by their position in `order`; those that are not in it keep their place.
void SortBy(std::vector<Value>& items, std::span<const Value> order, std::string_view key) {
  std::vector<std::size_t> places;
  std::vector<std::pair<std::ptrdiff_t, Value>> ranked;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::ptrdiff_t index = IndexOf(order, items[i], key);
    if (index < 0) continue;
    places.push_back(i);
    ranked.emplace_back(index, std::move(items[i]));
  }
  std::ranges::sort(ranked, {}, [](const auto& entry) { return entry.first; });
  for (std::size_t i = 0; i < places.size(); ++i) items[places[i]] = std::move(ranked[i].second);
}

/// Puts `theirs` between `ours`: before the first that stood behind it in `order`, else at the end.
Value Interleave(std::vector<Value> theirs, std::vector<Value> ours, std::span<const Value> order, std::string_view key) {
  std::vector<Value> out;
  out.reserve(theirs.size() + ours.size());
  std::size_t i = 0, j = 0;
  while (i < theirs.size() && j < ours.size()) {
    const std::ptrdiff_t left = IndexOf(order, theirs[i], key), right = IndexOf(order, ours[j], key);
    const bool their_turn = left >= 0 && right >= 0 && left < right;
    out.push_back(std::move(their_turn ? theirs[i++] : ours[j++]));
  }
  std::move(theirs.begin() + static_cast<std::ptrdiff_t>(i), theirs.end(), std::back_inserter(out));
  std::move(ours.begin() + static_cast<std::ptrdiff_t>(j), ours.end(), std::back_inserter(out));
  return Value::Sequence(std::move(out));
}

/// Splits `merged` into what `wanted` names and what it does not, sorts both, and joins them.
Value Order(std::vector<Value> merged, std::span<const Value> wanted, std::span<const Value> original, std::string_view key) {
  std::vector<Value> ours, theirs;
  for (Value& item : merged) {
    auto& side = IndexOf(wanted, item, key) >= 0 ? ours : theirs;
    side.push_back(std::move(item));
  }
  SortBy(ours, wanted, key);
  SortBy(theirs, original, key);
  return Interleave(std::move(theirs), std::move(ours), original, key);
}

/// The union of two lists of scalars, each once.
std::vector<Value> Union(std::span<const Value> original, std::span<const Value> patch) {
  std::vector<Value> out;
  for (const auto list : {original, patch})
    for (const Value& item : list)
      if (std::ranges::find(out, item) == out.end()) out.push_back(item);
  return out;
}

/// A patch of a list of maps with its directives carried out.
struct Split {
  std::vector<Value> original;
  std::vector<Value> patch;
};

Result<Split> CarryOutDirectives(std::span<const Value> original, Value patch, std::string_view key, const Path& path) {
  Split out{.original = {original.begin(), original.end()}, .patch = {}};
  bool replace = false;
  for (Value& item : patch.mutable_items()) {
    const Value* directive = item.Find(kPatchDirective);
    if (directive == nullptr) {
      out.patch.push_back(std::move(item));
    } else if (IsDeletion(item)) {
      if (item.Find(key) == nullptr) return path.Invalid("$patch: delete without the merge key \"" + std::string(key) + "\"");
      std::erase_if(out.original, [&](const Value& old) { return IndexOf({&old, 1}, item, key) == 0; });
    } else if (directive->IsString() && directive->text() == "replace") {
      replace = true;
    } else {
      return path.Invalid("unknown $patch of an item: " + std::string(directive->text()));
    }
  }
  if (replace) return Split{.original = std::move(out.patch), .patch = {}};
  return out;
}

/// Merges each item of the patch into the item with its key, or appends it.
Result<std::vector<Value>> MergeItems(std::vector<Value> items, std::span<const Value> patch, const MergeRules& rules, const Path& path) {
  for (const Value& change : patch) {
    const std::ptrdiff_t index = IndexOf(items, change, rules.key());
    if (index < 0) {
      items.push_back(change);
      CleanFresh(items.back());
    } else {
      TRY(MergeMap(items[static_cast<std::size_t>(index)], change, rules, path));
    }
  }
  return items;
}

Result<Value> MergeMaps(const Value& original, Value patch, const MergeRules& rules, const Path& path) {
  const std::string_view key = rules.key();
  if (key.empty()) return path.Invalid("a list of maps without a merge key cannot be merged");
  TRY(Split split, CarryOutDirectives(original.items(), std::move(patch), key, path));
  TRY(CheckKeys(split.original, key, path));
  TRY(CheckKeys(split.patch, key, path));
  TRY(std::vector<Value> merged, MergeItems(split.original, split.patch, rules, path));
  return Order(std::move(merged), split.patch, split.original, key);
}

}  // namespace

Result<void> CheckElements(std::initializer_list<std::span<const Value>> lists, const Path& path) {
  const Value* first = nullptr;
  for (const auto list : lists) {
    for (const Value& item : list) {
      if (item.IsSequence()) return path.Invalid("lists of lists cannot be merged");
      if (first == nullptr) first = &item;
      if (item.kind() != first->kind()) return path.Invalid("the items of a list that is merged must be of one kind");
    }
  }
  return {};
}

Result<void> CheckElementOrder(std::span<const Value> patch, std::span<const Value> order, const MergeRules& rules, const Path& path) {
  if (patch.empty() || order.empty()) return {};
  TRY(CheckElements({patch, order}, path));
  std::size_t at = 0;
  for (const Value& item : patch) {
    if (item.Find(kPatchDirective) != nullptr) continue;
    const std::ptrdiff_t found = IndexOf(order.subspan(at), item, rules.key());
    if (found < 0) return path.Invalid("the order of the items is not that of $setElementOrder");
    at += static_cast<std::size_t>(found) + 1;
  }
  return {};
}

Result<Value> MergeList(const Value& original, Value patch, const MergeRules& rules, const Path& path) {
  if (rules.rule() != MergeRule::Merge) return patch;
  if (original.empty() && patch.empty()) return original;
  TRY(CheckElements({original.items(), patch.items()}, path));
  const Value& sample = original.empty() ? patch.items()[0] : original.items()[0];
  if (sample.IsMapping()) return MergeMaps(original, std::move(patch), rules, path);
  return Order(Union(original.items(), patch.items()), patch.items(), original.items(), {});
}

Result<Value> MergeInOrder(const Value* original, const Value* patch, const Value& order, const MergeRules& rules, const Path& path) {
  const Value nothing = Value::Sequence();
  const Value& before = original != nullptr ? *original : nothing;
  Value merged = before;
  if (original == nullptr) {
    merged = *patch;
    CleanFresh(merged);
  } else if (patch != nullptr) {
    TRY(merged, MergeList(before, *patch, rules, path));
  }
  TRY(CheckElements({merged.items(), order.items()}, path));
  TRY(CheckKeys(merged.items(), rules.key(), path));
  TRY(CheckKeys(order.items(), rules.key(), path));
  return Order(std::move(merged.mutable_items()), order.items(), before.items(), rules.key());
}

}  // namespace sluice::document::strategic
