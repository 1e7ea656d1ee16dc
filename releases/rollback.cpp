// Rollback (helm-contract 13.4).
#include <algorithm>
#include <string>

#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "releases/actions.h"
#include "releases/located.h"
#include "releases/run.h"
#include "rollout/diagnose.h"

namespace sluice::releases {
namespace {

using base::Result;
using document::Value;
using helm::ReleaseStatus;

constexpr std::size_t kMaxDescription = 256;

std::size_t Runes(const std::string& text) {
  std::size_t runes = 0;
  for (const char c : text) runes += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return runes;
}

/// The revision to go back to.
Result<const helm::ReleaseRecord*> TargetOf(const RollbackOptions& options, const helm::History& history) {
  if (Runes(options.description) > kMaxDescription)
    return base::Invalid("description must be 256 characters or less, got " + std::to_string(Runes(options.description)));
  if (!helm::ValidateReleaseName(options.name)) return base::Invalid("prepareRollback: Release name is invalid: " + options.name);
  if (options.version < 0) return base::Invalid("invalid release revision");
  if (history.empty()) return base::NotFound("release: not found");
  const int version = options.version == 0 ? history.back().release.version - 1 : options.version;
  if (const helm::ReleaseRecord* target = helm::FindRevision(history, version)) return target;
  return base::NotFound("release has no " + std::to_string(version) + " version");
}

helm::ReleaseRecord NewRecord(const RollbackOptions& options, const helm::Release& last, const helm::Release& target, base::TimePoint now) {
  helm::ReleaseRecord record;
  helm::Release& release = record.release;
  release = target;
  release.name = options.name;
  release.ns = last.ns;
  release.version = last.version + 1;
  release.info = {};
  release.info.first_deployed = last.info.first_deployed;
  release.info.last_deployed = helm::ReleaseTimeOf(now);
  release.info.notes = target.info.notes;
  release.info.rollback_revision = target.version;
  const std::string described = "Rollback to " + std::to_string(target.version);
  release.SetStatus(ReleaseStatus::PendingRollback, options.description.empty() ? described : options.description);
  const bool server_side = options.server_side == ServerSide::Auto ? target.ServerSide() : options.server_side == ServerSide::Enabled;
  release.apply_method = server_side ? "ssa" : "csa";
  return record;
}

}  // namespace

Result<void> CheckRollback(const RollbackOptions& options, const helm::History& history) {
  TRY(TargetOf(options, history));
  return {};
}

net::Task<Outcome> Actions::Rollback(RollbackOptions options, helm::History history) {
  const Result<const helm::ReleaseRecord*> target = TargetOf(options, history);
  if (!target) co_return Failed(target.error());
  if (helm::IsPending(history.back().release.info.status) && IsOurs(history.back())) {
    std::string message = "Release \"" + options.name + "\" failed: context canceled";
    Outcome given_up = co_await GiveUp(history, std::move(message));
    if (!given_up.ok()) co_return given_up;
  }
  helm::ReleaseRecord record = NewRecord(options, history.back().release, (*target)->release, env_.clock.Now());
  const Result<void> pruned = co_await Prune(history, options.max_history);
  if (!pruned) co_return Failed(pruned.error());
  const Result<void> created = co_await env_.storage.Create(record);
  if (!created) co_return Failed(created.error());
  co_return co_await PerformRollback(std::move(options), std::move(history), std::move(record));
}

/// Helm 3's --recreate-pods. Not critical for a release to succeed: what goes wrong is logged. Errors: Canceled.
net::Task<Result<void>> Actions::RecreatePods(std::vector<Value> workloads) {
  const document::GroupVersionKind kind{"", "v1", "Pod"};
  for (const Value& workload : workloads) {
    const kube::ListOptions listing{.ns = std::string(document::NamespaceOf(workload)),
                                    .label_selector = rollout::PodSelector(workload),
                                    .metadata_only = true,
                                    .as = env_.as};
    if (listing.label_selector.empty()) continue;
    const Result<std::vector<Value>> pods = co_await env_.client.ListAll(kind, listing);
    if (!pods && pods.error().reason == base::Reason::Canceled) co_return pods.error();
    if (!pods) env_.log.Error("pods could not be listed to recreate them", pods.error().message);
    if (!pods) continue;
    for (const Value& pod : *pods) {
      const kube::ObjectRef ref{.gvk = kind, .ns = listing.ns, .name = std::string(document::NameOf(pod))};
      const kube::DeleteOptions deleting{.as = env_.as};
      const Result<void> deleted = co_await env_.client.Delete(ref, deleting);
      if (!deleted && deleted.error().reason == base::Reason::Canceled) co_return deleted.error();
      const bool failed = !deleted && deleted.error().reason != base::Reason::NotFound;
      if (failed) env_.log.Error("pod could not be deleted to recreate it", deleted.error().message);
    }
  }
  co_return Result<void>();
}

// `history`: without `record`.
net::Task<Outcome> Actions::PerformRollback(RollbackOptions options, helm::History history, helm::ReleaseRecord record) {
  const std::string name = record.release.name;
  Run run(env_, options, std::move(record));
  const helm::Release& release = run.record().release;
  const auto failed = [&name](const base::Error& error) { return "Rollback \"" + name + "\" failed: " + error.message; };
  if (history.empty()) co_return co_await run.Fail(base::NotFound("release: not found"), "release: not found");
  helm::ReleaseRecord& last = history.back();
  const std::string what = "unable to build kubernetes objects from current release manifest",
                    what_new = "unable to build kubernetes objects from new release manifest";
  Result<std::vector<Value>> current = co_await Build(env_.client, last.release.manifest_text(), release.ns, what);
  if (!current) co_return co_await run.Fail(current.error(), failed(current.error()));
  Result<std::vector<Value>> target = co_await Build(env_.client, release.manifest_text(), release.ns, what_new);
  if (!target) co_return co_await run.Fail(target.error(), failed(target.error()));
  Result<void> done = co_await run.Hooks("pre-rollback", "");
  if (!done) co_return co_await run.Fail(done.error(), failed(done.error()));

  for (Value& object : *target) helm::SetOwnership(object, name, release.ns);
  std::vector<Value> existing;
  for (const Value& object : *target) {
    const auto same = [&object](const Value& other) { return kube::ObjectRef::Of(other).Id() == kube::ObjectRef::Of(object).Id(); };
    if (std::any_of(current->begin(), current->end(), same)) existing.push_back(object);
  }
  WriterOptions writing = run.Writing();
  writing.force_conflicts = options.force_conflicts && writing.server_side;
  writing.force = options.force && !writing.server_side;
  writing.upgrade_managers = true;
  writing.look_first = options.cleanup_on_fail;
  Writer writer(env_.client, env_.follower, writing);
  WriteResult written = co_await writer.Update(*std::move(current), *target);
  if (written.error) {
    const base::Error error = *written.error;
    if (error.reason != base::Reason::Canceled && last.release.info.status != ReleaseStatus::Superseded) {
      (void)co_await env_.storage.Supersede(last);
    }
    Outcome outcome = co_await run.Fail(error, failed(error));
    if (!options.cleanup_on_fail || written.created.empty() || error.reason == base::Reason::Canceled) co_return outcome;
    const Result<void> cleaned = co_await writer.Cleanup(std::move(written.created));
    if (!cleaned)
      outcome.error->message = "an error occurred while cleaning up resources. original rollback error: " + cleaned.error().message;
    co_return outcome;
  }
  if (options.recreate_pods) {
    done = co_await RecreatePods(std::move(existing));
    if (!done) co_return co_await run.Fail(done.error(), failed(done.error()));
  }
  done = co_await run.Ready(*target);
  if (!done) {
    base::Error error = done.error();
    std::string description = "Release \"" + name + "\" failed: " + error.message;
    if (error.reason != base::Reason::Canceled) error.message = "release " + name + " failed: " + error.message;
    co_return co_await run.Fail(std::move(error), std::move(description));
  }
  done = co_await run.Hooks("post-rollback", "");
  if (!done) co_return co_await run.Fail(done.error(), failed(done.error()));
  for (helm::ReleaseRecord& other : history) {
    if (other.release.info.status != ReleaseStatus::Deployed) continue;
    const Result<void> superseded = co_await env_.storage.Supersede(other);
    if (!superseded) {
      Outcome outcome;
      outcome.error = superseded.error();
      outcome.record = run.record();
      co_return outcome;
    }
  }
  std::string description = release.info.description;
  co_return co_await run.Succeed(std::move(description));
}

}  // namespace sluice::releases
