// cli/cluster_commands.h: the commands that talk to a cluster. Each declares its own flags and how it runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sluice::cli {

class CommandSet;

/// Which cluster, and what of it.
struct ClusterFlags {
  std::string kubeconfig, context, ns;
  std::string as, as_uid;                        ///< on whose behalf; "": who the kubeconfig says
  std::vector<std::string> as_groups, as_extra;  ///< `key=value` each
  bool all_namespaces = false;
  std::string output = "table";    ///< table, yaml or json
  std::vector<std::string> words;  ///< the kind and the name, as ParseTarget reads them (names: ParseTargets)
  std::string timeout = "5m";
};

/// --kubeconfig, --context, --as and what belongs to it, and -n (default: $FLUX_SYSTEM_NAMESPACE, else `ns`).
void AddConnection(CLI::App& command, ClusterFlags& flags, const char* ns = "flux");
void AddAllNamespaces(CLI::App& command, ClusterFlags& flags);
/// The positional words; `required`: at least one.
void AddTarget(CLI::App& command, ClusterFlags& flags, bool required);
/// The same for commands that take several names.
void AddTargets(CLI::App& command, ClusterFlags& flags);
void AddOutput(CLI::App& command, ClusterFlags& flags);

void AddGet(CLI::App& app, CommandSet& commands);
void AddReconcile(CLI::App& app, CommandSet& commands);
void AddDiff(CLI::App& app, CommandSet& commands);
void AddSuspendResume(CLI::App& app, CommandSet& commands);
void AddExport(CLI::App& app, CommandSet& commands);
void AddStats(CLI::App& app, CommandSet& commands);
void AddTree(CLI::App& app, CommandSet& commands);
void AddTrace(CLI::App& app, CommandSet& commands);
void AddEvents(CLI::App& app, CommandSet& commands);
void AddLogs(CLI::App& app, CommandSet& commands);
void AddDebug(CLI::App& app, CommandSet& commands);
void AddCheck(CLI::App& app, CommandSet& commands);
void AddInstall(CLI::App& app, CommandSet& commands);
void AddUninstall(CLI::App& app, CommandSet& commands);

}  // namespace sluice::cli
