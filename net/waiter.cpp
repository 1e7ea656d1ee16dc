#include "net/waiter.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::net {
namespace asio = boost::asio;

void Waiter::Finish(Wake wake) {
  if (wake_ != Wake::Pending) return;
  wake_ = wake;
  timer_.cancel();
}

// The timer ends for three reasons (its time, our Finish, cancellation). A Finish that came in the meantime wins, so that no signal is lost.
Task<Wake> Waiter::Wait(SteadyTime deadline) {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (wake_ != Wake::Pending) co_return wake_;
  if (state.cancelled() != asio::cancellation_type::none) co_return Wake::Canceled;
  timer_.expires_at(deadline);
  const auto [error] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  if (wake_ != Wake::Pending) co_return wake_;
  co_return error ? Wake::Canceled : Wake::Timeout;
}

Task<void> Waiter::WaitThrough() {
  while (wake_ == Wake::Pending) {
    timer_.expires_at(SteadyTime::max());
    auto deaf = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::as_tuple(asio::use_awaitable));
    co_await timer_.async_wait(std::move(deaf));
  }
}

/// A waiter's place in the line, given up when its frame goes.
class Place {
 public:
  Place(WaitQueue& queue, Waiter& waiter) : waiters_(queue.waiters_), at_(waiters_.insert(waiters_.end(), &waiter)) {}
  ~Place() { waiters_.erase(at_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::list<Waiter*>& waiters_;
  std::list<Waiter*>::iterator at_;
};

Task<Wake> WaitQueue::Wait(SteadyTime deadline) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Waiter waiter(executor);
  const Place place(*this, waiter);
  co_return co_await waiter.Wait(deadline);
}

Task<void> WaitQueue::WaitThrough() {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Waiter waiter(executor);
  const Place place(*this, waiter);
  co_await waiter.WaitThrough();
}

// A waiter that is finished, timed out or cancelled may not have left the line yet: its frame resumes later.
bool WaitQueue::FinishOne(Wake wake) {
  for (Waiter* waiter : waiters_) {
    if (!waiter->pending()) continue;
    waiter->Finish(wake);
    return true;
  }
  return false;
}

void WaitQueue::FinishAll(Wake wake) {
  for (Waiter* waiter : waiters_) waiter->Finish(wake);
}

std::size_t WaitQueue::size() const {
  std::size_t pending = 0;
  for (const Waiter* waiter : waiters_) pending += waiter->pending() ? 1 : 0;
  return pending;
}

SteadyTime DeadlineAfter(std::chrono::nanoseconds timeout) {
  const SteadyTime now = std::chrono::steady_clock::now();
  return timeout >= SteadyTime::max() - now ? SteadyTime::max() : now + timeout;
}

base::Error CanceledError() { return base::MakeError(base::Reason::Canceled, "canceled"); }

base::Result<void> ToResult(Wake wake, std::string_view timeout_message) {
  if (wake == Wake::Timeout) return base::MakeError(base::Reason::Timeout, std::string(timeout_message));
  if (wake == Wake::Canceled) return CanceledError();
  return {};
}

namespace {
Task<void> WithoutThrowing(Task<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}
}  // namespace

void StartTask(const asio::any_io_executor& executor, Task<void> task, asio::cancellation_slot slot,
               std::function<void(std::exception_ptr)> done) {
  asio::co_spawn(executor, WithoutThrowing(std::move(task)), asio::bind_cancellation_slot(slot, std::move(done)));
}

Task<bool> IsCancelled() {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace sluice::net
