// cli/controller_command.h: `sluice controller`: builds every part once, hands each what it needs, and runs until a signal.
#pragma once

#include <string_view>

#include "cli/controller_flags.h"

namespace sluice::cli {

/// As what the controller runs its own program again, for builds (controller/kustomization/builder.h: ServeBuilds). Not for people.
inline constexpr std::string_view kBuildWorkerCommand = "__build-worker";

/// Runs until SIGTERM or SIGINT; returns the exit code.
int RunController(const ControllerFlags& flags);

}  // namespace sluice::cli
