#include "document/diff.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "document/pointer.h"

namespace sluice::document {

namespace {

class Differ {
 public:
  explicit Differ(const DiffOptions& options) : options_(options) {}

  void Compare(const Value& from, const Value& to, const std::string& pointer) {
    if (from.IsMapping() && to.IsMapping()) {
      CompareMappings(from, to, pointer);
    } else if (from.IsSequence() && to.IsSequence()) {
      CompareSequences(from, to, pointer);
    } else if (!(from == to)) {
      Report(Change::Type::Changed, pointer, &from, &to);
    }
  }

  std::vector<Change> Take() { return std::move(changes_); }

 private:
  void Report(Change::Type type, std::string pointer, const Value* from, const Value* to) {
    changes_.push_back(Change{.type = type, .pointer = std::move(pointer), .from = from, .to = to});
  }

  void ComparePair(const Value* from, const Value* to, std::string pointer) {
    if (from == nullptr) {
      Report(Change::Type::Added, std::move(pointer), nullptr, to);
    } else if (to == nullptr) {
      Report(Change::Type::Removed, std::move(pointer), from, nullptr);
    } else {
      Compare(*from, *to, pointer);
    }
  }

  void CompareMappings(const Value& from, const Value& to, const std::string& pointer) {
    const auto below = [&](const std::string& key) { return pointer + "/" + EscapePointerToken(key); };
    for (const Member& member : to.members()) ComparePair(from.Find(member.key), &member.value, below(member.key));
    for (const Member& member : from.members())
      if (to.Find(member.key) == nullptr) ComparePair(&member.value, nullptr, below(member.key));
  }

  void CompareSequences(const Value& from, const Value& to, const std::string& pointer) {
    const auto below = [&](std::size_t i) { return pointer + "/" + std::to_string(i); };
    if (HasNames(from) && HasNames(to)) return CompareNamed(from, to, pointer);
    const auto a = from.items(), b = to.items();
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
      ComparePair(i < a.size() ? &a[i] : nullptr, i < b.size() ? &b[i] : nullptr, below(i));
  }

  std::optional<std::string_view> NameOf(const Value& item) const {
    const Value* name = item.Find(options_.match_items_by);
    return name != nullptr ? name->AsString() : std::nullopt;
  }

  bool HasNames(const Value& list) const {
    if (options_.match_items_by.empty()) return false;
    std::set<std::string_view> seen;
    return std::ranges::all_of(list.items(), [&](const Value& item) {
      const auto name = NameOf(item);
      return name && seen.insert(*name).second;
    });
  }

  const Value* FindNamed(const Value& list, std::string_view name) const {
    const auto found = std::ranges::find_if(list.items(), [&](const Value& item) { return NameOf(item) == name; });
    return found == list.items().end() ? nullptr : &*found;
  }

  void CompareNamed(const Value& from, const Value& to, const std::string& pointer) {
    std::size_t i = 0;
    for (const Value& item : to.items()) ComparePair(FindNamed(from, *NameOf(item)), &item, pointer + "/" + std::to_string(i++));
    i = 0;
    for (const Value& item : from.items()) {
      if (FindNamed(to, *NameOf(item)) == nullptr) ComparePair(&item, nullptr, pointer + "/" + std::to_string(i));
      ++i;
    }
  }

  const DiffOptions& options_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> Diff(const Value& from, const Value& to, const DiffOptions& options) {
  Differ differ(options);
  differ.Compare(from, to, "");
  return differ.Take();
}

}  // namespace sluice::document
