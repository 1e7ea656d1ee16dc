#include "controller/helm_repository/index_cache.h"

namespace sluice::controller::helm_repository {

IndexCache::SharedIndex IndexCache::Find(const std::string& key, const CacheMeter::Key& repository) {
  const auto at = entries_.find(key);
  meter_.Count(repository, at != entries_.end());
  if (at == entries_.end()) return nullptr;
  order_.splice(order_.begin(), order_, at->second.place);
  return at->second.index;
}

void IndexCache::Put(const std::string& key, SharedIndex index) {
  const std::size_t bytes = index->bytes();
  if (bytes > max_bytes_ || entries_.contains(key)) return;
  order_.push_front(key);
  bytes_ += bytes;
  entries_[key] = Entry{.index = std::move(index), .bytes = bytes, .place = order_.begin()};
  while (bytes_ > max_bytes_) {
    const auto oldest = entries_.find(order_.back());
    bytes_ -= oldest->second.bytes;
    entries_.erase(oldest);
    order_.pop_back();
  }
}

}  // namespace sluice::controller::helm_repository
