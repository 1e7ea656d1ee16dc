// The `sluice` command.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "cli/build_command.h"
#include "cli/cluster_commands.h"
#include "cli/controller_command.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  using namespace sluice::cli;
  CLI::App app{"Sluice: a commit in Git reaches the cluster, quickly and completely."};
  app.require_subcommand(1);
  app.set_version_flag("--version", VersionText());
  app.failure_message(CLI::FailureMessage::help);

  BuildFlags build;
  ControllerFlags controller;
  ClusterFlags cluster;
  AddBuildCommand(app, build);
  AddControllerCommand(app, controller);
  AddClusterCommands(app, cluster);
  app.add_subcommand("version", "Print the version");

  CLI11_PARSE(app, argc, argv);
  const CLI::App* chosen = app.get_subcommands().front();
  const std::string name = chosen->get_name();
  if (name == "build") return chosen->got_subcommand("kustomization") ? RunBuildKustomization(build) : RunBuild(build);
  if (name == "controller") return RunController(controller);
  if (name == "version") {
    std::cout << VersionText() << "\n";
    return 0;
  }
  return RunClusterCommand(*chosen, cluster);
}
