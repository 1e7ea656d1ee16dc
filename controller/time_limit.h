// controller/time_limit.h: how long a build or a render may take. The engines have no clock: they ask the function that is made here at every step.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::controller {

struct TimeLimits {
  base::Duration cpu = std::chrono::seconds(30);   ///< of the thread that works
  base::Duration wall = std::chrono::seconds(60);  ///< waiting included: for others' threads, and for what a template looks up
};

/// Counts from this call on, for the thread that makes it. What is returned costs some nanoseconds a call and fails, in that thread, once a limit is passed
/// (TooLarge): `the build takes more than 30s of CPU time: split it, or raise --build-max-cpu-time`. `what` and `remedy` are put into it; `flags`
/// (`--build-max`) is what the flags' names begin with.
std::function<base::Result<void>()> StopAfter(const TimeLimits& limits, std::string what, std::string remedy, std::string flags);

}  // namespace sluice::controller
