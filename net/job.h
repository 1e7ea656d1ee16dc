// net/job.h: one piece of work that a thread does while a task waits for it: what the pools of this folder have in common. Private to net/.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <stop_token>

#include "net/waiter.h"

namespace sluice::net {

/// Shared by the thread that runs it and the task that waits; the waiter in it belongs to the I/O thread alone.
struct Job {
  std::function<void(std::stop_token)> work;
  std::stop_source stop;
  std::exception_ptr bug;    ///< written by the thread before it posts
  Waiter* waiter = nullptr;  ///< null: nobody waits any more

  /// On its thread. What it throws is the waiter's.
  void Do() noexcept;
};

/// Waits for `job` after `begin`; when cancelled, Canceled at once after `abandon`, and the job is asked to stop. Throws what it threw.
Task<base::Result<void>> Await(std::shared_ptr<Job> job, std::function<void()> begin, std::function<void()> abandon);

}  // namespace sluice::net
