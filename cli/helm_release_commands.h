// cli/helm_release_commands.h: `sluice history` and `sluice rollback`, which do what helm 4's commands of these names do, with its flags, output and words.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

class CommandSet;

void AddHelmReleaseCommands(CLI::App& app, CommandSet& commands);

}  // namespace sluice::cli
