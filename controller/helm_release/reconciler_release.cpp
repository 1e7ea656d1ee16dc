// The loop of steps that brings a release to what is wanted: look, decide, take a step, look again.
#include "base/failpoint.h"
#include "controller/helm_release/run.h"
#include "helm/release/codec.h"
#include "helm/release/draft.h"
#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Error;
using base::Result;
using kube::SharedObject;

/// Corrections in quick succession that are made at once.
constexpr unsigned kFreeDrifts = 5;
constexpr base::Duration kDriftWindow = std::chrono::seconds(10);

bool IsCanceled(const Result<void>& result) { return !result && result.error().reason == base::Reason::Canceled; }

/// The digest of the config that `release` has if it is what is wanted. With preserveValues it holds more than the spec says, and is up to date when laying the
/// spec's values over it changes nothing. Beyond Flux, which upgrades such a release without end.
std::string WantedConfig(const Spec& spec, const Composed& composed, const helm::Release& release) {
  if (!spec.upgrade.preserve_values) return composed.digest;
  const Result<std::string> config = helm::ConfigOf(helm::LaidOver(release, composed.values));
  return config ? helm::ConfigDigest(*config) : composed.digest;
}

}  // namespace

net::Task<Result<void>> Reconciler::ReadStorage(RunPtr run) {
  net::Task<Result<helm::History>> reading =
      run->storage->LoadHistory(run->spec.release_name, releases::Storage::Unreadable::RefuseTheNewest);
  Result<helm::History> history = co_await std::move(reading);
  if (!history) co_return std::move(history).error().Wrap("failed to retrieve last release from storage");
  run->history = std::move(*history);
  co_return Result<void>();
}

/// What the process that died would have noted of its failed action, so that the remedy follows and not the same action again; nothing of what is no longer wanted.
void Reconciler::CountFailure(Run& run, const Snapshot& snapshot, std::string_view description) const {
  const Wanted& wanted = run.wanted;
  if (snapshot.chart_name != wanted.chart_name || snapshot.chart_version != wanted.chart_version ||
      snapshot.config_digest != wanted.config_digest)
    return;
  constexpr std::string_view kFailed = " failed: ";  // `Upgrade "web" failed: why`
  const std::size_t at = description.find(kFailed);
  const std::string_view why = at == std::string_view::npos ? description : description.substr(at + kFailed.size());
  const bool upgrade = snapshot.action == "upgrade";
  const std::string message =
      FailureMessage(snapshot.action, run.spec, snapshot.chart_name, snapshot.chart_version, run.Conceal(std::string(why)));
  const std::string_view reason = upgrade ? reason::kUpgradeFailed : reason::kInstallFailed;
  Memory& memory = run.status.memory;
  ++memory.failures;
  ++(upgrade ? memory.upgrade_failures : memory.install_failures);
  run.status.SetFalse(condition::kReleased, reason, message, Now());
  EmitOf(run, nullptr, kube::EventType::Warning, reason, message);
}

/// A revision that we made, but that a death kept from getting into the status, is ours all the same.
void Reconciler::Adopt(Run& run) const {
  const helm::ReleaseRecord* last = run.Last();
  if (last == nullptr || !run.actions->IsOurs(*last)) return;
  const helm::Release& release = last->release;
  if (helm::IsPending(release.info.status) || release.info.status == helm::ReleaseStatus::Uninstalling) return;
  Snapshots& history = run.status.memory.history;
  const Snapshot* known = history.Of(release);
  if (known != nullptr && Shows(*known, release)) return;
  if (known == nullptr && release.info.status == helm::ReleaseStatus::Uninstalled) return;
  const bool current = release.chart && release.chart->version == run.chart_version;
  const std::string oci = known != nullptr ? known->oci_digest : current ? run.oci_digest : std::string();
  std::string action = release.info.rollback_revision > 0 ? "rollback" : release.version == 1 ? "install" : "upgrade";
  if (known != nullptr && !known->action.empty()) action = known->action;
  Snapshot snapshot = SnapshotOf(release, oci, action, options_.snapshot_digest_algo);
  const bool counted = known != nullptr && known->status == "failed";
  if (known == nullptr && action != "rollback") run.status.memory.last_action = action;
  if (release.info.status == helm::ReleaseStatus::Failed && action != "rollback" && !counted)
    CountFailure(run, snapshot, release.info.description);
  history.Note(std::move(snapshot));
  run.log.Info("release record taken into the history",
               {{"version", release.version}, {"status", std::string(ToString(release.info.status))}});
}

