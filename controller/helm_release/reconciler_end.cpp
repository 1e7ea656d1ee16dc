// How a run ends: in sync, failed, stalled, or with the HelmRelease itself.
#include "base/failpoint.h"
#include "controller/helm_release/run.h"
#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;

bool IsGone(const Error& error) { return error.reason == base::Reason::NotFound; }

}  // namespace

void Reconciler::Emit(const Run& run, kube::EventType type, std::string_view reason, std::string_view message) const {
  parts_.events.Record(MakeEvent(*run.object, type, reason, message, {}));
}

void Reconciler::EmitOf(const Run& run, const Snapshot* snapshot, kube::EventType type, std::string_view reason,
                        std::string_view message) const {
  std::vector<std::pair<std::string, std::string>> metadata;
  const auto add = [&metadata](std::string_view key, const std::string& value) {
    if (!value.empty()) metadata.emplace_back(key, value);
  };
  add("revision", snapshot == nullptr ? run.chart_version : snapshot->chart_version);
  add("token", snapshot == nullptr ? run.wanted.config_digest : snapshot->config_digest);
  add("app-version", snapshot == nullptr ? (run.chart ? run.chart->facts.app_version : std::string()) : snapshot->app_version);
  add("oci-digest", snapshot == nullptr ? run.oci_digest : snapshot->oci_digest);
  parts_.events.Record(MakeEvent(*run.object, type, reason, message, std::move(metadata)));
}

/// What changed of the status; nothing, if nothing did.
net::Task<Result<void>> Reconciler::Write(RunPtr run) {
  SLUICE_FAILPOINT("release.status.before");
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, run->status.ToValue());
  Result<SharedObject> written = co_await std::move(writing);
  SLUICE_FAILPOINT("release.status.after");
  if (!written) co_return std::move(written).error();
  run->object = std::move(*written);
  co_return Result<void>();
}

/// An action that was under way goes on from its record when the release is resumed.
net::Task<controller::Outcome> Reconciler::Suspend(RunPtr run) {
  run->state->settled = false;
  if (!run->status.Suspend(Now())) co_return controller::Outcome{};
  net::Task<Result<void>> writing = Write(run);
  const Result<void> written = co_await std::move(writing);
  co_return controller::Outcome{.again_in = {}, .back_off = !written};
}

net::Task<controller::Outcome> Reconciler::Finish(RunPtr run, controller::Outcome outcome, bool observed) {
  State& state = *run->state;
  const std::string requested(document::AnnotationOf(*run->object, kRequestedAt));
  if (!requested.empty()) run->status.handled_reconcile = requested;
  if (observed) run->status.ObserveGeneration();
  net::Task<Result<void>> writing = Write(run);
  const Result<void> written = co_await std::move(writing);
  if (!written) co_return controller::Outcome{.again_in = {}, .back_off = true};
  if (observed) {
    state.settled = true;
    state.generation = run->status.generation();
    state.source_digest = run->source ? run->source->digest : std::string();
    state.requested = requested;
    if (state.drifted_meanwhile) queue_->Add(run->key, trigger::kDrift);  // behind this run
    if (run->status.IsTrue(condition::kReady))
      run->log.Info("release in-sync with desired state",
                    {{"revision", run->chart_version}, {"durationSeconds", std::chrono::duration<double>(Now() - run->started).count()}});
  }
  co_return outcome;
}

net::Task<controller::Outcome> Reconciler::Fail(RunPtr run, std::string_view why, Error error, std::optional<base::Duration> again) {
  if (error.reason == base::Reason::Canceled) co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
  run->log.Error("reconciliation failed", error.message, {{"reason", why}});
  const bool news = run->status.MessageOf(condition::kReady) != error.message;
  if (news) Emit(*run, kube::EventType::Warning, why, error.message);
  run->status.SetFalse(condition::kReady, why, error.message, Now());
  const controller::Outcome outcome = again ? Next(*run->state, *again) : controller::Outcome{.again_in = {}, .back_off = true};
  net::Task<controller::Outcome> task = Finish(run, outcome, false);
  co_return co_await std::move(task);
}

