// The `sluice` command.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/failpoint.h"
#include "cli/application.h"
#include "cli/controller_command.h"
#include "controller/kustomization/builder.h"

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == sluice::cli::kBuildWorkerCommand)
    return sluice::controller::kustomization::ServeBuilds(std::chrono::seconds(std::atoll(argv[2])));
  if (const char* point = std::getenv("SLUICE_FAILPOINT"); point != nullptr)
    sluice::base::ArmFailpoint(point);  // tests only; see base/failpoint.h
  return sluice::cli::Application::Run(argc, argv);
}