/// What was begun for what is wanted now is gone on with; what was begun for something else is given up by an upgrade.
std::optional<Reconciler::Unfinished> Reconciler::FindUnfinished(const Run& run) const {
  using helm::ReleaseStatus;
  const helm::ReleaseRecord* last = run.Last();
  if (last == nullptr || !run.actions->IsOurs(*last)) return std::nullopt;
  const helm::Release& release = last->release;
  const ReleaseStatus status = release.info.status;
  if (status == ReleaseStatus::Uninstalling) return Unfinished{.step = Step::UninstallRemediation, .resumes = true};
  if (!helm::IsPending(status)) return std::nullopt;
  if (status == ReleaseStatus::PendingRollback && run.same_generation) return Unfinished{.step = Step::Rollback, .resumes = true};
  const State& state = *run.state;
  const bool same_renderers = state.begun ? state.begun_post_renderers == run.wanted.post_renderers_digest &&
                                                state.begun_common_metadata == run.wanted.common_metadata_digest
                                          : run.same_generation;
  const bool same = status != ReleaseStatus::PendingRollback && same_renderers && release.chart &&
                    release.chart->name == run.wanted.chart_name && release.chart->version == run.wanted.chart_version &&
                    helm::ConfigDigest(release.config) == WantedConfig(run.spec, *run.composed, release);
  if (!same) return Unfinished{.step = Step::Upgrade, .resumes = false};
  return Unfinished{.step = status == ReleaseStatus::PendingInstall ? Step::Install : Step::Upgrade, .resumes = true};
}

net::Task<Result<Judgement>> Reconciler::JudgeRelease(RunPtr run) {
  Adopt(*run);
  const helm::ReleaseRecord* last = run->Last();
  Wanted wanted = run->wanted;
  if (last != nullptr) wanted.config_digest = WantedConfig(run->spec, *run->composed, last->release);
  CO_TRY(Judgement judgement, helm_release::Judge(last == nullptr ? nullptr : &last->release, run->spec, wanted, run->status.memory));
  if (judgement.state != ReleaseState::InSync || run->spec.drift_mode == DriftMode::Disabled) co_return judgement;
  const IgnoreRules::Where where{.path = "spec.driftDetection.ignore", .whole_objects = true};
  CO_TRY(const IgnoreRules ignore, IgnoreRules::Compile(run->spec.drift_ignore, where));
  auto release = std::make_shared<const helm::Release>(last->release);
  net::Task<Result<std::vector<document::Value>>> parsing = AppliedObjects(run->cluster->client.mapper(), std::move(release));
  CO_TRY(std::vector<document::Value> objects, co_await std::move(parsing));
  DriftOptions options{.as = run->as, .ignore = ignore, .overridden_managers = options_.override_managers};
  net::Task<Result<std::vector<Drift>>> looking = FindDrift(*run->cluster, std::move(objects), std::move(options));
  CO_TRY(run->drifts, co_await std::move(looking));
  if (HasChanges(run->drifts)) judgement.state = ReleaseState::Drifted;
  co_return judgement;
}

/// What is to be done now; of what is stalled its reason. Errors: storage or the cluster could not be asked.
net::Task<Result<Decision>> Reconciler::NextStep(RunPtr run, bool first) {
  const std::optional<Unfinished> unfinished = FindUnfinished(*run);
  run->resumes = unfinished && unfinished->resumes;
  if (unfinished) co_return Decision{.step = unfinished->step, .stalled = "", .message = ""};
  net::Task<Result<Judgement>> judging = JudgeRelease(run);
  CO_TRY(const Judgement judgement, co_await std::move(judging));
  run->log.Debug("release judged", {{"state", std::string(ToString(judgement.state))}, {"reason", judgement.reason}});
  const Decision decision = Decide(judgement, run->spec, run->status.memory, run->forced && first);
  if (decision.stalled.empty()) ShowJudgement(*run, judgement, decision.step);
  co_return decision;
}

