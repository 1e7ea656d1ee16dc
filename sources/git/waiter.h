// sources/git/waiter.h: the end of one blocking call: its deadline and its stop token, and waiting for a socket within them.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "sources/git/repository.h"

namespace sluice::sources {

class Waiter {
 public:
  explicit Waiter(const GitCall& call);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Canceled once stop was requested, Timeout once the deadline has passed.
  base::Result<void> Check() const;
  std::chrono::milliseconds Remaining() const;  ///< 0 when over
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  const std::stop_token& stop() const { return stop_; }
  int wake_fd() const;  ///< becomes readable when stop is requested
  /// Waits until `fd` has one of `events` (poll(2)) or an error. Errors as Check.
  base::Result<void> Poll(int fd, short events) const;

 private:
  struct Wake;
  std::chrono::milliseconds timeout_;
  std::chrono::steady_clock::time_point deadline_;
  std::stop_token stop_;
  std::unique_ptr<Wake> wake_;
};

}  // namespace sluice::sources
