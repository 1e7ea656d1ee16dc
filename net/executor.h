// net/executor.h: what code that waits is made of: the one I/O thread, tasks and their owners, sleeping, signals, permits, timers,
// and a pool for what computes or blocks. Asio stays behind it: a header includes this, the .cpp that awaits includes net/await.h, which
// also has the bodies of the templates below.
//
// Cancellation. A task is started by a Scope (or by Runtime::BlockOn) and is cancelled through its CancelHandle or its Scope. From then on
// every wait of it, and of what it awaits, returns Canceled: the one it sits in at once, later ones without waiting. Nothing is thrown, so
// the task cleans up in the ordinary way: it returns. Everything here belongs to the I/O thread, except what says "from any thread".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"

namespace boost::asio {
class io_context;
}

namespace sluice::net {

using SteadyTime = std::chrono::steady_clock::time_point;
/// "No deadline", wherever a timeout is asked for. Style asks for a deadline on every wait, so say why beside each use.
inline constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();

namespace detail {
template <class F>
auto CallWork(F& f, std::stop_token stop) {
  if constexpr (std::is_invocable_v<F&, std::stop_token>) {
    return f(std::move(stop));
  } else {
    return f();
  }
}
template <class F>
using WorkResult = decltype(CallWork(std::declval<F&>(), std::stop_token()));
}  // namespace detail

// ---- Tasks and who owns them -------------------------------------------------------------------------------------------------------

/// One spawned task. Copies mean the same task; outliving it is fine. An empty handle counts as done.
class CancelHandle {
 public:
  CancelHandle() = default;
  void Cancel() const;  ///< more than once, or after the end, does nothing
  bool done() const;
  bool cancelled() const;                 ///< Cancel was asked for, whether or not the task noticed
  Task<base::Result<void>> Join() const;  ///< waits for the end of the task; Canceled if the one who waits is cancelled

  struct State;

