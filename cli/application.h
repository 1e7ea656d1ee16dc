// cli/application.h: every command, declared.
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace sluice::cli {

class Application {
 public:
  Application();
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  const CLI::App& app() const;
  /// Parses and runs; returns the exit code. Called as `kubectl-sluice` it speaks of itself as `kubectl sluice`.
  int Run(int argc, char** argv) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::cli
