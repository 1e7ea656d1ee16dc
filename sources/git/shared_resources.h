// sources/git/shared_resources.h: what all repositories of one cache share, so that a thousand of them need no more memory and descriptors than ten:
// trees read lately, handles and connections that wait for their next user, and turns at what computes. Thread-safe.
#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "sources/git/objects.h"
#include "sources/git/turns.h"

namespace sluice::sources {

/// Trees by their id, the least recently used going first once they take more than `max_bytes`. An id is a hash, so a tree is the same in every repository.
class TreeCache {
 public:
  explicit TreeCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  std::shared_ptr<const Tree> Find(const ObjectId& id);  ///< nullptr if absent
  void Put(const ObjectId& id, std::shared_ptr<const Tree> tree);

 private:
  struct Entry {
    std::shared_ptr<const Tree> tree;
    std::list<ObjectId>::iterator place;
  };
  const std::size_t max_bytes_;
  base::Mutex mutex_;
  std::map<ObjectId, Entry> trees_ GUARDED_BY(mutex_);
  std::list<ObjectId> order_ GUARDED_BY(mutex_);  // most recently used first
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

/// Things that are dear to make and belong to one user at a time: database handles, connections. At most `max` wait, and two of one key (a host that many asked at
/// once is asked by few next time), each for at most `max_age`.
class IdlePool {
 public:
  using Thing = std::shared_ptr<void>;  ///< with the deleter that closes it
  IdlePool(std::size_t max, std::chrono::seconds max_age) : max_(max), max_age_(max_age) {}
  Thing Take(const std::string& key);  ///< the most recent one of that key; nullptr if none waits
  void Give(const std::string& key, Thing thing);
  void Drop(const std::string& key);  ///< all of that key

 private:
  struct Waiting {
    std::string key;
    Thing thing;
    std::chrono::steady_clock::time_point since;
  };
  static constexpr std::size_t kOfOneKey = 2;
  std::list<Waiting> TakeOld() REQUIRES(mutex_);
  const std::size_t max_;
  const std::chrono::seconds max_age_;
  base::Mutex mutex_;
  std::list<Waiting> waiting_ GUARDED_BY(mutex_);  // most recent first
};

struct SharedResources {
  explicit SharedResources(std::size_t max_indexing = 2) : indexing(max_indexing) {}
  TreeCache trees{16u << 20};
  IdlePool databases{16, std::chrono::hours(1)};
  IdlePool connections{16, std::chrono::seconds(90)};
  Turns indexing;
};

}  // namespace sluice::sources
