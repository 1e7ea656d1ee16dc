// document/member_index.h: members of a mapping by key, for whoever asks for many of them. Small mappings are searched as they stand, larger
// ones by a sorted list of their keys.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "document/value.h"

namespace sluice::document {

/// Refers to the members, which must stay where they are.
class MemberIndex {
 public:
  explicit MemberIndex(std::span<const Member> members) : members_(members) {
    if (members.size() <= kFew) return;
    sorted_.reserve(members.size());
    for (const Member& member : members) sorted_.push_back(&member);
    std::ranges::sort(sorted_, {}, &MemberIndex::KeyOf);
  }

  /// nullptr if absent.
  const Value* Find(std::string_view key) const {
    if (sorted_.empty()) {
      for (const Member& member : members_)
        if (member.key == key) return &member.value;
      return nullptr;
    }
    const auto found = std::ranges::lower_bound(sorted_, key, {}, &MemberIndex::KeyOf);
    return found != sorted_.end() && KeyOf(*found) == key ? &(*found)->value : nullptr;
  }

 private:
  static constexpr std::size_t kFew = 32;
  static std::string_view KeyOf(const Member* member) { return member->key; }

  std::span<const Member> members_;
  std::vector<const Member*> sorted_;
};

}  // namespace sluice::document
