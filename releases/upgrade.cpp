// Upgrade (helm-contract 13.3).
#include "releases/upgrade.h"

#include <algorithm>

#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "releases/located.h"
#include "releases/run.h"

namespace sluice::releases {
namespace {

using base::Result;
using document::Value;
using helm::ReleaseStatus;

constexpr const char* kCurrent = "unable to build kubernetes objects from current release manifest";

std::map<std::string, std::string> MergedLabels(std::map<std::string, std::string> labels, const std::map<std::string, std::string>& more) {
  for (const auto& [key, value] : more) {
    if (value == "null") {
      labels.erase(key);
    } else {
      labels[key] = value;
    }
  }
  return labels;
}

bool IsServerSide(ServerSide wanted, const helm::Release& before) {
  return wanted == ServerSide::Auto ? before.ServerSide() : wanted == ServerSide::Enabled;
}

helm::ReleaseRecord NewRecord(const UpgradeOptions& options, const helm::History& history, const helm::Release& current, helm::Draft draft,
                              base::TimePoint now) {
  const helm::Release& last = history.back().release;
  helm::ReleaseRecord record;
  helm::Release& release = record.release;
  release.name = options.name;
  release.ns = current.ns;
  release.version = last.version + 1;
  release.info.first_deployed = current.info.first_deployed;
  release.info.last_deployed = helm::ReleaseTimeOf(now);
  release.info.notes = std::move(draft.notes);
  release.SetStatus(ReleaseStatus::PendingUpgrade, "Preparing upgrade");
  release.chart = std::move(draft.chart);
  release.config = std::move(draft.config);
  release.manifest = std::move(draft.manifest);
  release.hooks = std::move(draft.hooks);
  release.labels = MergedLabels(last.labels, options.labels);
  release.apply_method = IsServerSide(options.server_side, last) ? "ssa" : "csa";
  return record;
}

/// Of `target` what `current` does not have.
std::vector<Value> Fresh(const std::vector<Value>& current, const std::vector<Value>& target) {
  const std::set<document::ObjectId> there = IdsOf(current);
  std::vector<Value> fresh;
  std::copy_if(target.begin(), target.end(), std::back_inserter(fresh),
               [&](const Value& object) { return !there.contains(document::IdOf(object)); });
  return fresh;
}

std::string GivenUp(const helm::Release& release) {
  const bool install = release.info.status == ReleaseStatus::PendingInstall;
  return (install ? "Release \"" : "Upgrade \"") + release.name + "\" failed: context canceled";
}

}  // namespace

net::Task<Outcome> Actions::Upgrade(UpgradeOptions options, helm::History history, helm::Draft draft) {
  if (!helm::ValidateReleaseName(options.name)) co_return Failed(base::Invalid("release name is invalid: " + options.name));
  if (!history.empty() && helm::IsPending(history.back().release.info.status) && IsOurs(history.back())) {
    std::string message = GivenUp(history.back().release);
    Outcome given_up = co_await GiveUp(history, std::move(message));
    if (!given_up.ok()) co_return given_up;
  }
  const Result<const helm::ReleaseRecord*> original = helm::CurrentOf(history, options.name);
  if (!original) co_return Failed(original.error());
  const Result<void> labelled = helm::CheckUserLabels(options.labels);
  if (!labelled) co_return Failed(labelled.error());
  Upgraded upgrade{.options = options, .original = **original, .record = {}, .current = {}, .target = {}};
  const helm::Release& before = upgrade.original.release;
  upgrade.record = NewRecord(options, history, before, std::move(draft), env_.clock.Now());
  Result<std::vector<Value>> target = helm::ParseManifest(upgrade.record.release.manifest_text());
  if (!target) co_return Failed(target.error());
  const Result<void> located = co_await Locate(env_.client, *target, before.ns);
  if (!located) co_return Failed(located.error());
  const std::string what = kCurrent;
  Result<std::vector<Value>> current = co_await Build(env_.client, before.manifest_text(), before.ns, what);
  if (!current) co_return Failed(current.error());
  const bool server_side = upgrade.record.release.ServerSide();
  if (!options.take_ownership || !server_side || options.cleanup_on_fail) {
    const std::vector<Value> fresh = Fresh(*current, *target);
    Result<std::vector<Value>> adopted = co_await Adopt(fresh, options.name, before.ns, options.take_ownership);
    if (!adopted) co_return Failed(adopted.error().Wrap("unable to continue with update"));
    current->insert(current->end(), adopted->begin(), adopted->end());
  }
  std::set<document::ObjectId> known = IdsOf(*current);
  known.merge(IdsOf(*target));
  Result<std::vector<Value>> left = co_await Leftovers(history, before, std::move(known));
  if (!left) co_return Failed(left.error());
  current->insert(current->end(), left->begin(), left->end());
  upgrade.current = *std::move(current);
  upgrade.target = *std::move(target);
  const Result<void> pruned = co_await Prune(history, options.max_history);
  if (!pruned) co_return Failed(pruned.error());
  const Result<void> created = co_await env_.storage.Create(upgrade.record);
  if (!created) co_return Failed(created.error());
  co_return co_await PerformUpgrade(std::move(upgrade));
}

/// What revisions of ours after `original` have created and left: they were given up or failed, so nothing is compared with them. Beyond Helm, which
/// forgets such objects; only what carries the release's ownership counts. `known`: what is dealt with anyway.
net::Task<Result<std::vector<Value>>> Actions::Leftovers(const helm::History& history, const helm::Release& original,
                                                         std::set<document::ObjectId> known) {
  std::vector<Value> left;
  for (const helm::ReleaseRecord& record : history) {
    if (record.release.version <= original.version || !IsOurs(record)) continue;
    const std::string manifest = record.release.manifest_text(), what = "unable to build kubernetes objects from a failed release manifest";
    Result<std::vector<Value>> objects = co_await Build(env_.client, manifest, original.ns, what);
    if (!objects && objects.error().reason == base::Reason::Canceled) co_return objects.error();
    if (!objects) continue;  // a kind that there is not: of these nothing can be there
    for (Value& object : *objects) {
      if (document::NameOf(object).empty() || !known.insert(document::IdOf(object)).second) continue;
      const kube::ObjectRef ref = kube::ObjectRef::Of(object);
      const kube::ReadOptions reading{.as = env_.as, .metadata_only = true};
      const Result<Value> live = co_await env_.client.Get(ref, reading);
      if (!live && live.error().reason != base::Reason::NotFound) co_return live.error();
      if (live && helm::CheckOwnership(*live, original.name, original.ns)) left.push_back(std::move(object));
    }
  }
  co_return left;
}

net::Task<Outcome> Actions::ResumeUpgrade(UpgradeOptions options, helm::History history) {
  Upgraded upgrade{.options = std::move(options), .original = {}, .record = history.back(), .current = {}, .target = {}};
  history.pop_back();
  Run run(env_, upgrade.options, upgrade.record);
  const std::string name = upgrade.record.release.name;
  const Result<const helm::ReleaseRecord*> original = helm::CurrentOf(history, name);
  // Killed after the old revision was superseded: any of them tells what there was before.
  if (!original && history.empty())
    co_return co_await run.Fail(original.error(), "Upgrade \"" + name + "\" failed: " + original.error().message);
  upgrade.original = original ? **original : history.back();
  const helm::Release& before = upgrade.original.release;
  const std::string what = kCurrent, what_new = "unable to build kubernetes objects from new release manifest";
  Result<std::vector<Value>> current = co_await Build(env_.client, before.manifest_text(), before.ns, what);
  if (!current) co_return co_await run.Fail(current.error(), "Upgrade \"" + name + "\" failed: " + current.error().message);
  Result<std::vector<Value>> target = co_await Build(env_.client, upgrade.record.release.manifest_text(), before.ns, what_new);
  if (!target) co_return co_await run.Fail(target.error(), "Upgrade \"" + name + "\" failed: " + target.error().message);
  std::set<document::ObjectId> known = IdsOf(*current);
  known.merge(IdsOf(*target));
  Result<std::vector<Value>> left = co_await Leftovers(history, before, std::move(known));
  if (!left) co_return co_await run.Fail(left.error(), "Upgrade \"" + name + "\" failed: " + left.error().message);
  current->insert(current->end(), left->begin(), left->end());
  upgrade.current = *std::move(current);
  upgrade.target = *std::move(target);
  co_return co_await PerformUpgrade(std::move(upgrade));
}

net::Task<Outcome> Actions::PerformUpgrade(Upgraded upgrade) {
  Run run(env_, upgrade.options, std::move(upgrade.record));
  const helm::Release& release = run.record().release;
  const std::string name = release.name;
  Result<void> done = co_await run.Hooks("pre-upgrade", "pre-upgrade hooks failed");
  WriteResult written;
  if (done) {
    for (Value& object : upgrade.target) helm::SetOwnership(object, name, release.ns);
    WriterOptions writing = run.Writing();
    writing.force_conflicts = upgrade.options.force_conflicts;
    writing.force = upgrade.options.force && !writing.server_side;
    writing.strict = upgrade.options.strict_validation;
    writing.upgrade_managers = !upgrade.original.release.ServerSide();
    writing.look_first = upgrade.options.cleanup_on_fail;
    Writer writer(env_.client, env_.follower, writing);
    written = co_await writer.Update(std::move(upgrade.current), upgrade.target);
    if (written.error) done = *written.error;
  }
  if (done) done = co_await run.Ready(upgrade.target);
  if (done) done = co_await run.Hooks("post-upgrade", "post-upgrade hooks failed");
  if (done) {
    const Result<void> superseded = co_await env_.storage.Supersede(upgrade.original);
    if (!superseded) done = superseded.error();
  }
  if (done) co_return co_await run.Succeed("Upgrade complete");
  const base::Error error = done.error();
  Outcome outcome = co_await run.Fail(error, "Upgrade \"" + name + "\" failed: " + error.message);
  if (!upgrade.options.cleanup_on_fail || written.created.empty() || error.reason == base::Reason::Canceled) co_return outcome;
  Writer cleaner(env_.client, env_.follower, run.Writing());
  const Result<void> cleaned = co_await cleaner.Cleanup(std::move(written.created));
  if (!cleaned)
    outcome.error->message =
        "an error occurred while cleaning up resources. original upgrade error: " + error.message + ": " + cleaned.error().message;
  co_return outcome;
}

}  // namespace sluice::releases
