#include "sources/git/shared_resources.h"

#include <algorithm>
#include <utility>

namespace sluice::sources {

std::shared_ptr<const Tree> TreeCache::Find(const ObjectId& id) {
  const base::MutexLock lock(mutex_);
  const auto it = trees_.find(id);
  if (it == trees_.end()) return nullptr;
  order_.splice(order_.begin(), order_, it->second.place);
  return it->second.tree;
}

void TreeCache::Put(const ObjectId& id, std::shared_ptr<const Tree> tree) {
  const base::MutexLock lock(mutex_);
  if (trees_.contains(id)) return;
  bytes_ += tree->bytes();
  order_.push_front(id);
  trees_.emplace(id, Entry{std::move(tree), order_.begin()});
  while (bytes_ > max_bytes_ && trees_.size() > 1) {
    const auto oldest = trees_.find(order_.back());
    bytes_ -= oldest->second.tree->bytes();
    trees_.erase(oldest);
    order_.pop_back();
  }
}

/// What waits too long or is too many. The caller lets it go without the lock: closing may take a while.
std::list<IdlePool::Waiting> IdlePool::TakeOld() {
  std::list<Waiting> old;
  const auto now = std::chrono::steady_clock::now();
  while (!waiting_.empty() && (waiting_.size() > max_ || now - waiting_.back().since > max_age_))
    old.splice(old.begin(), waiting_, std::prev(waiting_.end()));
  return old;
}

IdlePool::Thing IdlePool::Take(const std::string& key) {
  std::list<Waiting> old;
  const base::MutexLock lock(mutex_);
  old = TakeOld();
  const auto it = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return w.key == key; });
  if (it == waiting_.end()) return nullptr;
  Thing thing = std::move(it->thing);
  waiting_.erase(it);
  return thing;
}

void IdlePool::Give(const std::string& key, Thing thing) {
  std::list<Waiting> old;
  const base::MutexLock lock(mutex_);
  waiting_.push_front({key, std::move(thing), std::chrono::steady_clock::now()});
  old = TakeOld();
  std::size_t same = 0;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto next = std::next(it);
    if (it->key == key && ++same > kOfOneKey) old.splice(old.begin(), waiting_, it);
    it = next;
  }
}

void IdlePool::Drop(const std::string& key) {
  std::list<Waiting> dropped;
  const base::MutexLock lock(mutex_);
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto next = std::next(it);
    if (it->key == key) dropped.splice(dropped.end(), waiting_, it);
    it = next;
  }
}

}  // namespace sluice::sources
