// `sluice_helm_tool template|lint|show|render-raw`: the commands of cli/helm_commands.h and nothing else.
#include <CLI/CLI.hpp>

#include "cli/command_set.h"
#include "cli/helm_commands.h"

int main(int argc, char** argv) {
  CLI::App app("Sluice's Helm commands");
  sluice::cli::CommandSet commands;
  app.require_subcommand(1);
  sluice::cli::AddHelmCommands(app, commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  return commands.Run(app, [](const CLI::App&) { return 1; });
}
