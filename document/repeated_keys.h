// document/repeated_keys.h: keys that a mapping was given more than once; both parsers ask.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "document/value.h"

namespace sluice::document {

/// A member whose key a member before it has already.
struct RepeatedKey {
  std::size_t first;  ///< index of the first member with that key
  std::size_t again;  ///< index of this one
};

/// All of them, in the order of `again`. Small mappings are compared pair by pair, larger ones sorted, so that no choice of keys is slow.
std::vector<RepeatedKey> RepeatedKeys(std::span<const Member> members);

/// `mapping key "a" already defined at line 3`, in go-yaml's words; the place is the key_mark of `members[repeated.again]`.
std::string DescribeRepeated(std::span<const Member> members, RepeatedKey repeated);

/// Keeps the first member of every key and gives it the last value. `repeated` is what RepeatedKeys() said of `members` from `offset` on.
void LetLastWin(std::vector<Member>& members, std::size_t offset, std::span<const RepeatedKey> repeated);

}  // namespace sluice::document
