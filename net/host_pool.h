// net/host_pool.h: calls that block until somebody else answers, a thread for each. However many hosts accept and never answer, they hold up neither what computes
// (WorkerPool) nor calls to hosts that do answer. Belongs to the I/O thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "net/executor.h"

namespace sluice::net {

struct HostPoolOptions {
  std::size_t calls =
      256;  ///< at a time. The half of them is kept for hosts that have none: with that many under way, a host gets no second one
  std::size_t share = 8;  ///< of one host
};

class HostPool {
 public:
  explicit HostPool(boost::asio::io_context& io, HostPoolOptions options = {});  ///< ends before `io` does
  ~HostPool();  ///< asks what is under way to stop, drops what has not begun (its waiters get Canceled), joins
  HostPool(const HostPool&) = delete;
  HostPool& operator=(const HostPool&) = delete;

  using Call = std::function<void(std::stop_token)>;
  /// Runs `call` on a thread of its own once there is room for one to `host` (any text; calls that should not wait for each other have different ones), and
  /// resumes on the I/O thread. Hosts take turns, the calls to one begin in order. When cancelled it returns Canceled at once, and `call` sees its
  /// stop_token: it owns what it uses. What `call` throws is thrown here.
  Task<base::Result<void>> Run(std::string host, Call call);

  std::size_t active() const;
  std::size_t queued() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
