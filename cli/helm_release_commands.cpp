#include "cli/helm_release_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>

#include "cli/cluster_commands.h"
#include "cli/command_set.h"
#include "cli/environment.h"
#include "cli/release_table.h"
#include "cli/session.h"
#include "net/await.h"
#include "releases/actions.h"

namespace sluice::cli {
namespace {

using base::Result;

struct HistoryFlags {
  ClusterFlags cluster;
  std::string release;
  int max = 256;
  bool show_rollback = false;
};

struct RollbackFlags {
  ClusterFlags cluster;
  std::vector<std::string> words;  ///< RELEASE [REVISION]
  std::string server_side = "auto", wait = "hookOnly", dry_run = "none", timeout = "5m0s";
  releases::RollbackOptions options;
};

/// What both commands have to do with.
struct Releases {
  std::unique_ptr<Session> session;
  helm::ChartPool pool;
  std::unique_ptr<releases::Storage> storage;

  static Result<std::unique_ptr<Releases>> Open(const ClusterFlags& flags) {
    auto out = std::make_unique<Releases>();
    TRY(out->session, Session::Open(flags));
    const releases::Storage::Options options{.ns = flags.ns, .manager = "helm", .as = {}, .owner = "", .observer = {}};
    out->storage = std::make_unique<releases::Storage>(*out->session->client, out->session->clock, out->pool, options);
    return out;
  }
};

int RunHistory(const HistoryFlags& flags) {
  auto opened = Releases::Open(flags.cluster);
  if (!opened) return PrintError(opened.error(), 1);
  Releases& releases = **opened;
  Result<helm::History> history = releases.session->Wait(releases.storage->LoadHistory(flags.release));
  if (!history) return PrintError(history.error(), 1);
  if (history->empty()) return PrintError(base::NotFound("release: not found"), 1);
  const auto max = static_cast<std::size_t>(std::max(flags.max, 0));
  if (history->size() > max) history->erase(history->begin(), history->end() - static_cast<std::ptrdiff_t>(max));
  std::cout << FormatHistory(*history, flags.cluster.output, flags.show_rollback) << std::flush;
  return 0;
}

Result<void> ReadWords(const RollbackFlags& flags, releases::RollbackOptions& options) {
  options.name = flags.words.front();
  options.ns = flags.cluster.ns;
  if (flags.words.size() < 2) return {};
  const std::string& text = flags.words[1];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), options.version);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return base::Invalid("could not convert revision to a number: strconv.Atoi: parsing \"" + text + "\": invalid syntax");
}

Result<void> ReadModes(const RollbackFlags& flags, releases::RollbackOptions& options) {
  if (flags.server_side != "auto" && flags.server_side != "true" && flags.server_side != "false")
    return base::Invalid("invalid/unknown release server-side apply method: " + flags.server_side);
  if (flags.server_side != "auto")
    options.server_side = flags.server_side == "true" ? releases::ServerSide::Enabled : releases::ServerSide::Disabled;
  options.wait = flags.wait != "hookOnly" && flags.wait != "false";
  TRY(options.timeout, ParseDurationFlag("--timeout", flags.timeout));
  return {};
}

int RunRollback(const RollbackFlags& flags) {
  releases::RollbackOptions options = flags.options;
  if (const auto read = ReadWords(flags, options); !read) return PrintError(read.error(), 1);
  if (const auto read = ReadModes(flags, options); !read) return PrintError(read.error(), 1);
  auto opened = Releases::Open(flags.cluster);
  if (!opened) return PrintError(opened.error(), 1);
  Releases& releases = **opened;
  Session& session = *releases.session;
  Result<helm::History> history = session.Wait(releases.storage->LoadHistory(options.name));
  if (!history) return PrintError(history.error(), 1);
  if (flags.dry_run != "none" && flags.dry_run != "false") {
    if (const auto possible = releases::CheckRollback(options, *history); !possible) return PrintError(possible.error(), 1);
  } else {
    releases::PollingFollower follower(*session.client, session.clock);
    releases::Actions actions({.client = *session.client,
                               .clock = session.clock,
                               .storage = *releases.storage,
                               .follower = follower,
                               .log = base::Logger::Null(),
                               .as = {},
                               .manager = "helm"});
    const releases::Outcome outcome = session.Wait(actions.Rollback(std::move(options), *std::move(history)));
    std::cout << outcome.logs;
    if (outcome.error) return PrintError(*outcome.error, 1);
  }
  std::cout << "Rollback was a success! Happy Helming!\n";
  return 0;
}

void AddHistory(CLI::App& app, CommandSet& commands) {
  const auto flags = std::make_shared<HistoryFlags>();
  CLI::App* command = app.add_subcommand("history", "List the revisions of a Helm release, as `helm history` does")->alias("hist");
  command->add_option("release", flags->release, "The release")->required();
  AddConnection(*command, flags->cluster, "default");
  AddOutput(*command, flags->cluster);
  command->add_option("--max", flags->max, "So many revisions at most, the newest")->capture_default_str();
  command->add_flag("--show-rollback-revision", flags->show_rollback, "A column with the revision that was gone back to");
  commands.Add(command, [flags] { return RunHistory(*flags); });
}

void AddRollbackFlags(CLI::App& command, RollbackFlags& flags) {
  releases::RollbackOptions& options = flags.options;
  options.force_conflicts = false;
  options.wait_for_jobs = false;
  options.max_history = std::atoi(EnvironmentOr("HELM_MAX_HISTORY", "10").c_str());
  command.add_option("--description", options.description, "What to say of the new revision (256 characters)");
  CLI::Option* replace = command.add_flag("--force-replace,--force", options.force, "Replace objects instead of changing them");
  command.add_flag("--force-conflicts", options.force_conflicts, "Take fields over from other managers")->excludes(replace);
  command.add_option("--server-side", flags.server_side, "true, false, or auto: as the revision gone back to")->capture_default_str();
  command.add_flag("--no-hooks", options.disable_hooks, "Run no hooks");
  command.add_option("--timeout", flags.timeout, "Of each hook and of the wait")->capture_default_str();
  command.add_option("--wait", flags.wait, "Wait until the objects are ready: watcher, legacy, hookOnly")
      ->expected(0, 1)
      ->default_str("watcher")
      ->check(CLI::IsMember({"watcher", "legacy", "hookOnly", "true", "false"}));
  command.add_flag("--wait-for-jobs", options.wait_for_jobs, "With --wait: until all Jobs are complete");
  command.add_flag("--cleanup-on-fail", options.cleanup_on_fail, "Delete what was created, if it fails");
  command.add_option("--history-max", options.max_history, "So many revisions are kept ($HELM_MAX_HISTORY); 0: all")->capture_default_str();
  command.add_option("--dry-run", flags.dry_run, "none, client or server")->expected(0, 1)->default_str("client");
}

void AddRollback(CLI::App& app, CommandSet& commands) {
  const auto flags = std::make_shared<RollbackFlags>();
  CLI::App* command = app.add_subcommand("rollback", "Bring a Helm release back to an earlier revision, as `helm rollback` does");
  command->add_option("release", flags->words, "RELEASE [REVISION]; without a revision the one before the last")
      ->required()
      ->expected(1, 2);
  AddConnection(*command, flags->cluster, "default");
  AddRollbackFlags(*command, *flags);
  commands.Add(command, [flags] { return RunRollback(*flags); });
}

}  // namespace

void AddHelmReleaseCommands(CLI::App& app, CommandSet& commands) {
  AddHistory(app, commands);
  AddRollback(app, commands);
}

}  // namespace sluice::cli
