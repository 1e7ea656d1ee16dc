#include "document/repeated_keys.h"

#include <algorithm>
#include <utility>

namespace sluice::document {

namespace {

constexpr std::size_t kFewKeys = 16;

bool AnyRepeated(std::span<const Member> members) {
  for (std::size_t i = 1; i < members.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (members[i].key == members[j].key) return true;
  return false;
}

}  // namespace

std::vector<RepeatedKey> RepeatedKeys(std::span<const Member> members) {
  if (members.size() <= kFewKeys && !AnyRepeated(members)) return {};
  std::vector<std::pair<std::string_view, std::size_t>> order;
  order.reserve(members.size());
  for (const Member& member : members) order.emplace_back(member.key, order.size());
  std::ranges::sort(order);
  std::vector<RepeatedKey> out;
  for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
    if (order[i].first == order[first].first) {
      out.push_back({.first = order[first].second, .again = order[i].second});
    } else {
      first = i;
    }
  }
  std::ranges::sort(out, {}, &RepeatedKey::again);
  return out;
}

std::string DescribeRepeated(std::span<const Member> members, RepeatedKey repeated) {
  return "mapping key \"" + members[repeated.again].key + "\" already defined at line " +
         std::to_string(members[repeated.first].key_mark.line);
}

void LetLastWin(std::vector<Member>& members, std::size_t offset, std::span<const RepeatedKey> repeated) {
  if (repeated.empty()) return;
  std::vector<bool> drop(members.size());
  for (const RepeatedKey& pair : repeated) {
    members[offset + pair.first].value = std::move(members[offset + pair.again].value);
    drop[offset + pair.again] = true;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (drop[i]) continue;
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.resize(kept);
}

}  // namespace sluice::document
