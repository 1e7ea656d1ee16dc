// Scope: the owner of spawned tasks. Its state is shared with the tasks' completions, so that a Scope may go while one is still being unwound.
#include <unordered_set>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/await.h"
#include "net/waiter.h"

namespace sluice::net {
namespace asio = boost::asio;

struct CancelHandle::State : std::enable_shared_from_this<CancelHandle::State> {
  explicit State(asio::any_io_executor where) : executor(std::move(where)) {}
  const asio::any_io_executor executor;
  asio::cancellation_signal signal;
  WaitQueue joiners;
  bool started = false;
  bool cancelled = false;
  bool done = false;

  // Before the task runs there is nobody to tell, and Asio would drop it unstarted; so it is told when it starts.
  // Outside of the loop emit() only posts the news, and what it posts points into `signal`: which stays until that has run, also if the
  // task ends before.
  void Cancel() {
    if (done || cancelled) return;
    cancelled = true;
    if (!started) return;
    signal.emit(asio::cancellation_type::terminal);
    asio::post(executor, [keep = shared_from_this()] {});
  }
  void Start() {
    started = true;
    if (cancelled) signal.emit(asio::cancellation_type::terminal);
  }
};

struct Scope::State {
  State(asio::io_context& context, OnBug bug) : executor(context.get_executor()), on_bug(std::move(bug)) {}
  asio::any_io_executor executor;
  OnBug on_bug;
  std::unordered_set<std::shared_ptr<CancelHandle::State>> running;
  WaitQueue idle;
  bool closed = false;

  // Cancelling may end tasks, which leave `running`.
  void CancelAll() {
    const std::vector<std::shared_ptr<CancelHandle::State>> tasks(running.begin(), running.end());
    for (const auto& task : tasks) task->Cancel();
  }
};

namespace {
Task<void> RunSpawned(Task<void> task, std::shared_ptr<CancelHandle::State> state) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  state->Start();
  co_await std::move(task);
}
}  // namespace

void CancelHandle::Cancel() const {
  const std::shared_ptr<State> state = state_;
  if (state) state->Cancel();
}
bool CancelHandle::done() const { return !state_ || state_->done; }
bool CancelHandle::cancelled() const { return state_ && state_->cancelled; }

Task<base::Result<void>> CancelHandle::Join() const {
  const std::shared_ptr<State> state = state_;
  if (!state || state->done) co_return base::Result<void>{};
  const Wake wake = co_await state->joiners.Wait(SteadyTime::max());
  co_return ToResult(wake, "");
}

Scope::Scope(asio::io_context& io, OnBug on_bug) : state_(std::make_shared<State>(io, std::move(on_bug))) {}

Scope::~Scope() {
  state_->closed = true;
  state_->CancelAll();
}

CancelHandle Scope::Spawn(Task<void> task) {
  auto handle = std::make_shared<CancelHandle::State>(state_->executor);
  if (state_->closed) {
    handle->done = true;
    return CancelHandle(std::move(handle));
  }
  state_->running.insert(handle);
  auto finished = [state = state_, handle](std::exception_ptr bug) {
    handle->done = true;
    handle->joiners.FinishAll();
    state->running.erase(handle);
    if (state->running.empty()) state->idle.FinishAll();
    if (!bug) return;
    if (!state->on_bug) std::rethrow_exception(bug);
    state->on_bug(bug);
  };
  StartTask(state_->executor, RunSpawned(std::move(task), handle), handle->signal.slot(), std::move(finished));
  return CancelHandle(std::move(handle));
}

std::size_t Scope::running() const { return state_->running.size(); }
void Scope::Cancel() { state_->CancelAll(); }

Task<void> Scope::Close() {
  const std::shared_ptr<State> state = state_;
  state->closed = true;
  state->CancelAll();
  while (!state->running.empty()) co_await state->idle.WaitThrough();
}

Task<void> Scope::LetEnd(std::chrono::nanoseconds grace) {
  const std::shared_ptr<State> state = state_;
  state->closed = true;
  asio::steady_timer late(state->executor, std::chrono::duration_cast<asio::steady_timer::duration>(grace));
  late.async_wait([state](const boost::system::error_code& error) {
    if (!error) state->CancelAll();
  });
  while (!state->running.empty()) co_await state->idle.WaitThrough();
}

Task<base::Result<void>> Scope::Drained() {
  const std::shared_ptr<State> state = state_;
  while (!state->running.empty()) {
    const Wake wake = co_await state->idle.Wait(SteadyTime::max());
    if (wake != Wake::Done) co_return CanceledError();
  }
  co_return base::Result<void>{};
}

}  // namespace sluice::net
