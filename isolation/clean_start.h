// isolation/clean_start.h: how other programs are started (posix_spawn): in a process group of their own, so that a signal from a terminal is for us alone, and with
// no signal blocked or ignored, whatever we have done with ours.
#pragma once

#include <spawn.h>

#include <csignal>

namespace sluice::isolation {

class CleanStart {
 public:
  CleanStart() {
    posix_spawnattr_init(&how_);
    posix_spawnattr_setflags(&how_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&how_, &none);
    posix_spawnattr_setsigdefault(&how_, &all);
  }
  ~CleanStart() { posix_spawnattr_destroy(&how_); }
  CleanStart(const CleanStart&) = delete;
  CleanStart& operator=(const CleanStart&) = delete;

  const posix_spawnattr_t* attributes() const { return &how_; }

 private:
  posix_spawnattr_t how_;
};

}  // namespace sluice::isolation
