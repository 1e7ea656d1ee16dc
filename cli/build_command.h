// cli/build_command.h: `sluice build`: prints what `kustomize build` prints; `sluice build kustomization`: what the controller would apply.
#pragma once

#include <string>
#include <vector>

#include "cli/cluster_commands.h"
#include "cli/local_build.h"

namespace CLI {
class App;
}

namespace sluice::cli {

struct BuildFlags {
  std::string path = ".";
  std::string output;  ///< a file, or a directory that gets one file a resource; "" is standard output
  std::string load_restrictor = "LoadRestrictionsRootOnly";
  std::string reorder;
  bool enable_helm = false, enable_alpha_plugins = false, enable_exec = false, managed_by_label = false;
  std::vector<std::string> without_effect;  ///< flags of kustomize that were given and mean nothing here
  // build kustomization
  ClusterFlags cluster;
  LocalBuildFlags local;
};

/// Declares the command and its flags; they end in `flags`, which outlives `app`.
void AddBuildCommand(CLI::App& app, BuildFlags& flags);

/// Runs it; returns the exit code. Prints to standard output, warnings and errors to standard error.
int RunBuild(const BuildFlags& flags);
/// The same for `build kustomization`.
int RunBuildKustomization(const BuildFlags& flags);

}  // namespace sluice::cli
