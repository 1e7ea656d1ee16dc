// One action of releases/actions.h on a cluster, as a process that a test can kill (SLUICE_FAILPOINT). Prints what came of it as one line of JSON;
// leaves with 1 if the action failed.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "base/failpoint.h"
#include "base/random.h"
#include "document/json.h"
#include "helm/chart/yaml_values.h"
#include "helm/release/digest.h"
#include "kube/config.h"
#include "net/await.h"
#include "releases/actions.h"

namespace {

using namespace sluice;  // NOLINT: a program of its own
using base::Result;

struct Flags {
  std::string action, name, chart, kubeconfig, ns = "default", storage_ns, values, owner, description, manager = "helm-controller",
                                               timeout = "60s", crds = "Create";
  std::string server_side = "auto", propagation = "background";
  std::vector<std::string> tests, labels;
  int version = 0, max_history = 0;
  bool wait = false, no_hooks = false, take_ownership = false, replace = false, create_namespace = false, force = false, cleanup = false,
       keep_history = false, reuse_values = false;
};

template <class T>
T Or(Result<T> result) {
  if (result) return std::move(result).value();
  std::cerr << "Error: " << result.error().message << "\n";
  std::exit(1);
}

helm::Chart Chart(const Flags& flags) {
  const auto files = base::OpenDirectory("/", std::uint64_t{128} << 20);
  return Or(helm::LoadChart(*files, flags.chart.substr(1), helm::Dialect::Helm4));
}

std::string Text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

releases::ServerSide Mode(const std::string& text) {
  if (text == "auto") return releases::ServerSide::Auto;
  return text == "true" ? releases::ServerSide::Enabled : releases::ServerSide::Disabled;
}

void Fill(const Flags& flags, releases::ActionOptions& options) {
  options.name = flags.name;
  options.ns = flags.ns;
  options.timeout = *base::ParseGoDuration(flags.timeout);
  options.wait = flags.wait;
  options.disable_hooks = flags.no_hooks;
  options.description = flags.description;
}

std::map<std::string, std::string> Labels(const Flags& flags) {
  std::map<std::string, std::string> labels;
  for (const std::string& text : flags.labels) labels[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  return labels;
}

releases::Actions::ResumeOptions Options(const Flags& flags) {
  releases::Actions::ResumeOptions all;
  Fill(flags, all.install);
  Fill(flags, all.upgrade);
  Fill(flags, all.rollback);
  Fill(flags, all.uninstall);
  all.install.server_side = flags.server_side != "false";
  all.install.take_ownership = all.upgrade.take_ownership = flags.take_ownership;
  all.install.replace = flags.replace;
  all.install.create_namespace = flags.create_namespace;
  all.install.labels = all.upgrade.labels = Labels(flags);
  all.upgrade.server_side = all.rollback.server_side = Mode(flags.server_side);
  all.upgrade.force = all.rollback.force = flags.force;
  all.upgrade.cleanup_on_fail = all.rollback.cleanup_on_fail = flags.cleanup;
  all.upgrade.max_history = all.rollback.max_history = flags.max_history;
  all.rollback.version = flags.version;
  all.uninstall.keep_history = flags.keep_history;
  if (flags.propagation == "foreground") all.uninstall.propagation = kube::Propagation::Foreground;
  if (flags.propagation == "orphan") all.uninstall.propagation = kube::Propagation::Orphan;
  return all;
}

helm::Draft Draft(const Flags& flags, const helm::History& history, bool upgrade, helm::ChartPool& pool) {
  helm::DraftOptions options{.pool = &pool};
  options.render.name = flags.name;
  options.render.ns = flags.ns;
  options.render.revision = upgrade || flags.replace ? helm::NextRevision(history) : 1;
  options.render.is_upgrade = upgrade;
  if (flags.reuse_values) options.reuse = &history.back().release;
  const helm::Value values = flags.values.empty() ? helm::Value::NewMap() : Or(helm::ParseValues(Text(flags.values), helm::Dialect::Helm4));
  return Or(helm::MakeDraft(Chart(flags), values, options));
}

net::Task<releases::Outcome> Act(const Flags& flags, releases::Actions& actions, helm::History history, helm::ChartPool& pool) {
  releases::Actions::ResumeOptions options = Options(flags);
  if (flags.action == "install" || flags.action == "upgrade") {
    const releases::CrdPolicy policy = flags.crds == "Skip"            ? releases::CrdPolicy::Skip
                                       : flags.crds == "CreateReplace" ? releases::CrdPolicy::CreateReplace
                                                                       : releases::CrdPolicy::Create;
    const helm::Chart chart = Chart(flags);
    std::vector<helm::CrdFile> crds = helm::Crds(chart);
    std::map<std::string, std::string> labels;
    const auto applied = co_await actions.ApplyCrds(std::move(crds), policy, flags.server_side != "false", std::move(labels));
    if (!applied) {
      releases::Outcome outcome;
      outcome.error = applied.error();
      co_return outcome;
    }
    const bool upgrade = flags.action == "upgrade";
    helm::Draft draft = Draft(flags, history, upgrade, pool);
    if (upgrade) co_return co_await actions.Upgrade(std::move(options.upgrade), std::move(history), std::move(draft));
    co_return co_await actions.Install(std::move(options.install), std::move(history), std::move(draft));
  }
  if (flags.action == "rollback") co_return co_await actions.Rollback(std::move(options.rollback), std::move(history));
  if (flags.action == "uninstall") co_return co_await actions.Uninstall(std::move(options.uninstall), std::move(history));
  if (flags.action == "unlock") co_return co_await actions.Unlock(std::move(history));
  if (flags.action == "resume") co_return co_await actions.Resume(std::move(options), std::move(history));
  releases::TestOptions test;
  Fill(flags, test);
  for (const std::string& name : flags.tests)
    test.filters.push_back({.name = name.substr(name.starts_with('!') ? 1 : 0), .exclude = name.starts_with('!')});
  co_return co_await actions.Test(std::move(test), std::move(history));
}

document::Value Shown(const releases::Outcome& outcome, const kube::Client& client) {
  document::Value shown = document::Value::Mapping();
  shown.Set("error", outcome.error ? outcome.error->message : "");
  shown.Set("info", outcome.info);
  shown.Set("logs", outcome.logs);
  if (outcome.record) {
    const helm::Release& release = outcome.record->release;
    shown.Set("version", release.version);
    shown.Set("status", helm::ToString(release.info.status));
    shown.Set("description", release.info.description);
    shown.Set("digest", helm::SnapshotDigest(release, ""));
    shown.Set("owner", outcome.record->progress.owner);
  }
  std::uint64_t requests = 0;
  for (const kube::RequestCount& count : const_cast<kube::Client&>(client).transport().counts()) requests += count.count;
  shown.Set("requests", requests);
  return shown;
}

int Run(const Flags& flags) {
  net::Runtime runtime;
  base::SystemClock clock;
  base::SeededRandom random(base::SystemSeed());
  kube::ClusterConfig config = Or(kube::LoadKubeconfig(flags.kubeconfig, "", {}));
  kube::Client client({runtime.io(), clock, random, base::Logger::Null()}, std::move(config));
  helm::ChartPool pool;
  releases::Storage storage(client, clock, pool,
                            {.ns = flags.storage_ns.empty() ? flags.ns : flags.storage_ns, .manager = flags.manager, .owner = flags.owner});
  releases::PollingFollower follower(client, clock);
  releases::Actions actions({.client = client,
                             .clock = clock,
                             .storage = storage,
                             .follower = follower,
                             .log = base::Logger::ToStderr(base::LogLevel::Info),
                             .as = {},
                             .manager = flags.manager});
  helm::History history = Or(runtime.BlockOn(storage.LoadHistory(flags.name)));
  const releases::Outcome outcome = runtime.BlockOn(Act(flags, actions, std::move(history), pool));
  std::cout << document::EmitJson(Shown(outcome, client)) << "\n";
  return outcome.ok() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const char* point = std::getenv("SLUICE_FAILPOINT");
  base::ArmFailpoint(point == nullptr ? "" : point);
  Flags flags;
  CLI::App app{"One action on a release."};
  app.add_option("action", flags.action)->required();
  app.add_option("name", flags.name)->required();
  app.add_option("chart", flags.chart);
  app.add_option("--kubeconfig", flags.kubeconfig)->required();
  app.add_option("-n", flags.ns);
  app.add_option("--storage-namespace", flags.storage_ns);
  app.add_option("--values", flags.values);
  app.add_option("--owner", flags.owner);
  app.add_option("--description", flags.description);
  app.add_option("--manager", flags.manager)->take_last();
  app.add_option("--timeout", flags.timeout)->take_last();
  app.add_option("--crds", flags.crds);
  app.add_option("--server-side", flags.server_side);
  app.add_option("--propagation", flags.propagation);
  app.add_option("--test", flags.tests);
  app.add_option("--label", flags.labels);
  app.add_option("--revision", flags.version);
  app.add_option("--history-max", flags.max_history);
  app.add_flag("--wait", flags.wait);
  app.add_flag("--no-hooks", flags.no_hooks);
  app.add_flag("--take-ownership", flags.take_ownership);
  app.add_flag("--replace", flags.replace);
  app.add_flag("--create-namespace", flags.create_namespace);
  app.add_flag("--force", flags.force);
  app.add_flag("--cleanup-on-fail", flags.cleanup);
  app.add_flag("--keep-history", flags.keep_history);
  app.add_flag("--reuse-values", flags.reuse_values);
  CLI11_PARSE(app, argc, argv);
  return Run(flags);
}
