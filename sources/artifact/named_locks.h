// sources/artifact/named_locks.h: one at a time for each name works on what others want to work on, too. Thread-safe.
#pragma once

#include <condition_variable>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"

namespace sluice::sources {

class NamedLocks {
 public:
  /// While it lives, nobody else has the lock of its name. The NamedLocks outlive it.
  class Lock {
   public:
    Lock(Lock&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), name_(std::move(other.name_)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    friend class NamedLocks;
    Lock(NamedLocks& locks, std::string name) : locks_(&locks), name_(std::move(name)) {}
    NamedLocks* locks_;
    std::string name_;
  };

  /// Waits, blocking, until nobody has the lock of `name`. Canceled: `stop` was requested before or meanwhile, so that who was told to stop never
  /// comes after who came in its place.
  base::Result<Lock> Take(std::string name, const std::stop_token& stop);

 private:
  base::Mutex mutex_;
  std::condition_variable_any released_;
  std::set<std::string> taken_ GUARDED_BY(mutex_);
};

}  // namespace sluice::sources
