// isolation/fork_server.h: the child's side: a process that has loaded what jobs need, has shut itself in, and forks a process for each job. It never reads what a
// job reads, so a job finds the memory as it was before the first one; and a job that is captured, dies or hangs is one process that goes.
#pragma once

#include <cstddef>
#include <functional>

#include "isolation/channel.h"
#include "isolation/sandbox.h"

namespace sluice::isolation {

struct ForkServerOptions {
  Limits limits;
  std::size_t max_frame_bytes = 80u << 20;
  /// Loads what is loaded late, and warms what is made once; nothing can be loaded afterwards.
  std::function<void()> prepare;
  /// One job's process: talks to the parent until it has nothing more to say, or until Receive finds the parent gone. Must not throw.
  std::function<void(Channel&)> job;
};

/// Serves the parent at kControlDescriptor until it is gone; called first thing in main(), by a process with one thread. Returns the exit code.
int ServeForks(const ForkServerOptions& options);

}  // namespace sluice::isolation
