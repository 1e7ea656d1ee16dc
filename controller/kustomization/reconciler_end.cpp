// How a run ends: success, failure, or the Kustomization's own end.
#include "base/failpoint.h"
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/state.h"
#include "net/await.h"
#include "rollout/prune_guard.h"

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;
using rollout::Inventory;

bool Same(const Value* left, const std::optional<Value>& right) {
  if (!right) return true;
  return left != nullptr && *left == *right;
}

/// What deleting the Kustomization does to what it applied.
bool Deletes(const Spec& spec) {
  switch (spec.deletion_policy) {
    case DeletionPolicy::MirrorPrune: return spec.prune;
    case DeletionPolicy::Delete:
    case DeletionPolicy::WaitForTermination: return true;
    case DeletionPolicy::Orphan: break;
  }
  return false;
}

}  // namespace

void Reconciler::Emit(const Run& run, kube::EventType type, std::string_view reason, std::string_view message, bool commit_status) {
  std::vector<std::pair<std::string, std::string>> metadata;
  if (!run.attempt.revision.empty()) metadata.emplace_back("revision", run.attempt.revision);
  if (!run.attempt.origin_revision.empty()) metadata.emplace_back("originRevision", run.attempt.origin_revision);
  if (commit_status) metadata.emplace_back("commit_status", "update");
  parts_.events.Record(MakeEvent(*run.object, type, reason, message, std::move(metadata)));
}

net::Task<controller::Outcome> Reconciler::Succeed(std::shared_ptr<Run> run, std::optional<base::Duration> checked) {
  State& state = *run->state;
  const base::TimePoint now = parts_.services.clock.Now();
  run->attempt.duration = now - (checked ? state.started : run->started);
  state.reported.clear();
  // An artifact of the same files may come of another commit: then only its origin moves.
  const bool news = state.changed || !ShowsSuccess(*run->object, run->attempt.revision) ||
                    run->object->StringAt({"status", "lastAppliedOriginRevision"}) != run->attempt.origin_revision ||
                    !Same(run->object->At({"status", "inventory"}), run->attempt.inventory);
  if (!news) {
    NoteRecorded(*run);
    co_return Next(state, Interval(run->spec));
  }
  const bool newly_healthy = checked && (!state.was_healthy || (state.new_revision && state.changed));
  Value status = StatusSucceeded(*run->object, run->attempt, checked, now);
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  if (!written) co_return controller::Outcome{.again_in = {}, .back_off = true};
  NoteRecorded(*run);
  state.changed = false;
  state.was_healthy = checked.has_value();
  if (newly_healthy)
    Emit(*run, kube::EventType::Normal, reason::kProgressing, "Health check passed in " + base::FormatGoDuration(*checked));
  Emit(*run, kube::EventType::Normal, reason::kSucceeded,
       "Reconciliation finished in " + base::FormatGoDuration(run->attempt.duration) + ", next run in " +
           base::FormatGoDuration(run->spec.interval),
       true);
  run->log.Info("reconciliation finished",
                {{"revision", run->attempt.revision}, {"durationSeconds", std::chrono::duration<double>(run->attempt.duration).count()}});
  co_return Next(state, Interval(run->spec));
}

