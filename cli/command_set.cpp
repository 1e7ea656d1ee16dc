#include "cli/command_set.h"

#include <CLI/CLI.hpp>

namespace sluice::cli {

int CommandSet::Run(const CLI::App& app, const std::function<int(const CLI::App& chosen)>& fallback) const {
  const CLI::App* chosen = app.get_subcommands().front();
  while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
  const auto at = runs_.find(chosen);
  return at == runs_.end() ? fallback(*app.get_subcommands().front()) : at->second();
}

}  // namespace sluice::cli
