// net/await.h: what a .cpp needs to define or await a Task, and the bodies of executor.h's templates. Brings 76,000 lines of Asio, so
// never include it from a header.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "net/executor.h"

namespace sluice::net {

namespace detail {
Task<bool> RunWithDeadline(Task<void> task, std::chrono::nanoseconds timeout);  ///< false: the deadline cancelled it
base::Error DeadlineError(std::string_view what, std::chrono::nanoseconds timeout);

template <class T, class Out>
Task<void> StoreResult(Task<T> task, Out* out) {
  out->emplace(co_await std::move(task));
}
}  // namespace detail

template <class F>
Task<detail::WorkResult<F>> WorkerPool::Run(F f) {
  auto out = std::make_shared<std::optional<detail::WorkResult<F>>>();
  auto call = std::make_shared<F>(std::move(f));
  Work work = [out, call](std::stop_token stop) { out->emplace(detail::CallWork(*call, std::move(stop))); };
  call.reset();  // now owned by the work alone, so it dies with it
  base::Result<void> ran = co_await RunErased(std::move(work));
  if (!ran) co_return std::move(ran).error();
  co_return std::move(**out);
}

template <class T>
T Runtime::BlockOn(Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    BlockOnErased(std::move(task));
  } else {
    std::optional<T> out;
    BlockOnErased(detail::StoreResult(std::move(task), &out));
    return std::move(*out);
  }
}

template <class T>
Task<base::Result<T>> WithDeadline(Task<base::Result<T>> task, std::chrono::nanoseconds timeout, std::string what) {
  std::optional<base::Result<T>> out;
  Task<void> stored = detail::StoreResult(std::move(task), &out);
  const bool in_time = co_await detail::RunWithDeadline(std::move(stored), timeout);
  if (!in_time) co_return detail::DeadlineError(what, timeout);
  co_return std::move(*out);
}

}  // namespace sluice::net
