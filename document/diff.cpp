#include "document/diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "document/member_index.h"
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
    const MemberIndex before(from.members()), after(to.members());
    for (const Member& member : to.members()) ComparePair(before.Find(member.key), &member.value, below(member.key));
    for (const Member& member : from.members())
      if (after.Find(member.key) == nullptr) ComparePair(&member.value, nullptr, below(member.key));
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

  using ByName = std::map<std::string_view, const Value*>;

  ByName IndexByName(const Value& list) const {
    ByName out;
    for (const Value& item : list.items()) out.emplace(*NameOf(item), &item);
    return out;
  }

  void CompareNamed(const Value& from, const Value& to, const std::string& pointer) {
    const ByName before = IndexByName(from), after = IndexByName(to);
    const auto find = [this](const ByName& index, const Value& item) {
      const auto found = index.find(*NameOf(item));
      return found == index.end() ? nullptr : found->second;
    };
    std::size_t i = 0;
    for (const Value& item : to.items()) ComparePair(find(before, item), &item, pointer + "/" + std::to_string(i++));
    i = 0;
    for (const Value& item : from.items()) {
      if (find(after, item) == nullptr) ComparePair(&item, nullptr, pointer + "/" + std::to_string(i));
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