net::Task<controller::Outcome> Reconciler::Stall(RunPtr run, std::string_view why, std::string message) {
  const bool news = run->status.MessageOf(condition::kStalled) != message || !run->status.observed();
  run->status.Stall(why, message, Now());
  run->status.SetFalse(condition::kReady, why, message, Now());
  if (news) Emit(*run, kube::EventType::Warning, why, message);
  net::Task<controller::Outcome> task = Finish(run, controller::Outcome{}, true);
  co_return co_await std::move(task);
}

// ---- Deletion ------------------------------------------------------------------------------------------------------------------------

/// The status shows no release, and storage cannot be read: who may not look there has made nothing there; of anything else we shall know more later.
Result<void> Reconciler::NothingShown(Run& run, const Error& error) const {
  if (error.reason == base::Reason::Canceled) return error;
  const bool never = error.reason == base::Reason::Forbidden || IsGone(error);
  run.log.Error(never ? "skipping Helm release uninstallation" : "uninstall failed", error.message);
  if (never) return {};
  run.status.SetFalse(condition::kReady, reason::kUninstallFailed, error.message, Now());
  return error;
}

/// Removes what the status shows; its history and inventory follow. Errors are in the conditions.
net::Task<Result<void>> Reconciler::Uninstall(RunPtr run) {
  WorkingStatus& status = run->status;
  Spec was = run->spec;  // what is there may have another name than what is wanted
  if (const Snapshot* latest = status.memory.history.Latest()) {
    was.release_name = latest->name;
    was.ns = latest->ns;
  }
  std::swap(run->spec, was);
  OpenStorage(run, status.storage_ns);
  net::Task<Result<void>> reading = ReadStorage(run);
  const Result<void> read = co_await std::move(reading);
  releases::Outcome outcome;
  if (read) {
    Adopt(*run);
    run->written.clear();
    const helm::ReleaseRecord* last = run->Last();
    const bool ours = last != nullptr && run->actions->IsOurs(*last);
    if (status.memory.history.empty() && !ours) {  // nothing that we made
      std::swap(run->spec, was);
      co_return Result<void>();
    }
    if (status.memory.history.empty()) status.memory.history.Note(SnapshotOf(last->release, "", "install", options_.snapshot_digest_algo));
    net::Task<releases::Outcome> acting = run->actions->Uninstall(UninstallOptionsOf(*run), run->history);
    outcome = co_await std::move(acting);
  } else if (status.memory.history.empty()) {
    std::swap(run->spec, was);
    co_return NothingShown(*run, read.error());
  } else {
    outcome.error = read.error();
  }
  NoteWritten(*run, "uninstall");
  std::swap(run->spec, was);
  const Snapshot latest = *status.memory.history.Latest();
  if (!outcome.error) {
    const std::string message = SuccessMessage("uninstall", latest);
    status.inventory.reset();
    status.SetFalse(condition::kReleased, reason::kUninstallSucceeded, message, Now());
    EmitOf(*run, &latest, kube::EventType::Normal, reason::kUninstallSucceeded, message);
    co_return Result<void>();
  }
  if (outcome.error->reason == base::Reason::Canceled) co_return *outcome.error;
  const bool already = run->spec.uninstall.keep_history && outcome.error->message.find("is already deleted") != std::string::npos;
  if (IsGone(*outcome.error) || already) {
    const std::string message =
        "Release " + latest.FullName() + (already ? " was already uninstalled" : " was not found, assuming it is uninstalled");
    status.SetFalse(condition::kReleased, reason::kUninstallSucceeded, message, Now());
    status.inventory.reset();
    co_return Result<void>();
  }
  const std::string message =
      "Helm uninstall failed for release " + latest.FullName() + " with chart " + latest.ChartText() + ": " + outcome.error->message;
  ++status.memory.failures;
  status.SetFalse(condition::kReleased, reason::kUninstallFailed, message, Now());
  EmitOf(*run, &latest, kube::EventType::Warning, reason::kUninstallFailed, message);
  status.Summarize(run->spec, Now());
  run->log.Error("uninstall failed", outcome.error->message);
  co_return *outcome.error;
}

