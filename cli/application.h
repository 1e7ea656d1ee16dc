// cli/application.h: every command, declared.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace sluice::cli {

/// The flags of a connection may stand before the command, as the flux CLI and kubectl take them: `-n apps get ks` becomes `get -n apps ks`. `words` are what
/// follows the program's name. Pure.
std::vector<std::string> FlagsBehindCommand(std::vector<std::string> words);

class Application {
 public:
  /// Declares every command, or only those that are declared together with `command`.
  explicit Application(std::string_view command = {});
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  const CLI::App& app() const;
  /// Parses and runs; returns the exit code. Called as `kubectl-sluice` it speaks of itself as `kubectl sluice`.
  /// A command is first declared alone, since all of them are a third of what a small build costs; what is not a good use of it (help,
  /// mistakes, completion) is answered with all commands declared.
  static int Run(int argc, char** argv);

 private:
  bool Parses(const std::vector<std::string>& words) const;
  int ParseAndRun(const std::vector<std::string>& words) const;
  int UnknownCommand(const std::string& word) const;
  int RunChosen() const;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::cli
