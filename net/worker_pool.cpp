// WorkerPool: a queue of jobs under one lock, n threads, and a post back to the I/O thread. A job is shared by the worker that runs it and
// the task that waits; the waiter in it belongs to the I/O thread alone.
#include <condition_variable>
#include <deque>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/mutex.h"
#include "net/await.h"
#include "net/waiter.h"

namespace sluice::net {
namespace asio = boost::asio;

namespace {
struct Job {
  std::function<void(std::stop_token)> work;
  std::stop_source stop;
  std::exception_ptr bug;    ///< written by the worker before it posts
  Waiter* waiter = nullptr;  ///< null: nobody waits any more
};
}  // namespace

struct WorkerPool::Impl {
  explicit Impl(asio::io_context& context) : io(context) {}

  asio::io_context& io;
  mutable base::Mutex mutex;
  std::condition_variable_any wake;
  std::deque<std::shared_ptr<Job>> queue GUARDED_BY(mutex);
  std::vector<std::shared_ptr<Job>> active GUARDED_BY(mutex);
  bool closing GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;

  std::shared_ptr<Job> Next() {
    const base::MutexLock lock(mutex);
    while (queue.empty() && !closing) wake.wait(mutex);
    if (closing) return nullptr;
    std::shared_ptr<Job> job = std::move(queue.front());
    queue.pop_front();
    active.push_back(job);
    return job;
  }

  void Retire(const std::shared_ptr<Job>& job) {
    const base::MutexLock lock(mutex);
    std::erase(active, job);
  }

  void Work() {
    while (std::shared_ptr<Job> job = Next()) {
      try {
        if (!job->stop.stop_requested()) job->work(job->stop.get_token());
      } catch (...) {
        job->bug = std::current_exception();
      }
      job->work = nullptr;
      Retire(job);
      asio::post(io, [job = std::move(job)] {
        if (job->waiter) job->waiter->Finish();
      });
    }
  }

  void Abandon(const std::shared_ptr<Job>& job) {
    job->waiter = nullptr;
    job->stop.request_stop();
    const base::MutexLock lock(mutex);
    std::erase(queue, job);
  }

  // Queued jobs never ran: their waiters are told. Running ones are asked to stop and finish as they do.
  std::deque<std::shared_ptr<Job>> Close() {
    const base::MutexLock lock(mutex);
    closing = true;
    for (const auto& job : active) job->stop.request_stop();
    wake.notify_all();
    return std::exchange(queue, {});
  }
};

WorkerPool::WorkerPool(asio::io_context& io, std::size_t threads) : impl_(std::make_shared<Impl>(io)) {
  for (std::size_t i = 0; i < threads; ++i) impl_->threads.emplace_back([impl = impl_.get()] { impl->Work(); });
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
  if (co_await IsCancelled()) co_return CanceledError();
  const std::shared_ptr<Impl> impl = impl_;  // the pool may go while we wait
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Waiter waiter(executor);
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->waiter = &waiter;
  {
    const base::MutexLock lock(impl->mutex);
    impl->queue.push_back(job);
    impl->wake.notify_one();
  }
  const Wake wake = co_await waiter.Wait();
  job->waiter = nullptr;
  if (wake != Wake::Done) {
    impl->Abandon(job);
    co_return CanceledError();
  }
  if (job->bug) std::rethrow_exception(job->bug);
  co_return base::Result<void>{};
}

}  // namespace sluice::net
