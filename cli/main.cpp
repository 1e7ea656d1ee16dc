// The `sluice` command.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/failpoint.h"
#include "cli/application.h"
#include "cli/controller_command.h"
#include "controller/worker.h"

int main(int argc, char** argv) {
  if (argc == 4 && argv[1] == sluice::cli::kBuildWorkerCommand) {
    return sluice::controller::ServeJobs(
        {.memory_bytes = static_cast<std::size_t>(std::atoll(argv[3])), .cpu = std::chrono::seconds(std::atoll(argv[2]))});
  }
  if (const char* point = std::getenv("SLUICE_FAILPOINT"); point != nullptr)
    sluice::base::ArmFailpoint(point);  // tests only; see base/failpoint.h
  return sluice::cli::Application::Run(argc, argv);
}
