// cli/controller_command.h: `sluice controller`: builds every part once, hands each what it needs, and runs until a signal.
#pragma once

#include <string_view>

#include "cli/controller_flags.h"

namespace sluice::cli {

/// As what the controller runs its own program again, for builds and renders (controller/worker.h): behind it come the seconds of CPU time and the bytes of memory of a
/// job. Not for people.
inline constexpr std::string_view kBuildWorkerCommand = "__build-worker";

/// Runs until SIGTERM or SIGINT; returns the exit code.
int RunController(const ControllerFlags& flags);

}  // namespace sluice::cli