net::Task<controller::Outcome> Reconciler::Fail(std::shared_ptr<Run> run, std::string_view why, Error error,
                                                std::optional<base::Duration> again) {
  State& state = *run->state;
  if (error.reason == base::Reason::Canceled) co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
  const base::TimePoint now = parts_.services.clock.Now();
  const bool unanswered = error.reason == base::Reason::Timeout || error.reason == base::Reason::Unavailable;
  if (unanswered && run->cluster && run->cluster->remote()) run->cluster->reachability->asked = {};  // so the next one asks first
  if (why != reason::kHealthCheckFailed) {
    state.ForgetIntent();
    run->attempt.duration = now - run->started;
  }
  const bool waits = why == reason::kDependencyNotReady;
  if (waits) {
    run->log.Info("waiting for a dependency", {{"reason", error.message}});
  } else {
    run->log.Error("reconciliation failed", error.message, {{"revision", run->attempt.revision}, {"reason", why}});
  }
  const std::string event =
      waits ? "Dependencies do not meet ready condition, retrying in " + base::FormatGoDuration(parts_.services.requeue_dependency)
            : error.message;
  Emit(*run, waits ? kube::EventType::Normal : kube::EventType::Warning, why, event);
  Value status = StatusFailed(*run->object, run->attempt, why, error.message, now);
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  if (written) NoteRecorded(*run);
  // Whether it is gone the watch will tell: a server that starts says 404 of what it does not know yet.
  if (!written && written.error().reason == base::Reason::NotFound) co_return controller::Outcome{.again_in = {}, .back_off = true};
  co_return Next(state, again.value_or(RetryInterval(run->spec)));
}

