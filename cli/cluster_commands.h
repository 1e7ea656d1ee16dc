// cli/cluster_commands.h: the commands that talk to a cluster: diff, get, reconcile.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace sluice::cli {

struct ClusterFlags {
  std::string kubeconfig, context, ns = "flux";
  bool all_namespaces = false;
  std::string output = "table";  ///< table, yaml or json
  std::string kind, name, path;  ///< what a command is about
  std::string local_path;        ///< diff: the directory that stands for spec.path
  bool with_source = false, no_color = false;
  std::string timeout = "5m";
};

void AddClusterCommands(CLI::App& app, ClusterFlags& flags);

/// Runs the one that was chosen; returns the exit code (diff: 0 equal, 1 different, 2 failed).
int RunClusterCommand(const CLI::App& chosen, const ClusterFlags& flags);

}  // namespace sluice::cli
