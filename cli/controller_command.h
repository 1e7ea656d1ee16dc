// cli/controller_command.h: `sluice controller`: builds every part once, hands each what it needs, and runs until a signal.
#pragma once

#include "cli/controller_flags.h"

namespace sluice::cli {

/// Runs until SIGTERM or SIGINT; returns the exit code.
int RunController(const ControllerFlags& flags);

}  // namespace sluice::cli
