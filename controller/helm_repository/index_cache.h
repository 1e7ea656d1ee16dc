// controller/helm_repository/index_cache.h: indexes that were read lately, for the many charts that are looked up in one. Belongs to the I/O thread; the indexes
// are shared with workers.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "controller/cache_meter.h"
#include "sources/helm/index.h"

namespace sluice::controller::helm_repository {

class IndexCache {
 public:
  using SharedIndex = std::shared_ptr<const sources::helm_repository::Index>;
  explicit IndexCache(std::size_t max_bytes = 48u << 20) : max_bytes_(max_bytes) {}
  IndexCache(const IndexCache&) = delete;
  IndexCache& operator=(const IndexCache&) = delete;

  /// `key`: path and digest of the artifact, so that who may read one repository does not thereby read another. nullptr: not there.
  /// `repository`: the HelmRepository whose index it is, for which the look is counted.
  SharedIndex Find(const std::string& key, const CacheMeter::Key& repository);
  /// What was not used for longest goes when there is too much; an index that is too large by itself is not kept.
  void Put(const std::string& key, SharedIndex index);
  std::size_t bytes() const { return bytes_; }
  CacheMeter& meter() { return meter_; }

 private:
  struct Entry {
    SharedIndex index;
    std::size_t bytes = 0;
    std::list<std::string>::iterator place;
  };
  const std::size_t max_bytes_;
  CacheMeter meter_;
  std::size_t bytes_ = 0;
  std::map<std::string, Entry> entries_;
  std::list<std::string> order_;  // most recently used first
};

}  // namespace sluice::controller::helm_repository
