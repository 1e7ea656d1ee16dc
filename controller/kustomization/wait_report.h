// controller/kustomization/wait_report.h: tells the status of an apply that waits for the cluster for more than a second: who looks shall not see the last revision and
// Ready=True meanwhile. Belongs to the I/O thread.
#pragma once

#include <functional>
#include <memory>

#include "net/executor.h"

namespace sluice::controller::kustomization {

class WaitReport {
 public:
  explicit WaitReport(boost::asio::io_context& io) : io_(io) {}

  /// A wait begins: `write` is called in a second, unless End comes first. What it uses it owns.
  void Begin(std::function<net::Task<void>()> write);
  /// Afterwards nothing is being written, and the next wait is told anew.
  net::Task<void> End();

 private:
  boost::asio::io_context& io_;
  std::unique_ptr<net::Scope> scope_;  ///< while a wait is told, or about to be
  std::shared_ptr<net::Event> over_;
};

}  // namespace sluice::controller::kustomization
