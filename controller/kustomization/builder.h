// controller/kustomization/builder.h: where Kustomizations are built: each in a process that has nothing but its tree (threats T78, T84), or in this one.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "controller/kustomization/build.h"
#include "isolation/pool.h"

namespace sluice::controller::kustomization {

class Builder {
 public:
  /// Builds in this process.
  Builder() = default;
  /// Builds in processes of `workers.command`, whose main() calls ServeJobs (controller/worker.h).
  Builder(isolation::PoolOptions workers, base::Logger log);

  /// As kustomization::Build, with what only processes can do to one: Internal (it crashed, hung, or ran out of memory: a bug of ours that its input has met),
  /// Unavailable (no process could be started), Canceled. From any thread.
  base::Result<BuildOutput> Build(const BuildInput& input, std::stop_token stop = {});

 private:
  std::unique_ptr<isolation::Pool> pool_;
};

/// Whose builds may follow each other in one process: those of the same namespace and source that are applied as the same account to the same cluster, and so could be one
/// Kustomization. "" for one that holds secrets: it shares with nobody.
std::string SharedBy(const BuildInput& input);

/// Makes what a build makes once and keeps, and loads the library of the ciphers, which cannot be loaded any more in a process that builds.
void WarmBuilds();

}  // namespace sluice::controller::kustomization
