#include "cli/application.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <span>
#include <utility>

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

constexpr std::string_view kComplete = "__complete";

const CLI::App* SubcommandNamed(const CLI::App& app, const std::string& word) {
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (sub->check_name(word)) return sub;
  }
  return nullptr;
}

/// How many letters must be put in, taken out or changed to make one word of the other (Levenshtein).
std::size_t LettersApart(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// How many words the flag at the front of `words` takes, with its value; 0: it is none of those that may stand before a command.
std::size_t LengthOfFlag(std::span<const std::string> words) {
  const std::string& word = words.front();
  for (const std::string_view flag :
       {"--kubeconfig", "--context", "--as", "--as-uid", "--as-group", "--as-user-extra", "--namespace", "--timeout", "-n"}) {
    if (word == flag) return std::min<std::size_t>(2, words.size());
    const bool joined = flag == "-n" ? word.starts_with("-n") : word.starts_with(std::string(flag) + "=");
    if (joined) return 1;
  }
  return 0;
}

}  // namespace

std::vector<std::string> FlagsBehindCommand(std::vector<std::string> words) {
  std::size_t flags = 0;
  while (flags < words.size()) {
    const std::size_t length = LengthOfFlag(std::span(words).subspan(flags));
    if (length == 0) break;
    flags += length;
  }
  if (flags == 0 || flags >= words.size()) return words;
  const auto first = words.begin(), command = first + static_cast<std::ptrdiff_t>(flags);
  // A command of two words (`build kustomization`) takes its flags behind the second.
  const Application one(*command);
  const CLI::App* at = SubcommandNamed(one.app(), *command);
  auto behind = command + 1;
  while (at != nullptr && behind != words.end()) {
    at = SubcommandNamed(*at, *behind);
    if (at != nullptr) ++behind;
  }
  std::rotate(first, command, behind);
  return words;
}

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
  const std::vector<std::string> words = FlagsBehindCommand({argv + std::min(argc, 1), argv + argc});
  if (!words.empty() && !words.front().empty()) {
    const Application one(words.front());
    if (one.Parses(words)) return one.RunChosen();
  }
  const Application all;
  const std::string called = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "";
  all.impl_->app.name(called.starts_with("kubectl-") ? "kubectl sluice" : "sluice");
  return all.ParseAndRun(words);
}

bool Application::Parses(const std::vector<std::string>& words) const {
  try {
    impl_->app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError&) {
    return false;
  }
  return true;
}

int Application::ParseAndRun(const std::vector<std::string>& words) const {
  CLI::App& app = impl_->app;
  if (!words.empty() && words.front() == kComplete) {  // what the completion scripts ask; the words are not to be parsed
    std::vector<std::string> line(words.begin() + 1, words.end());
    if (!line.empty() && line.front() == "--") line.erase(line.begin());
    const Completion completion = Complete(app, line);
    for (const std::string& word : AllWords(completion)) std::cout << word << "\n";
    return completion.files ? 1 : 0;
  }
  if (!words.empty() && !words.front().empty() && !words.front().starts_with("-") && SubcommandNamed(app, words.front()) == nullptr)
    return UnknownCommand(words.front());
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    const bool diff = !words.empty() && words.front() == "diff";  // whose 1 says that something differs
    return app.exit(error) == 0 ? 0 : diff ? 2 : 1;               // help is no failure; all others are 1, as with kustomize and flux
  }
  return RunChosen();
}

/// The flux CLI's words (spf13/cobra's): commands that begin so, or are two letters away at most.
int Application::UnknownCommand(const std::string& word) const {
  std::cerr << "Error: unknown command \"" << word << "\" for \"" << impl_->app.get_name() << "\"\n";
  std::string near;
  for (const CLI::App* command : impl_->app.get_subcommands({})) {
    const std::string& name = command->get_name();
    if (!command->get_group().empty() && (name.starts_with(word) || LettersApart(word, name) <= 2)) near += "\t" + name + "\n";
  }
  if (!near.empty()) std::cerr << "\nDid you mean this?\n" << near;
  std::cerr << "\nRun '" << impl_->app.get_name() << " --help' for usage.\n";
  return 1;
}

int Application::RunChosen() const {
  return impl_->set.Run(impl_->app, [this](const CLI::App& chosen) {
    if (chosen.get_name() == "build")
      return chosen.got_subcommand("kustomization") ? RunBuildKustomization(impl_->build) : RunBuild(impl_->build);
    return RunController(impl_->controller);
  });
}

}  // namespace sluice::cli
