#include "net/job.h"

#include <boost/asio/this_coro.hpp>

#include "net/await.h"

namespace sluice::net {

void Job::Do() noexcept {
  try {
    if (!stop.stop_requested()) work(stop.get_token());
  } catch (...) {
    bug = std::current_exception();
  }
  work = nullptr;
}

Task<base::Result<void>> Await(std::shared_ptr<Job> job, std::function<void()> begin, std::function<void()> abandon) {
  if (co_await IsCancelled()) co_return CanceledError();
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  Waiter waiter(executor);
  job->waiter = &waiter;
  begin();
  const Wake wake = co_await waiter.Wait();
  job->waiter = nullptr;
  if (wake != Wake::Done) {
    job->stop.request_stop();
    abandon();
    co_return CanceledError();
  }
  if (job->bug) std::rethrow_exception(job->bug);
  co_return base::Result<void>{};
}

}  // namespace sluice::net
