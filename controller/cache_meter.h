// controller/cache_meter.h: how often a cache had what was looked for, by the object for which it was (gotk_cache_events_total, gotk_token_cache_events_total).
// Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <map>

#include "document/object.h"

namespace sluice::controller {

class CacheMeter {
 public:
  using Key = document::NamespacedName;
  struct Events {
    std::uint64_t hits = 0, misses = 0;
  };
  void Count(const Key& key, bool hit) { ++(hit ? events_[key].hits : events_[key].misses); }
  void Forget(const Key& key) { events_.erase(key); }  ///< the object is gone: so are its series
  const std::map<Key, Events>& events() const { return events_; }

 private:
  std::map<Key, Events> events_;
};

}  // namespace sluice::controller
