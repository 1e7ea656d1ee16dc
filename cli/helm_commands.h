// cli/helm_commands.h: `sluice template`, `lint` and `show`, which do what helm's commands of these names do, without a cluster.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

class CommandSet;

void AddHelmCommands(CLI::App& app, CommandSet& commands);

}  // namespace sluice::cli