net::Task<controller::Outcome> Reconciler::Release(RunPtr run) {
  OpenStorage(run, run->spec.storage_ns);
  net::Task<Result<void>> reading = ReadStorage(run);
  const Result<void> read = co_await std::move(reading);
  std::optional<Error> trouble;
  if (!read) trouble = read.error();
  std::set<StepKind> taken;
  for (bool first = true; !trouble; first = false) {
    net::Task<Result<Decision>> deciding = NextStep(run, first);
    Result<Decision> decision = co_await std::move(deciding);
    if (!decision) {
      trouble = std::move(decision).error();
      break;
    }
    if (!decision->stalled.empty()) {
      run->status.Stall(decision->stalled, decision->message, Now());
      run->log.Error("release is stalled", decision->message, {{"reason", decision->stalled}});
      net::Task<controller::Outcome> task = Finish(run, controller::Outcome{}, true);
      co_return co_await std::move(task);
    }
    const Step step = decision->step;
    const Ending before = step == Step::None ? Ending::Done : BeforeStep(step, taken, run->spec, run->status.memory);
    if (before != Ending::GoOn) {
      net::Task<controller::Outcome> task = End(run, before);
      co_return co_await std::move(task);
    }
    net::Task<Early> taking = TakeOne(run, step);
    const Early early = co_await std::move(taking);
    if (early) co_return *early;
    taken.insert(KindOf(step));
  }
  if (trouble->reason == base::Reason::Canceled) co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
  trouble->message = "Could not determine release state: " + trouble->message;
  net::Task<controller::Outcome> task = Fail(run, reason::kStateError, std::move(*trouble), std::nullopt);
  co_return co_await std::move(task);
}

/// Says it, does it, and sees what follows.
net::Task<Reconciler::Early> Reconciler::TakeOne(RunPtr run, Step step) {
  net::Task<Result<void>> announcing = Announce(run, step);
  const Result<void> announced = co_await std::move(announcing);
  if (!announced) co_return controller::Outcome{.again_in = {}, .back_off = true};
  net::Task<Result<void>> taking = Take(run, step);
  const Result<void> result = co_await std::move(taking);
  if (IsCanceled(result)) co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
  Ending ending = AfterStep(step, run->spec, run->status.memory);
  if (!result) {
    run->log.Error("failed to run '" + std::string(NameOf(step)) + "' action", result.error().message);
    if (ActiveRetry(run->spec, run->status.memory) == nullptr) {
      if (run->status.IsTrue(condition::kReady))
        run->status.SetFalse(condition::kReady, reason::kReconcileError, result.error().message, Now());
      const controller::Outcome again{.again_in = {}, .back_off = true};
      net::Task<controller::Outcome> task = Finish(run, again, false);
      co_return co_await std::move(task);
    }
    ending = Ending::RetryLater;
  }
  if (ending == Ending::GoOn) co_return Early();
  net::Task<controller::Outcome> task = End(run, ending);
  co_return co_await std::move(task);
}

/// What the conditions and events say of it before anything is done about it.
void Reconciler::ShowJudgement(Run& run, const Judgement& judgement, Step step) {
  const base::TimePoint now = Now();
  WorkingStatus& status = run.status;
  if (judgement.state == ReleaseState::Drifted) {
    const std::string message = "Cluster state of release " + status.memory.history.Latest()->FullName() +
                                " has drifted from the desired state:\n" + Summarize(run.drifts);
    if (status.MessageOf(condition::kDrifted) != message || step == Step::CorrectDrift)
      Emit(run, kube::EventType::Warning, reason::kDriftDetected, message);
    status.SetTrue(condition::kDrifted, reason::kDriftDetected, message, now);
  }
  const bool in_sync = judgement.state == ReleaseState::InSync && step == Step::None;
  if (in_sync || judgement.state == ReleaseState::Untested) {
    if (status.IsTrue(condition::kRemediated)) {
      const Snapshot& latest = *status.memory.history.Latest();
      status.Remove(condition::kRemediated);
      status.Remove(condition::kReleased);
      status.SetTrue(condition::kReleased, reason::kUpgradeSucceeded, SuccessMessage("upgrade", latest), now);
    }
  }
  if (in_sync) {
    status.ShowInSync(run.spec, now);
    if (run.spec.drift_mode != DriftMode::Disabled) {
      status.SetFalse(condition::kDrifted, reason::kNoDriftDetected, "No drift detected against the cluster state", now);
    } else {
      status.Remove(condition::kDrifted);
    }
  }
}

