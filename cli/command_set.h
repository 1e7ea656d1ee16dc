// cli/command_set.h: which function runs for which command. Each command file declares its flags and hands in a function; main() runs the chosen.
#pragma once

#include <functional>
#include <map>

namespace CLI {
class App;
}

namespace sluice::cli {

class CommandSet {
 public:
  /// `run` returns the exit code. `command` has been added to the application.
  void Add(const CLI::App* command, std::function<int()> run) { runs_[command] = std::move(run); }
  /// Runs the innermost command that was chosen on the command line; `fallback` for one that nobody has added.
  int Run(const CLI::App& app, const std::function<int(const CLI::App& chosen)>& fallback) const;

 private:
  std::map<const CLI::App*, std::function<int()>> runs_;
};

}  // namespace sluice::cli