 private:
  friend class Scope;
  explicit CancelHandle(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Owns the tasks it spawns. Members that tasks use must outlive Close(), so the owner awaits it before it goes away.
class Scope {
 public:
  /// Told of an exception that left a task, which is a bug of ours; without one the exception leaves Runtime::Run.
  using OnBug = std::function<void(std::exception_ptr)>;
  explicit Scope(boost::asio::io_context& io, OnBug on_bug = {});
  ~Scope();  ///< cancels what still runs, without waiting: only right when the Runtime has ended
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// Starts `task` (on the next turn of the I/O thread). It takes only values, or references that outlive Close().
  /// On a closed Scope it is dropped unstarted and the handle is done.
  CancelHandle Spawn(Task<void> task);
  std::size_t running() const;
  void Cancel();  ///< cancels all that run now; later Spawns run
  /// Cancels all, refuses new ones and waits until the last has ended, even if the one who waits is cancelled too.
  Task<void> Close();
  /// Refuses new ones and lets those that run come to their end, but no longer than `grace`: then it cancels them. Waits even if the one who waits is cancelled.
  Task<void> LetEnd(std::chrono::nanoseconds grace);
  /// Waits until none runs, without cancelling any. Canceled, if the one who waits is.
  Task<base::Result<void>> Drained();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

/// The io_context and its one thread.
class Runtime {
 public:
  Runtime();
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  boost::asio::io_context& io();
  /// Runs on the calling thread until Stop(), or until nothing is left to wait for. May be called again.
  void Run();
  void Stop();                            ///< from any thread
  void Post(std::function<void()> call);  ///< from any thread: runs `call` on the I/O thread
  /// Runs `task` to its end on the calling thread, with everything else that was spawned: for main() and tests.
  template <class T>
  T BlockOn(Task<T> task);

 private:
  void BlockOnErased(Task<void> task);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Has the running task been cancelled? For loops that compute between their waits.
Task<bool> IsCancelled();

// ---- Time --------------------------------------------------------------------------------------------------------------------------

/// Ok after `duration` (at once if not positive), or Canceled.
Task<base::Result<void>> SleepFor(std::chrono::nanoseconds duration);
Task<base::Result<void>> SleepUntil(SteadyTime when);
/// Until `clock` has reached `when`. A wall clock may be set, so it is asked again every 30 s.
Task<base::Result<void>> SleepUntil(const base::Clock& clock, base::TimePoint when);

/// `task`, cancelled when `timeout` has passed: then Timeout, `what: no answer within 5s`. Returns only after `task` has ended.
template <class T>
Task<base::Result<T>> WithDeadline(Task<base::Result<T>> task, std::chrono::nanoseconds timeout, std::string what);

/// Many timers for the price of a heap entry each (10,000 that wait cost no coroutine): the work queue's "again at that time".
class Timers {
 public:
  using Id = std::uint64_t;  ///< never 0, never used twice
  explicit Timers(boost::asio::io_context& io);
  ~Timers();  ///< calls nothing any more
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;
  /// Calls `call` on the I/O thread, once, not before `when`, never from inside this function.
  Id At(SteadyTime when, std::function<void()> call);
  Id After(std::chrono::nanoseconds delay, std::function<void()> call);
  bool Cancel(Id id);  ///< false: has run, or unknown
  std::size_t size() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// ---- Signals and permits -----------------------------------------------------------------------------------------------------------

/// A signal between tasks of the I/O thread.
class Event {
 public:
  enum class Kind {
    AutoReset,  ///< Set lets one waiter go, or the next one that comes
    Latch,      ///< Set lets all go, and all that come until Reset
  };
  explicit Event(Kind kind = Kind::AutoReset);
  ~Event();  ///< waiters get Canceled
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void Set();
  void Reset();
  bool is_set() const;
  /// Ok when set; Timeout after `timeout`; Canceled.
  Task<base::Result<void>> Wait(std::chrono::nanoseconds timeout = kForever);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// At most `permits` at a time; those who wait are served in order.
class AsyncSemaphore {
  struct Impl;

 public:
  explicit AsyncSemaphore(std::size_t permits);
  ~AsyncSemaphore();  ///< waiters get Canceled; permits that are out stay valid
  AsyncSemaphore(const AsyncSemaphore&) = delete;
  AsyncSemaphore& operator=(const AsyncSemaphore&) = delete;

  /// Gives itself back when destroyed.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept : impl_(std::move(other.impl_)) {}
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { Release(); }
    void Release();

   private:
    friend class AsyncSemaphore;
    friend struct Impl;
    explicit Permit(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<Impl> impl_;
  };
  /// Timeout after `timeout`; Canceled.
  Task<base::Result<Permit>> Acquire(std::chrono::nanoseconds timeout = kForever);
  void Close();  ///< who waits, and who comes later, gets Canceled
  std::size_t available() const;
  std::size_t waiting() const;

 private:
  std::shared_ptr<Impl> impl_;
};

// ---- Work off the I/O thread -------------------------------------------------------------------------------------------------------

/// `threads` threads for what computes or blocks: rendering, libgit2, hashing. A job that takes longer than `patience` holds up no other: there is one thread more
/// for each such job, up to four times `threads` in all.
class WorkerPool {
 public:
  WorkerPool(boost::asio::io_context& io, std::size_t threads,
             std::chrono::milliseconds patience = std::chrono::seconds(1));  ///< ends before `io` does
  ~WorkerPool();  ///< asks running work to stop, drops queued work (its waiters get Canceled), joins
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs `f`, callable as `Result<T>()` or `Result<T>(std::stop_token)`, on a worker and resumes on the I/O thread. When cancelled it
  /// returns Canceled at once: work not begun is dropped, running work sees its stop_token and its result is dropped. So `f` owns what it
  /// captures: values and shared_ptr, never a reference to the caller's frame. What `f` throws is thrown here.
  template <class F>
  Task<detail::WorkResult<F>> Run(F f);
  std::size_t queued() const;  ///< from any thread: not yet begun

 private:
  using Work = std::function<void(std::stop_token)>;
  Task<base::Result<void>> RunErased(Work work);
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// The number of the first of `signals` (SIGTERM, ...) to arrive, or Canceled. While it waits, they do not end the process.
Task<base::Result<int>> WaitForSignal(std::vector<int> signals);

}  // namespace sluice::net