net::Task<controller::Outcome> Reconciler::Stall(std::shared_ptr<Run> run, std::string_view why, std::string message) {
  Value status = StatusStalled(*run->object, why, message, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  if (!written) co_return controller::Outcome{.again_in = {}, .back_off = true};
  if (*written != run->object) Emit(*run, kube::EventType::Warning, why, message);
  co_return controller::Outcome{};
}

/// Nothing goes on any more. What was applied and not yet reported, since its health was waited for, is put on record.
net::Task<controller::Outcome> Reconciler::Suspend(std::shared_ptr<Run> run) {
  State& state = *run->state;
  TellCanceledWait(*run, "Kustomization/" + run->key.ToString());
  if (state.applied) run->attempt = state.attempt;
  state.ForgetIntent();
  Value status = StatusSuspended(*run->object, run->attempt, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  if (written) NoteRecorded(*run);
  co_return controller::Outcome{.again_in = {}, .back_off = !written};
}

net::Task<controller::Outcome> Reconciler::Release(std::shared_ptr<Run> run) {
  net::Task<Result<SharedObject>> releasing = writer_.SetFinalizer(run->object, false);
  const Result<SharedObject> released = co_await std::move(releasing);
  if (released) {
    states_.erase(run->key);
    journal_.Settle(run->key);
  }
  co_return controller::Outcome{.again_in = {}, .back_off = !released};
}

void Reconciler::NoteRecorded(const Run& run) {
  if (run.attempt.inventory) journal_.Settle(run.key);
}

/// What the status has on record, and the journal. What of it names no object is told once and not kept.
Inventory Reconciler::ReadInventory(const Run& run) {
  const Value* recorded = run.object->At({"status", "inventory"});
  std::vector<std::string> unreadable;
  Inventory inventory = Inventory::FromValue(recorded == nullptr ? Value() : *recorded, &unreadable);
  if (const Inventory* begun = journal_.Find(run.key, run.state->uid)) inventory = inventory.Union(*begun);
  if (unreadable.empty()) return inventory;
  std::string names;
  for (const std::string& id : unreadable) names += (names.empty() ? "'" : ", '") + id + "'";
  Emit(run, kube::EventType::Warning, reason::kInventoryUnreadable,
       "status.inventory has entries that name no object, which are left out: " + names);
  return inventory;
}

net::Task<controller::Outcome> Reconciler::Finalize(std::shared_ptr<Run> run) {
  run->state->ForgetIntent();
  if (!HasFinalizer(*run->object)) co_return controller::Outcome{};
  Result<Spec> spec = ParseBuildSpec(*run->object);
  const Inventory inventory = ReadInventory(*run);
  if (!spec) {
    // Its objects are somewhere we cannot tell: better to stay than to forget them.
    Emit(*run, kube::EventType::Warning, reason::kPruneFailed, "pruning for deleted resource failed: " + spec.error().message);
    co_return controller::Outcome{.again_in = {}, .back_off = true};
  }
  run->spec = std::move(*spec);
  run->as = Identity(run->key, run->spec);
  run->attempt.revision = run->object->StringAt({"status", "lastAppliedRevision"});
  run->attempt.origin_revision = run->object->StringAt({"status", "lastAppliedOriginRevision"});
  if (run->spec.suspend || !Deletes(run->spec) || inventory.empty()) {
    net::Task<controller::Outcome> task = Release(run);
    co_return co_await std::move(task);
  }
  const std::string& acting = run->spec.service_account_name.empty() ? options_.default_service_account : run->spec.service_account_name;
  if (!acting.empty()) {
    const kube::ObjectRef account{.gvk = {"", "v1", "ServiceAccount"}, .ns = run->key.ns, .name = acting};
    const kube::ReadOptions look{.as = {}, .metadata_only = true};
    net::Task<Result<Value>> reading = parts_.services.client.Get(account, look);
    const Result<Value> found = co_await std::move(reading);
    if (!found && found.error().reason == base::Reason::NotFound) {
      std::string stale;
      for (const rollout::InventoryEntry& entry : inventory.entries()) stale += "\n" + entry.id.ToString();
      Emit(*run, kube::EventType::Warning, reason::kPruneFailed,
           "unable to prune objects: ServiceAccount " + account.ns + "/" + account.name + " is gone; left behind:" + stale);
      net::Task<controller::Outcome> task = Release(run);
      co_return co_await std::move(task);
    }
  }
  net::Task<Result<void>> finding = FindCluster(run);
  const Result<void> found = co_await std::move(finding);
  if (!found) {
    Emit(*run, kube::EventType::Warning, reason::kPruneFailed, "pruning for deleted resource failed: " + found.error().message);
    co_return controller::Outcome{.again_in = {}, .back_off = true};
  }
  SLUICE_FAILPOINT("finalize.before");
  if (AwaitsNewcomers(*run)) co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
  net::Task<Claims> claiming = ClaimedByOthers(run, inventory.entries());
  Claims claims = co_await std::move(claiming);
  RemovalRequest leaving{.stale = inventory.entries(), .claimed = IdsOf(claims), .as = run->as, .owner = run->key, .guard = {.on = false}};
  net::Task<RemovalDecision> deciding = DecideRemoval(run->cluster->client, run->cluster->index, std::move(leaving));
  RemovalDecision removal = co_await std::move(deciding);
  PruneRequest request{.entries = std::move(removal.remove), .as = run->as, .owner = run->key};
  net::Task<PruneResult> pruning = Prune(run->cluster->client, run->cluster->index, std::move(request));
  const PruneResult pruned = co_await std::move(pruning);
  SLUICE_FAILPOINT("finalize.prune.after");
  if (pruned.error) {
    if (pruned.error->reason != base::Reason::Canceled)
      Emit(*run, kube::EventType::Warning, reason::kPruneFailed, "pruning for deleted resource failed: " + pruned.error->message);
    co_return controller::Outcome{.again_in = {}, .back_off = true};
  }
  std::string deleted;
  for (const kube::ObjectRef& ref : pruned.deleted) deleted += (deleted.empty() ? "" : "\n") + ref.Id().ToString() + " deleted";
  if (!deleted.empty()) Emit(*run, kube::EventType::Normal, reason::kSucceeded, deleted);
  net::Task<std::optional<controller::Outcome>> handing = AwaitHandOver(run, std::move(removal.handed), std::move(claims));
  if (const std::optional<controller::Outcome> waits = co_await std::move(handing)) co_return *waits;
  const bool remain = !pruned.deleted.empty() || !pruned.terminating.empty();
  if (remain && run->spec.deletion_policy == DeletionPolicy::WaitForTermination) {
    const base::TimePoint since = base::ParseRfc3339(run->object->StringAt({"metadata", "deletionTimestamp"})).value_or(run->started);
    const bool late = run->started - since >= run->spec.timeout;
    if (!late) co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
    Emit(*run, kube::EventType::Warning, reason::kPruneFailed, "failed to wait for resources termination");
  }
  net::Task<controller::Outcome> task = Release(run);
  co_return co_await std::move(task);
}

}  // namespace sluice::controller::kustomization
