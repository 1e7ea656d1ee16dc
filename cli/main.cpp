// The `sluice` command.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "cli/application.h"

int main(int argc, char** argv) {
  const sluice::cli::Application application;
  return application.Run(argc, argv);
}