/// Whether there is anything to uninstall, and anybody in whose name. Errors: those that may pass.
net::Task<Result<bool>> Reconciler::MayUninstall(RunPtr run) {
  if (run->status.storage_ns.empty()) co_return false;
  run->cluster = own_cluster_;
  if (run->spec.kube_config) {
    net::Task<Result<std::shared_ptr<const Cluster>>> finding = clusters_->Find(run->key.ns, *run->spec.kube_config);
    Result<std::shared_ptr<const Cluster>> found = co_await std::move(finding);
    if (!found && IsGone(found.error())) {
      run->log.Error("skipping Helm release uninstallation", found.error().message);
      co_return false;
    }
    if (!found) co_return std::move(found).error().Wrap("failed to build REST client getter to uninstall release");
    run->cluster = std::move(*found);
    run->state->cluster = run->cluster;
    co_return true;
  }
  const std::string& acting = run->spec.service_account_name.empty() ? options_.default_service_account : run->spec.service_account_name;
  if (acting.empty()) co_return true;
  const kube::ObjectRef account{.gvk = {"", "v1", "ServiceAccount"}, .ns = run->key.ns, .name = acting};
  const kube::ReadOptions look{.as = {}, .metadata_only = true};
  net::Task<Result<Value>> reading = parts_.services.client.Get(account, look);
  Result<Value> found = co_await std::move(reading);
  if (!found && IsGone(found.error())) {
    run->log.Error("skipping Helm release uninstallation", found.error().message);
    co_return false;
  }
  if (!found) co_return std::move(found).error().Wrap("failed to confirm ServiceAccount '" + acting + "' can be used to uninstall release");
  co_return true;
}

net::Task<controller::Outcome> Reconciler::Finalize(RunPtr run) {
  run->state->settled = false;
  if (!HasFinalizer(*run->object)) co_return controller::Outcome{};
  const Value* suspend = run->object->At({"spec", "suspend"});
  const bool suspended = suspend != nullptr && suspend->AsBool().value_or(false);
  std::optional<Error> trouble;
  if (!suspended) {
    net::Task<Result<bool>> asking = MayUninstall(run);
    const Result<bool> may = co_await std::move(asking);
    if (!may) {
      trouble = may.error();
      run->status.SetFalse(condition::kReady, reason::kUninstallFailed, trouble->message, Now());
    }
    SLUICE_FAILPOINT("release.finalize.before");
    if (may && *may) {
      net::Task<Result<void>> uninstalling = Uninstall(run);
      const Result<void> uninstalled = co_await std::move(uninstalling);
      if (!uninstalled) trouble = uninstalled.error();
    }
    if (!trouble) {
      net::Task<Result<void>> deleting = DeleteHelmChart(run);
      const Result<void> deleted = co_await std::move(deleting);
      if (!deleted) trouble = deleted.error();
    }
  }
  if (trouble) {
    if (trouble->reason == base::Reason::Canceled) co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
    const controller::Outcome again{.again_in = {}, .back_off = true};
    net::Task<controller::Outcome> task = Finish(run, again, false);
    co_return co_await std::move(task);
  }
  SLUICE_FAILPOINT("release.finalize.after");
  net::Task<Result<SharedObject>> releasing = writer_.SetFinalizer(run->object, false);
  const Result<SharedObject> released = co_await std::move(releasing);
  if (released) states_.erase(run->key);
  co_return controller::Outcome{.again_in = {}, .back_off = !released};
}

}  // namespace sluice::controller::helm_release
