// isolation/sandbox.h: what a process gives up for good before it reads what strangers wrote (threats T84): files, by Landlock; system calls, by seccomp;
// memory, time and core files, by limits. Linux only; nothing here can be taken back, neither by the process nor by what it starts.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/result.h"

namespace sluice::isolation {

struct Limits {
  std::size_t memory_bytes = 256u << 20;  ///< of address space, over what the process has when the sandbox closes
  std::chrono::seconds cpu{30};           ///< of one process; then SIGXCPU
};

/// What is in force. A kernel may have no Landlock; a build with sanitizers goes without seccomp and without the limit on memory (base/sanitized.h).
struct Confinement {
  int landlock = 0;  ///< its ABI; 0: none
  bool syscalls = false, memory = false;
};

/// Who is confined, which says what is left to it.
enum class Role {
  /// Waits for jobs and forks a process for each; sees nothing of what they read.
  ForkServer,
  /// Computes, and talks over the sockets that are open already. It opens nothing, starts nothing, signals nobody but itself, and makes no memory executable.
  Job,
};

/// No new privileges, not dumpable, no core file, no new file descriptors beyond a few, `limits`, no file of the disk and, where Landlock can (ABI 4, 6), no TCP and no
/// signal to and no abstract socket of others. Errors: Unavailable, with the call that failed.
base::Result<Confinement> Confine(const Limits& limits);
/// Landlock alone: no path may be opened, made, removed or run from now on. Returns the ABI, 0 where the kernel has none or it is switched off. Wants no_new_privs.
base::Result<int> LockOutFiles();
/// Kills the process at the first system call that `role` has no need of. A second call takes more away, never less. Wants no_new_privs. Errors: Unavailable.
base::Result<void> RestrictSystemCalls(Role role);

}  // namespace sluice::isolation
