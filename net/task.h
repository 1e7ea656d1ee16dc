// net/task.h: what a coroutine that waits returns. Two lines instead of Asio's 76,000, so that a header can promise a Task.
#pragma once

namespace boost::asio {
class any_io_executor;
template <class T, class Executor>
class awaitable;
}  // namespace boost::asio

namespace sluice::net {

/// A lazy coroutine: runs when awaited or spawned, on one executor. Files that define or await one include <boost/asio/awaitable.hpp>.
template <class T>
using Task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

}  // namespace sluice::net
