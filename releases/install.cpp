// Install (helm-contract 13.2).
#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "releases/actions.h"
#include "releases/located.h"
#include "releases/run.h"

namespace sluice::releases {
namespace {

using base::Result;
using document::Value;
using helm::ReleaseStatus;

Result<void> CheckInstall(const InstallOptions& options, const helm::History& history) {
  if (const auto valid = helm::ValidateReleaseName(options.name); !valid)
    return valid.error().Wrap("release name check failed: release name \"" + options.name + "\"");
  if (const auto free = helm::CheckNameIsFree(history, options.replace); !free) return free.error().Wrap("release name check failed");
  return helm::CheckUserLabels(options.labels);
}

helm::ReleaseRecord NewRecord(const InstallOptions& options, const helm::History& history, helm::Draft draft, base::TimePoint now) {
  helm::ReleaseRecord record;
  helm::Release& release = record.release;
  release.name = options.name;
  release.ns = options.ns;
  release.version = options.replace ? helm::NextRevision(history) : 1;
  release.info.first_deployed = release.info.last_deployed = helm::ReleaseTimeOf(now);
  release.info.notes = std::move(draft.notes);
  release.SetStatus(ReleaseStatus::PendingInstall, "Initial install underway");
  release.chart = std::move(draft.chart);
  release.config = std::move(draft.config);
  release.manifest = std::move(draft.manifest);
  release.hooks = std::move(draft.hooks);
  release.apply_method = options.server_side ? "ssa" : "csa";
  release.labels = options.labels;
  return record;
}

}  // namespace

net::Task<Outcome> Actions::Install(InstallOptions options, helm::History history, helm::Draft draft) {
  const Result<void> allowed = CheckInstall(options, history);
  if (!allowed) co_return Failed(allowed.error());
  helm::ReleaseRecord record = NewRecord(options, history, std::move(draft), env_.clock.Now());
  const std::string what = "unable to build kubernetes objects from release manifest";
  Result<std::vector<Value>> targets = co_await Build(env_.client, record.release.manifest_text(), options.ns, what);
  if (!targets) co_return Failed(targets.error());
  std::vector<Value> adopted;
  if (!options.take_ownership || !options.server_side) {
    Result<std::vector<Value>> there = co_await Adopt(*targets, options.name, options.ns, options.take_ownership);
    if (!there) co_return Failed(there.error().Wrap("unable to continue with install"));
    adopted = *std::move(there);
  }
  if (options.create_namespace) {
    const Result<void> created = co_await CreateNamespace(options.ns, options.server_side);
    if (!created) co_return Failed(created.error());
  }
  if (options.replace && !history.empty() && history.back().release.info.status != ReleaseStatus::Failed) {
    const Result<void> superseded = co_await env_.storage.Supersede(history.back(), "superseded by new release");
    if (!superseded) co_return Failed(superseded.error());
  }
  const Result<void> created = co_await env_.storage.Create(record);
  if (!created) co_return Failed(created.error());
  co_return co_await PerformInstall(std::move(options), std::move(record), *std::move(targets), std::move(adopted), false);
}

// `again`: it was begun before, so the objects may be there.
net::Task<Outcome> Actions::PerformInstall(InstallOptions options, helm::ReleaseRecord record, std::vector<Value> targets,
                                           std::vector<Value> adopted, bool again) {
  const std::string name = record.release.name;
  Run run(env_, options, std::move(record));
  const helm::Release& release = run.record().release;
  const auto failed = [&name](const base::Error& error) { return "Release \"" + name + "\" failed: " + error.message; };
  Result<void> done = co_await run.Hooks("pre-install", "failed pre-install");
  if (done && again) {
    const std::string what = "unable to build kubernetes objects from release manifest";
    Result<std::vector<Value>> built = co_await Build(env_.client, release.manifest_text(), release.ns, what);
    if (!built) done = built.error();
    if (built) targets = *std::move(built);
  }
  if (done) {
    for (Value& object : targets) helm::SetOwnership(object, name, release.ns);
    WriterOptions writing = run.Writing();
    writing.force_conflicts = options.force_conflicts;
    writing.strict = options.strict_validation;
    writing.three_way_for_custom = options.take_ownership && !writing.server_side;
    writing.upgrade_managers = true;
    Writer writer(env_.client, env_.follower, writing);
    const bool plain = writing.server_side || (adopted.empty() && !again);
    WriteResult written;
    if (plain) written = co_await writer.CreateAll(targets);
    if (!plain) written = co_await writer.Update(std::move(adopted), targets);
    if (written.error) done = *written.error;
  }
  if (done) done = co_await run.Ready(targets);
  if (done) done = co_await run.Hooks("post-install", "failed post-install");
  if (done) co_return co_await run.Succeed("Install complete");
  std::string description = failed(done.error());
  co_return co_await run.Fail(std::move(done).error(), std::move(description));
}

}  // namespace sluice::releases
