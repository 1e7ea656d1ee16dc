// base/failpoint.h: places at which a test lets the process die as by kill -9, one step before or after a write.
// They are in every build, because what is tested should be what is shipped; unarmed, one costs a look at a bool that nobody writes.
//
// That bool, and the point it stands for, are this program's only process-wide state. Passing them down instead would put a parameter for a test into every
// constructor between main() and the artifact store, and a point says nothing about the object that passes it: what ends is the process.
// main() arms it from SLUICE_FAILPOINT, before the first thread; nothing else may.
#pragma once

#include <string_view>

namespace sluice::base {

namespace failpoint {
inline bool armed = false;  ///< written by ArmFailpoint alone, before there are threads
/// What SLUICE_FAILPOINT does once armed. Thread-safe.
void Reached(std::string_view name);
}  // namespace failpoint

/// `name:n` kills the process with SIGKILL when it comes to point `name` for the n-th time (`name` alone: the first). `trace` kills nothing and writes a line
/// `failpoint <name>` to standard error each time one is passed. `throw:name:n` throws std::bad_alloc there, from the n-th time on. "" leaves all as it is.
void ArmFailpoint(std::string_view spec);

}  // namespace sluice::base

/// A point called `name`: `<what>.<step>.before` or `.after`. tests/e2e/failpoint_test.py finds them by running with `trace`.
#define SLUICE_FAILPOINT(name)                         \
  do {                                                 \
    if (::sluice::base::failpoint::armed) [[unlikely]] \
      ::sluice::base::failpoint::Reached(name);        \
  } while (false)
