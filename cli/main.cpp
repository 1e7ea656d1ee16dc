// The `sluice` command.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/failpoint.h"
#include "cli/application.h"

int main(int argc, char** argv) {
  if (const char* point = std::getenv("SLUICE_FAILPOINT"); point != nullptr)
    sluice::base::ArmFailpoint(point);  // tests only; see base/failpoint.h
  return sluice::cli::Application::Run(argc, argv);
}
