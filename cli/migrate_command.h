// cli/migrate_command.h: `sluice migrate`: objects of older Flux versions, in files or in the cluster.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

class CommandSet;
void AddMigrate(CLI::App& app, CommandSet& commands);

}  // namespace sluice::cli
