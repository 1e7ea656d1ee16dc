// sources/git/held_commits.h: the list of commits whose trees a cache folder holds whole, as kept in its file `commits`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sources {

struct HeldCommit {
  std::string commit;
  std::string tag_object;  ///< held too; "" if none
  std::string ref_name;    ///< as which it was fetched; "" if by its id alone

  friend bool operator==(const HeldCommit&, const HeldCommit&) = default;
};

/// Most recently used first.
using HeldCommits = std::vector<HeldCommit>;

/// Reads `folder`'s list. NotFound: none was ever written. Invalid: damaged.
base::Result<HeldCommits> ReadHeldCommits(const std::string& folder);

/// Replaces the list, whole or not at all, and tells Git's own tools the same in `shallow` and `packed-refs`. Unavailable: the disk.
base::Result<void> WriteHeldCommits(const std::string& folder, const HeldCommits& held);

/// Puts `commit` first (with the tag object it was known by, unless it brings one); of more than `max` the last go.
void Remember(HeldCommits& held, HeldCommit commit, std::size_t max);

}  // namespace sluice::sources
