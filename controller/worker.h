// controller/worker.h: the processes in which inputs of strangers are worked on (isolation/pool.h): this program, run again. One process has jobs of one kind: builds of
// Kustomizations (kustomization/build_protocol.h), or charts that are read and rendered (helm_release/render_protocol.h).
#pragma once

#include <chrono>
#include <cstddef>

#include "isolation/sandbox.h"

namespace sluice::controller {

/// What a process is given beside a job's own time, for the talk and for an end with an error of its own.
inline constexpr std::chrono::seconds kWorkerGrace{15};

/// main() of such a process: serves the parent that started it, each of its processes within `limits` and kWorkerGrace, and returns the exit code.
int ServeJobs(isolation::Limits limits = {});

}  // namespace sluice::controller
