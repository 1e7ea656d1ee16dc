// controller/git_repository/include_links.h: which GitRepositories include which, so that a new artifact reaches exactly those that copy it. Pure bookkeeping.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "controller/work_queue.h"
#include "document/value.h"

namespace sluice::controller::git_repository {

class IncludeLinks {
 public:
  /// Notes what `object` includes now, in place of what it included before.
  void Update(const document::Value& object);
  void Remove(const Key& key);
  std::vector<Key> IncludersOf(const Key& included) const;  ///< sorted
  /// Whether `object` includes `other`, itself or through others: then news of one must not wake the other at once, or they would never rest.
  bool Reaches(const Key& object, const Key& other) const;

 private:
  std::map<Key, std::set<Key>> includes_, includers_;
};

}  // namespace sluice::controller::git_repository
