// Sleeping, deadlines, and Timers: an ordered map of callbacks under one Asio timer.
#include <map>
#include <unordered_map>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/await.h"
#include "net/waiter.h"

namespace sluice::net {
namespace asio = boost::asio;

Task<base::Result<void>> SleepUntil(SteadyTime when) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Waiter waiter(executor);
  const Wake wake = co_await waiter.Wait(when);
  if (wake == Wake::Canceled) co_return CanceledError();
  co_return base::Result<void>{};
}

Task<base::Result<void>> SleepFor(std::chrono::nanoseconds duration) {
  if (co_await IsCancelled()) co_return CanceledError();
  if (duration <= std::chrono::nanoseconds::zero()) co_return base::Result<void>{};
  co_return co_await SleepUntil(DeadlineAfter(duration));
}

Task<base::Result<void>> SleepUntil(const base::Clock& clock, base::TimePoint when) {
  constexpr std::chrono::nanoseconds kLook = std::chrono::seconds(30);
  while (true) {
    const std::chrono::nanoseconds left = when - clock.Now();
    base::Result<void> slept = co_await SleepFor(std::min(left, kLook));
    if (!slept || left <= std::chrono::nanoseconds::zero()) co_return slept;
  }
}

namespace detail {

base::Error DeadlineError(std::string_view what, std::chrono::nanoseconds timeout) {
  return base::MakeError(base::Reason::Timeout, std::string(what) + ": no answer within " + base::FormatGoDuration(timeout));
}

namespace {
struct Child {
  asio::cancellation_signal signal;
  WaitQueue end;
  bool done = false;
  std::exception_ptr bug;
};
}  // namespace

// The task runs beside us, so that the deadline can cancel it without cancelling us. Its completion has a share in `child`: when the
// runtime ends, frames are destroyed in any order.
Task<bool> RunWithDeadline(Task<void> task, std::chrono::nanoseconds timeout) {
  auto child = std::make_shared<Child>();
  auto finished = [child](std::exception_ptr bug) {
    child->bug = bug;
    child->done = true;
    child->end.FinishAll();
  };
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  StartTask(executor, std::move(task), child->signal.slot(), finished);
  Wake wake = Wake::Done;
  if (!child->done) wake = co_await child->end.Wait(DeadlineAfter(timeout));
  if (!child->done) child->signal.emit(asio::cancellation_type::terminal);
  while (!child->done) co_await child->end.WaitThrough();
  if (child->bug) std::rethrow_exception(child->bug);
  co_return wake != Wake::Timeout;
}

}  // namespace detail

struct Timers::Impl : std::enable_shared_from_this<Timers::Impl> {
  explicit Impl(asio::io_context& io) : timer(io) {}

  struct Key {
    SteadyTime when;
    Id id;
    auto operator<=>(const Key&) const = default;
  };
  asio::steady_timer timer;
  std::map<Key, std::function<void()>> due;
  std::unordered_map<Id, SteadyTime> when_of;
  Id last_id = 0;
  SteadyTime armed = SteadyTime::max();  ///< what the timer waits for; max: nothing
  bool stopped = false;

  // Only an earlier head moves the timer; a head that was cancelled costs one idle turn instead.
  void Arm() {
    if (stopped || due.empty() || due.begin()->first.when >= armed) return;
    armed = due.begin()->first.when;
    timer.expires_at(armed);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const std::shared_ptr<Impl> self = weak.lock();
      if (self && !error) self->Fire();
    });
  }

  // A callback may add, cancel, or destroy the Timers.
  void Fire() {
    armed = SteadyTime::max();
    const SteadyTime now = std::chrono::steady_clock::now();
    while (!stopped && !due.empty() && due.begin()->first.when <= now) {
      auto node = due.extract(due.begin());
      when_of.erase(node.key().id);
      node.mapped()();
    }
    Arm();
  }
};

Timers::Timers(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}

Timers::~Timers() {
  impl_->stopped = true;
  impl_->timer.cancel();
}

Timers::Id Timers::At(SteadyTime when, std::function<void()> call) {
  const Id id = ++impl_->last_id;
  impl_->due.emplace(Impl::Key{when, id}, std::move(call));
  impl_->when_of.emplace(id, when);
  impl_->Arm();
  return id;
}

Timers::Id Timers::After(std::chrono::nanoseconds delay, std::function<void()> call) { return At(DeadlineAfter(delay), std::move(call)); }

bool Timers::Cancel(Id id) {
  const auto found = impl_->when_of.find(id);
  if (found == impl_->when_of.end()) return false;
  impl_->due.erase(Impl::Key{found->second, id});
  impl_->when_of.erase(found);
  return true;
}

std::size_t Timers::size() const { return impl_->due.size(); }

}  // namespace sluice::net
