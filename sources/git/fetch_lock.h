// sources/git/fetch_lock.h: one fetch at a time for one repository, among the threads of this process (a queue that a stop or a deadline
// leaves) and among processes that share the cache (flock on a file).
#pragma once

#include <condition_variable>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "sources/git/waiter.h"

namespace sluice::sources {

class FetchLock {
 public:
  explicit FetchLock(std::string file) : file_(std::move(file)) {}

  /// Releases on destruction; the lock outlives it.
  class Holder {
   public:
    Holder(FetchLock& lock, int fd) : lock_(lock), fd_(fd) {}
    ~Holder() { lock_.Release(fd_); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    FetchLock& lock_;
    const int fd_;
  };

  /// Errors: Timeout, Canceled, Unavailable (the file cannot be made).
  base::Result<std::unique_ptr<Holder>> Acquire(const Waiter& waiter);

 private:
  base::Result<void> WaitForTurn(const Waiter& waiter);
  base::Result<int> LockFile(const Waiter& waiter) const;
  void Release(int fd);

  const std::string file_;
  base::Mutex mutex_;
  std::condition_variable_any freed_;
  bool taken_ GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::sources
