#include "cli/cluster_commands.h"

#include <CLI/CLI.hpp>

#include "cli/environment.h"

namespace sluice::cli {

void AddConnection(CLI::App& command, ClusterFlags& flags, const char* ns) {
  flags.ns = EnvironmentOr("FLUX_SYSTEM_NAMESPACE", ns);
  command.add_option("--kubeconfig", flags.kubeconfig, "Path to a kubeconfig; else $KUBECONFIG, the pod's service account, ~/.kube/config")
      ->take_last();
  command.add_option("--context", flags.context, "Context of the kubeconfig")->take_last();
  command.add_option("--as", flags.as, "User or service account to impersonate")->take_last();
  command.add_option("--as-uid", flags.as_uid, "UID to impersonate")->take_last();
  const auto one_each = CLI::MultiOptionPolicy::TakeAll;
  command.add_option("--as-group", flags.as_groups, "Group to impersonate; once for each")
      ->allow_extra_args(false)
      ->multi_option_policy(one_each);
  command.add_option("--as-user-extra", flags.as_extra, "KEY=VALUE that the user to impersonate has besides; once for each")
      ->allow_extra_args(false)
      ->multi_option_policy(one_each);
  command.add_option("-n,--namespace", flags.ns, "Namespace ($FLUX_SYSTEM_NAMESPACE sets the default)")->capture_default_str()->take_last();
}

void AddAllNamespaces(CLI::App& command, ClusterFlags& flags) {
  command.add_flag("-A,--all-namespaces", flags.all_namespaces, "Of every namespace");
}

void AddTarget(CLI::App& command, ClusterFlags& flags, bool required) {
  CLI::Option* words = command.add_option("kind", flags.words, "ks NAME, kustomization/NAME, source git NAME, hr, sources, images, all, …");
  words->expected(required ? 1 : 0, 3);
  if (required) words->required();
}

void AddTargets(CLI::App& command, ClusterFlags& flags) {
  command.add_option("kind", flags.words, "ks NAME…, source git NAME…, hr, …")->expected(1, 1000)->required();
}

void AddOutput(CLI::App& command, ClusterFlags& flags) {
  command.add_option("-o,--output", flags.output, "table, yaml or json")
      ->check(CLI::IsMember({"table", "yaml", "json"}))
      ->capture_default_str();
}

}  // namespace sluice::cli
