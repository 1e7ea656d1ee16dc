#include "cli/cluster_commands.h"

#include <CLI/CLI.hpp>

#include "cli/session.h"

namespace sluice::cli {
namespace {

void AddCommon(CLI::App& command, ClusterFlags& flags) {
  command.add_option("--kubeconfig", flags.kubeconfig, "Path to a kubeconfig; else $KUBECONFIG, the pod's service account, ~/.kube/config");
  command.add_option("--context", flags.context, "Context of the kubeconfig");
  command.add_option("-n,--namespace", flags.ns, "Namespace")->capture_default_str();
}

}  // namespace

void AddClusterCommands(CLI::App& app, ClusterFlags& flags) {
  CLI::App* get = app.add_subcommand("get", "List Kustomizations and sources with their state");
  AddCommon(*get, flags);
  get->add_option("kind", flags.kind, "kustomization (ks), gitrepository (gitrepo), or all");
  get->add_option("name", flags.name, "One object");
  get->add_flag("-A,--all-namespaces", flags.all_namespaces, "Of every namespace");
  get->add_option("-o,--output", flags.output, "table, yaml or json")
      ->check(CLI::IsMember({"table", "yaml", "json"}))
      ->capture_default_str();

  CLI::App* reconcile = app.add_subcommand("reconcile", "Ask for a reconcile now, and wait for its result");
  AddCommon(*reconcile, flags);
  reconcile->add_option("kind", flags.kind, "kustomization (ks) or gitrepository (gitrepo)")->required();
  reconcile->add_option("name", flags.name, "The object")->required();
  reconcile->add_flag("--with-source", flags.with_source, "Of a Kustomization: its source first");
  reconcile->add_option("--timeout", flags.timeout, "How long to wait")->capture_default_str();

  CLI::App* diff = app.add_subcommand("diff", "Show what applying would change (exit code 0: nothing, 1: something, 2: failed)");
  AddCommon(*diff, flags);
  diff->add_option("target", flags.path, "A directory to build, or the name of a Kustomization with --path")->required();
  diff->add_option("--path", flags.local_path, "Local directory that stands for the Kustomization's spec.path");
  diff->add_flag("--no-color", flags.no_color, "Plain text also on a terminal");
}

int RunClusterCommand(const CLI::App& chosen, const ClusterFlags& flags) {
  const std::string name = chosen.get_name();
  if (name == "get") return RunGet(flags);
  return name == "reconcile" ? RunReconcile(flags) : RunDiff(flags);
}

}  // namespace sluice::cli
