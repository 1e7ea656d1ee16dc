// cli/migrate_command.h: `sluice migrate`: manifests of older Flux versions, in files.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

class CommandSet;
void AddMigrate(CLI::App& app, CommandSet& commands);

}  // namespace sluice::cli
