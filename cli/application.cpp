#include "cli/application.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
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

namespace {

struct Commands {
  CLI::App app{"Sluice: a commit in Git reaches the cluster, quickly and completely."};
  CommandSet set;
  BuildFlags build;
  ControllerFlags controller;
};

int PrintVersion() {
  std::cout << VersionText() << "\n";
  return 0;
}

/// What is declared by one function.
struct Group {
  std::array<std::string_view, 4> names;
  void (*declare)(Commands& to);
};

constexpr Group kGroups[] = {
    {{"install"}, [](Commands& to) { AddInstall(to.app, to.set); }},
    {{"check"}, [](Commands& to) { AddCheck(to.app, to.set); }},
    {{"get"}, [](Commands& to) { AddGet(to.app, to.set); }},
    {{"events"}, [](Commands& to) { AddEvents(to.app, to.set); }},
    {{"tree"}, [](Commands& to) { AddTree(to.app, to.set); }},
    {{"trace"}, [](Commands& to) { AddTrace(to.app, to.set); }},
    {{"logs"}, [](Commands& to) { AddLogs(to.app, to.set); }},
    {{"stats"}, [](Commands& to) { AddStats(to.app, to.set); }},
    {{"reconcile"}, [](Commands& to) { AddReconcile(to.app, to.set); }},
    {{"suspend", "resume"}, [](Commands& to) { AddSuspendResume(to.app, to.set); }},
    {{"build"}, [](Commands& to) { AddBuildCommand(to.app, to.build); }},
    {{"template", "render-raw", "show", "lint"}, [](Commands& to) { AddHelmCommands(to.app, to.set); }},
    {{"history", "rollback"}, [](Commands& to) { AddHelmReleaseCommands(to.app, to.set); }},
    {{"diff"}, [](Commands& to) { AddDiff(to.app, to.set); }},
    {{"export"}, [](Commands& to) { AddExport(to.app, to.set); }},
    {{"debug"}, [](Commands& to) { AddDebug(to.app, to.set); }},
    {{"migrate"}, [](Commands& to) { AddMigrate(to.app, to.set); }},
    {{"uninstall"}, [](Commands& to) { AddUninstall(to.app, to.set); }},
    {{"controller"}, [](Commands& to) { AddControllerCommand(to.app, to.controller); }},
    {{"completion"}, [](Commands& to) { AddCompletion(to.app, to.set); }},
    {{"version"}, [](Commands& to) { to.set.Add(to.app.add_subcommand("version", "Print the version"), PrintVersion); }},
};

}  // namespace

struct Application::Impl : Commands {};

Application::Application(std::string_view command) : impl_(std::make_unique<Impl>()) {
  CLI::App& app = impl_->app;
  app.require_subcommand(1);
  app.set_version_flag("--version", VersionText());
  app.failure_message(CLI::FailureMessage::help);
  for (const Group& group : kGroups) {
    if (command.empty() || std::ranges::find(group.names, command) != group.names.end()) group.declare(*impl_);
  }
}

Application::~Application() = default;

const CLI::App& Application::app() const { return impl_->app; }

int Application::Run(int argc, char** argv) {
  if (argc > 1 && *argv[1] != '\0') {
    const Application one(argv[1]);
    if (one.Parses(argc, argv)) return one.RunChosen();
  }
  return Application().ParseAndRun(argc, argv);
}

bool Application::Parses(int argc, char** argv) const {
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::ParseError&) {
    return false;
  }
  return true;
}

int Application::ParseAndRun(int argc, char** argv) const {
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
  return RunChosen();
}

int Application::RunChosen() const {
  return impl_->set.Run(impl_->app, [this](const CLI::App& chosen) {
    if (chosen.get_name() == "build")
      return chosen.got_subcommand("kustomization") ? RunBuildKustomization(impl_->build) : RunBuild(impl_->build);
    return RunController(impl_->controller);
  });
}

}  // namespace sluice::cli
