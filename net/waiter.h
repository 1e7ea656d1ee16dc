// net/waiter.h: what every wait of this folder rests on: one suspended task and the four ways it goes on. Private to net/.
#pragma once

#include <list>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/executor.h"

namespace sluice::net {

enum class Wake { Pending, Done, Timeout, Canceled };

/// Suspends at most one task. A timer underneath: it is Asio's cheapest operation that can be ended from outside, by time and by
/// cancellation alike. Finish may come before Wait, and is for good; after Timeout one may Wait again.
class Waiter {
 public:
  explicit Waiter(const boost::asio::any_io_executor& executor) : timer_(executor) {}
  void Finish(Wake wake = Wake::Done);
  bool pending() const { return wake_ == Wake::Pending; }
  Task<Wake> Wait(SteadyTime deadline = SteadyTime::max());
  /// Deaf to cancellation: for cleaning up.
  Task<void> WaitThrough();

 private:
  boost::asio::steady_timer timer_;
  Wake wake_ = Wake::Pending;
};

/// Those who wait for one thing, in order. Entries belong to the frames that wait.
class WaitQueue {
 public:
  /// Waits in line; leaves it on every way out, also when the frame is destroyed.
  Task<Wake> Wait(SteadyTime deadline);
  Task<void> WaitThrough();
  bool FinishOne(Wake wake = Wake::Done);  ///< false: nobody waits
  void FinishAll(Wake wake = Wake::Done);
  std::size_t size() const;

 private:
  friend class Place;
  std::list<Waiter*> waiters_;
};

/// now + `timeout`, without overflow.
SteadyTime DeadlineAfter(std::chrono::nanoseconds timeout);
/// Ok, Timeout (`message`, after which come the words of the timeout) or Canceled.
base::Result<void> ToResult(Wake wake, std::string_view timeout_message);
base::Error CanceledError();

/// Starts `task` so that cancelling does not throw in it. `done` runs on the I/O thread. `slot` may be empty.
void StartTask(const boost::asio::any_io_executor& executor, Task<void> task, boost::asio::cancellation_slot slot,
               std::function<void(std::exception_ptr)> done);

}  // namespace sluice::net
