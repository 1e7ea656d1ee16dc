// WorkerPool: a queue of jobs under one lock, n threads, and a post back to the I/O thread. The timer that makes room
// beside jobs that take long belongs to the I/O thread.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/mutex.h"
#include "net/await.h"
#include "net/job.h"

namespace sluice::net {
namespace asio = boost::asio;

namespace {

using Steady = std::chrono::steady_clock;

/// So many times the threads there may be when all of them are at jobs that take long.
constexpr std::size_t kMostTimes = 4;

struct WorkerJob : Job {
  Steady::time_point begun;
};
}  // namespace

struct WorkerPool::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& context, std::size_t usual_threads, std::chrono::milliseconds until_long)
      : io(context), usual(usual_threads), patience(until_long), relief(context) {}

  asio::io_context& io;
  const std::size_t usual;
  const std::chrono::milliseconds patience;
  mutable base::Mutex mutex;
  std::condition_variable_any wake;
  std::deque<std::shared_ptr<WorkerJob>> queue GUARDED_BY(mutex);
  std::vector<std::shared_ptr<WorkerJob>> active GUARDED_BY(mutex);
  std::size_t idle GUARDED_BY(mutex) = 0;
  bool closing GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;  // this and what follows: the I/O thread's
  asio::steady_timer relief;
  bool relief_is_due = false;

  /// How many jobs may be under way: the usual number of those that have just begun, beside those that take long.
  std::size_t Allowed() const REQUIRES(mutex) {
    const Steady::time_point before = Steady::now() - patience;
    const auto is_long = [before](const std::shared_ptr<WorkerJob>& job) { return job->begun <= before; };
    return std::min(usual + static_cast<std::size_t>(std::ranges::count_if(active, is_long)), usual * kMostTimes);
  }

  std::shared_ptr<WorkerJob> Next() {
    const base::MutexLock lock(mutex);
    ++idle;
    while (!closing && (queue.empty() || active.size() >= Allowed())) wake.wait(mutex);
    --idle;
    if (closing) return nullptr;
    std::shared_ptr<WorkerJob> job = std::move(queue.front());
    queue.pop_front();
    job->begun = Steady::now();
    active.push_back(job);
    return job;
  }

  void StartThread() {
    threads.emplace_back([this] { Work(); });
  }

  /// Jobs wait: those that may begin find a thread, and for the others we look again when a job has become one that takes long.
  void Relieve() {
    std::size_t missing = 0;
    std::optional<Steady::time_point> again;
    {
      const base::MutexLock lock(mutex);
      if (closing || queue.empty()) return;
      const std::size_t allowed = Allowed(), room = allowed > active.size() ? allowed - active.size() : 0;
      const std::size_t begin = std::min(room, queue.size());
      if (begin > 0) wake.notify_all();
      if (begin > idle) missing = begin - idle;
      if (begin < queue.size()) again = NextLong();
    }
    try {
      for (; missing > 0 && threads.size() < usual * kMostTimes; --missing) StartThread();
      if (again && !relief_is_due) LookAgain(*again);
    } catch (const std::exception&) {  // no thread or no memory is to be had: they wait for those that run
    }
  }

  /// When the next of the active jobs will have taken long.
  Steady::time_point NextLong() const REQUIRES(mutex) {
    const Steady::time_point now = Steady::now();
    Steady::time_point next = now + patience;
    for (const std::shared_ptr<WorkerJob>& job : active) {
      if (const auto due = job->begun + patience; due > now) next = std::min(next, due);
    }
    return next;
  }

  void LookAgain(Steady::time_point when) {
    relief.expires_at(when);
    relief.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const std::shared_ptr<Impl> self = weak.lock();
      if (error || !self) return;
      self->relief_is_due = false;
      self->Relieve();
    });
    relief_is_due = true;
  }

  void Retire(const std::shared_ptr<WorkerJob>& job) {
    const base::MutexLock lock(mutex);
    std::erase(active, job);
  }

  void Work() {
    while (std::shared_ptr<WorkerJob> job = Next()) {
      job->Do();
      Retire(job);
      asio::post(io, [job = std::move(job)] {
        if (job->waiter) job->waiter->Finish();
      });
    }
  }

  void Add(const std::shared_ptr<WorkerJob>& job) {
    {
      const base::MutexLock lock(mutex);
      queue.push_back(job);
      wake.notify_one();
    }
    Relieve();
  }

  void Abandon(const std::shared_ptr<WorkerJob>& job) {
    const base::MutexLock lock(mutex);
    std::erase(queue, job);
  }

  // Queued jobs never ran: their waiters are told. Running ones are asked to stop and finish as they do.
  std::deque<std::shared_ptr<WorkerJob>> Close() {
    const base::MutexLock lock(mutex);
    closing = true;
    for (const auto& job : active) job->stop.request_stop();
    wake.notify_all();
    return std::exchange(queue, {});
  }
};

WorkerPool::WorkerPool(asio::io_context& io, std::size_t threads, std::chrono::milliseconds patience)
    : impl_(std::make_shared<Impl>(io, threads, patience)) {
  for (std::size_t i = 0; i < threads; ++i) impl_->StartThread();
}

WorkerPool::~WorkerPool() {
  for (const auto& job : impl_->Close()) {
    if (job->waiter) job->waiter->Finish(Wake::Canceled);
  }
  for (std::thread& thread : impl_->threads) thread.join();
}

std::size_t WorkerPool::queued() const {
  const base::MutexLock lock(impl_->mutex);
  return impl_->queue.size();
}

Task<base::Result<void>> WorkerPool::RunErased(Work work) {
  const std::shared_ptr<Impl> impl = impl_;  // the pool may go while we wait
  auto job = std::make_shared<WorkerJob>();
  job->work = std::move(work);
  Task<base::Result<void>> waiting = Await(job, [impl, job] { impl->Add(job); }, [impl, job] { impl->Abandon(job); });
  co_return co_await std::move(waiting);
}

}  // namespace sluice::net
