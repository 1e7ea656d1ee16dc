#include "cli/application.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "cli/build_command.h"
#include "cli/cluster_commands.h"
#include "cli/command_set.h"
#include "cli/completion.h"
#include "cli/controller_command.h"
#include "cli/helm_commands.h"
#include "cli/helm_release_commands.h"
#include "cli/migrate_command.h"
#include "cli/version.h"

namespace sluice::cli {

struct Application::Impl {
  CLI::App app{"Sluice: a commit in Git reaches the cluster, quickly and completely."};
  CommandSet commands;
  BuildFlags build;
  ControllerFlags controller;
};

Application::Application() : impl_(std::make_unique<Impl>()) {
  CLI::App& app = impl_->app;
  CommandSet& commands = impl_->commands;
  app.require_subcommand(1);
  app.set_version_flag("--version", VersionText());
  app.failure_message(CLI::FailureMessage::help);
  AddInstall(app, commands);
  AddCheck(app, commands);
  AddGet(app, commands);
  AddEvents(app, commands);
  AddTree(app, commands);
  AddTrace(app, commands);
  AddLogs(app, commands);
  AddStats(app, commands);
  AddReconcile(app, commands);
  AddSuspendResume(app, commands);
  AddBuildCommand(app, impl_->build);
  AddHelmCommands(app, commands);
  AddHelmReleaseCommands(app, commands);
  AddDiff(app, commands);
  AddExport(app, commands);
  AddDebug(app, commands);
  AddMigrate(app, commands);
  AddUninstall(app, commands);
  AddControllerCommand(app, impl_->controller);
  AddCompletion(app, commands);
  commands.Add(app.add_subcommand("version", "Print the version"), [] {
    std::cout << VersionText() << "\n";
    return 0;
  });
}

Application::~Application() = default;

const CLI::App& Application::app() const { return impl_->app; }

int Application::Run(int argc, char** argv) const {
  CLI::App& app = impl_->app;
  const std::string called = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "";
  app.name(called.starts_with("kubectl-") ? "kubectl sluice" : "sluice");
  if (argc > 1 && std::string_view(argv[1]) == "__complete") {  // what the completion scripts ask; the words are not to be parsed
    std::vector<std::string> words(argv + 2, argv + argc);
    if (!words.empty() && words.front() == "--") words.erase(words.begin());
    for (const std::string& word : Complete(app, words)) std::cout << word << "\n";
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool diff = argc > 1 && std::string_view(argv[1]) == "diff";  // whose 1 says that something differs
    return app.exit(error) == 0 ? 0 : diff ? 2 : 1;                     // help is no failure; all others are 1, as with kustomize and flux
  }
  return impl_->commands.Run(app, [this](const CLI::App& chosen) {
    if (chosen.get_name() == "build")
      return chosen.got_subcommand("kustomization") ? RunBuildKustomization(impl_->build) : RunBuild(impl_->build);
    return RunController(impl_->controller);
  });
}

}  // namespace sluice::cli