net::Task<Result<void>> Reconciler::Announce(RunPtr run, Step step) {
  const base::TimePoint now = Now();
  run->announced =
      "Running '" + std::string(NameOf(step)) + "' action with timeout of " + base::FormatGoDuration(TimeoutOf(step, run->spec));
  run->log.Info(run->announced, {});
  run->status.Reconciling(reason::kProgressing, run->announced, now);
  if (KindOf(step) == StepKind::Release) {
    run->status.SetUnknown(condition::kReady, reason::kProgressing, run->announced, now);
    run->state->begun = true;
    run->state->begun_post_renderers = run->wanted.post_renderers_digest;
    run->state->begun_common_metadata = run->wanted.common_metadata_digest;
  }
  net::Task<Result<void>> writing = Write(run);
  co_return co_await std::move(writing);
}

net::Task<Result<void>> Reconciler::Take(RunPtr run, Step step) {
  run->written.clear();
  net::Task<Result<void>> task = [&]() -> net::Task<Result<void>> {
    switch (step) {
      case Step::Install:
      case Step::Upgrade: return InstallOrUpgrade(run, step);
      case Step::Rollback: return RollBack(run);
      case Step::UninstallRemediation: return UninstallToRemedy(run);
      case Step::Test: return RunTests(run);
      case Step::CorrectDrift: return PutRight(run);
      default: break;
    }
    return Unlock(run);
  }();
  co_return co_await std::move(task);
}

net::Task<Result<void>> Reconciler::PutRight(RunPtr run) {
  run->status.SetUnknown(condition::kReady, reason::kProgressing, "correcting cluster drift", Now());
  State& state = *run->state;
  net::Task<Correction> correcting = CorrectDrift(*run->cluster, run->drifts, run->as);
  const Correction correction = co_await std::move(correcting);
  const auto lines = [](const std::vector<std::string>& all) {
    std::string out;
    for (const std::string& line : all) out += (out.empty() ? "" : "\n") + line;
    return out;
  };
  const Snapshot* latest = run->status.memory.history.Latest();
  if (!correction.failed.empty()) {
    std::string message = "Failed to " + std::string(correction.done.empty() ? "" : "partially ") + "correct cluster state of release " +
                          latest->FullName() + ":\n" + lines(correction.failed);
    if (!correction.done.empty()) message += "\n\nSuccessful corrections:\n" + lines(correction.done);
    EmitOf(*run, latest, kube::EventType::Warning, "DriftCorrectionFailed", message);
  } else if (!correction.done.empty()) {
    EmitOf(*run, latest, kube::EventType::Normal, "DriftCorrected",
           "Cluster state of release " + latest->FullName() + " has been corrected:\n" + lines(correction.done));
  }
  state.drifts = run->started - state.last_drift < kDriftWindow ? state.drifts + 1 : 0;
  state.last_drift = run->started;
  const base::Duration pause =
      state.drifts < kFreeDrifts
          ? base::Duration(0)
          : std::min<base::Duration>(std::chrono::seconds(1LL << std::min(state.drifts - kFreeDrifts, 12U)), run->spec.interval);
  state.drift_not_before = run->started + std::chrono::duration_cast<base::TimePoint::duration>(pause);
  co_return Result<void>();
}

net::Task<controller::Outcome> Reconciler::End(RunPtr run, Ending ending) {
  const base::TimePoint now = Now();
  WorkingStatus& status = run->status;
  controller::Outcome outcome;
  switch (ending) {
    case Ending::RetryLater: {
      const RetryStrategy* retry = ActiveRetry(run->spec, status.memory);
      const base::Duration interval = retry == nullptr ? run->spec.interval : retry->interval;
      status.Reconciling(reason::kProgressingWithRetry, "retrying after " + base::FormatGoDuration(interval), now);
      outcome = Next(*run->state, Period(parts_.services, interval));
      break;
    }
    case Ending::Requeue: {
      const std::string message(status.MessageOf(condition::kReady));
      status.Reconciling(reason::kProgressingWithRetry, message, now);
      outcome = controller::Outcome{.again_in = {}, .back_off = true};
      break;
    }
    case Ending::RetriesExceeded:
      status.Stall("RetriesExceeded",
                   "Failed to " + status.memory.last_action + " after " + std::to_string(ActiveFailures(status.memory)) + " attempt(s)",
                   now);
      break;
    case Ending::Done:
    case Ending::GoOn:
      status.Remove(condition::kReconciling);
      status.Summarize(run->spec, now);
      outcome = Next(*run->state, Interval(run->spec));
  }
  net::Task<controller::Outcome> task = Finish(run, outcome, ending != Ending::Requeue);
  co_return co_await std::move(task);
}

}  // namespace sluice::controller::helm_release
