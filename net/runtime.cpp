#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/await.h"
#include "net/waiter.h"

namespace sluice::net {
namespace asio = boost::asio;

struct Runtime::Impl {
  asio::io_context io{1};
};

Runtime::Runtime() : impl_(std::make_unique<Impl>()) {}
Runtime::~Runtime() = default;

asio::io_context& Runtime::io() { return impl_->io; }

void Runtime::Run() {
  impl_->io.restart();
  impl_->io.run();
}

void Runtime::Stop() { impl_->io.stop(); }

void Runtime::Post(std::function<void()> call) { asio::post(impl_->io, std::move(call)); }

void Runtime::BlockOnErased(Task<void> task) {
  bool done = false;
  std::exception_ptr bug;
  auto finished = [&done, &bug](std::exception_ptr e) {
    done = true;
    bug = e;
  };
  impl_->io.restart();
  StartTask(impl_->io.get_executor(), std::move(task), {}, finished);
  while (!done && impl_->io.run_one() != 0) {
  }
  if (!done) throw std::logic_error("net: the runtime was stopped while it was blocked on a task");
  if (bug) std::rethrow_exception(bug);
}

Task<base::Result<int>> WaitForSignal(std::vector<int> signals) {
  if (co_await IsCancelled()) co_return CanceledError();
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  asio::signal_set set(executor);
  for (const int signal : signals) set.add(signal);
  const auto [error, signal] = co_await set.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) co_return CanceledError();
  co_return signal;
}

}  // namespace sluice::net
