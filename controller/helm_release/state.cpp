#include "controller/helm_release/state.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using helm::ReleaseStatus;

bool Exhausted(const Remediation& remediation, std::int64_t failures) { return remediation.retries >= 0 && failures > remediation.retries; }

bool RemediatesLast(const Remediation& remediation, bool upgrade) {
  return remediation.remediate_last_failure.value_or(upgrade && remediation.retries > 0);
}

std::string Attempts(const Memory& memory) {
  return "Failed to " + memory.last_action + " after " + std::to_string(ActiveFailures(memory)) + " attempt(s)";
}

Decision RetriesExceeded(const Memory& memory) { return {.step = Step::None, .stalled = "RetriesExceeded", .message = Attempts(memory)}; }

Judgement OfDeployed(const helm::Release& last, const Spec& spec, const Wanted& wanted, const Memory& memory) {
  const bool same_chart = last.chart && last.chart->name == wanted.chart_name && last.chart->version == wanted.chart_version;
  if (!same_chart) return {ReleaseState::OutOfSync, "release chart changed"};
  const Snapshot& latest = *memory.history.Latest();
  if (latest.config_digest != wanted.config_digest) return {ReleaseState::OutOfSync, "release config values changed"};
  if (!memory.generation_observed) {
    if (memory.post_renderers_digest != wanted.post_renderers_digest) return {ReleaseState::OutOfSync, "postrenderers digest has changed"};
    if (memory.common_metadata_digest != wanted.common_metadata_digest)
      return {ReleaseState::OutOfSync, "common metadata digest has changed"};
  }
  if (!spec.test.enable) return {ReleaseState::InSync, ""};
  if (!latest.HasBeenTested()) return {ReleaseState::Untested, ""};
  const bool counts = ActiveRemediation(spec, memory) != nullptr && !IgnoresTestFailures(spec, memory);
  if (counts && latest.HasTestInPhase("Failed")) return {ReleaseState::Failed, "release has test in failed phase"};
  return {ReleaseState::InSync, ""};
}

void Trim(const Spec& spec, Memory& memory) {
  if (ActiveRetry(spec, memory) != nullptr) {
    memory.history.TruncateToNewest();
  } else {
    memory.history.Truncate(IgnoresTestFailures(spec, memory));
  }
}

Decision OfFailed(const Spec& spec, Memory& memory, bool forced) {
  if (ActiveRetry(spec, memory) != nullptr) {
    memory.history.TruncateToNewest();
    return {.step = Step::Upgrade, .stalled = "", .message = ""};
  }
  const Remediation* remediation = ActiveRemediation(spec, memory);
  // Without failures what they happened under has changed.
  if (remediation == nullptr || ActiveFailures(memory) <= 0 || forced) return {.step = Step::Upgrade, .stalled = "", .message = ""};
  const bool upgrade = memory.last_action == "upgrade";
  if (Exhausted(*remediation, ActiveFailures(memory)) && !RemediatesLast(*remediation, upgrade)) return RetriesExceeded(memory);
  const bool ignore_tests = IgnoresTestFailures(spec, memory);
  memory.history.Truncate(ignore_tests);
  if (remediation->uninstall) return {.step = Step::UninstallRemediation, .stalled = "", .message = ""};
  if (memory.history.Previous(ignore_tests) == nullptr) {
    return {.step = Step::None,
            .stalled = "MissingRollbackTarget",
            .message = "Failed to perform remediation: missing target release for rollback: cannot remediate failed release"};
  }
  return {.step = Step::Rollback, .stalled = "", .message = ""};
}

}  // namespace

std::string_view ToString(ReleaseState state) {
  switch (state) {
    case ReleaseState::Absent: return "Absent";
    case ReleaseState::Unmanaged: return "Unmanaged";
    case ReleaseState::OutOfSync: return "OutOfSync";
    case ReleaseState::Drifted: return "Drifted";
    case ReleaseState::Locked: return "Locked";
    case ReleaseState::Untested: return "Untested";
    case ReleaseState::InSync: return "InSync";
    case ReleaseState::Failed: break;
  }
  return "Failed";
}

Result<Judgement> Judge(const helm::Release* last, const Spec& spec, const Wanted& wanted, const Memory& memory) {
  if (last == nullptr) return Judgement{ReleaseState::Absent, "no release in storage for object"};
  const ReleaseStatus status = last->info.status;
  const std::string word(helm::ToString(status));
  if (helm::IsPending(status)) return Judgement{ReleaseState::Locked, "release with status '" + word + "'"};
  const Snapshot* latest = memory.history.Latest();
  if (latest == nullptr) {
    if (status == ReleaseStatus::Uninstalled) return Judgement{ReleaseState::Absent, "found uninstalled release in storage"};
    return Judgement{ReleaseState::Unmanaged, "found existing release in storage"};
  }
  if (!Shows(*latest, *last)) return Judgement{ReleaseState::Unmanaged, "release not observed to be made for object"};
  if (status == ReleaseStatus::Failed) return Judgement{ReleaseState::Failed, ""};
  if (status == ReleaseStatus::Uninstalled) return Judgement{ReleaseState::Absent, "found uninstalled release in storage"};
  if (status == ReleaseStatus::Deployed) return OfDeployed(*last, spec, wanted, memory);
  return base::Invalid("unable to determine state for release with status '" + word + "'");
}

std::string_view NameOf(Step step) {
  switch (step) {
    case Step::None: return "";
    case Step::Install: return "install";
    case Step::Upgrade: return "upgrade";
    case Step::Test: return "test";
    case Step::Rollback: return "rollback";
    case Step::UninstallRemediation: return "uninstall";
    case Step::Unlock: return "unlock";
    case Step::CorrectDrift: break;
  }
  return "correct cluster drift";
}

StepKind KindOf(Step step) {
  switch (step) {
    case Step::None: return StepKind::None;
    case Step::Install:
    case Step::Upgrade: return StepKind::Release;
    case Step::Test: return StepKind::Test;
    case Step::Rollback:
    case Step::UninstallRemediation: return StepKind::Remediate;
    case Step::Unlock: return StepKind::Unlock;
    case Step::CorrectDrift: break;
  }
  return StepKind::Drift;
}

base::Duration TimeoutOf(Step step, const Spec& spec) {
  switch (step) {
    case Step::Install: return spec.TimeoutOf(spec.install);
    case Step::Upgrade: return spec.TimeoutOf(spec.upgrade);
    case Step::Test: return spec.test.timeout.value_or(spec.timeout);
    case Step::Rollback: return spec.TimeoutOf(spec.rollback);
    case Step::UninstallRemediation: return spec.TimeoutOf(spec.uninstall);
    default: return spec.timeout;
  }
}

Decision Decide(const Judgement& judgement, const Spec& spec, Memory& memory, bool forced) {
  const auto take = [](Step step) { return Decision{.step = step, .stalled = "", .message = ""}; };
  switch (judgement.state) {
    case ReleaseState::InSync: Trim(spec, memory); return take(forced ? Step::Upgrade : Step::None);
    case ReleaseState::Locked: return take(Step::Unlock);
    case ReleaseState::Absent:
      if (Exhausted(spec.install.remediation, memory.install_failures) && !forced) return RetriesExceeded(memory);
      return take(Step::Install);
    case ReleaseState::Unmanaged: memory.history.Clear(); return take(Step::Upgrade);
    case ReleaseState::OutOfSync:
      if (Exhausted(spec.upgrade.remediation, memory.upgrade_failures) && !forced) return RetriesExceeded(memory);
      return take(Step::Upgrade);
    case ReleaseState::Drifted: return take(spec.drift_mode == DriftMode::Enabled ? Step::CorrectDrift : Step::None);
    case ReleaseState::Untested: return take(Step::Test);
    case ReleaseState::Failed: break;
  }
  return OfFailed(spec, memory, forced);
}

const Remediation* ActiveRemediation(const Spec& spec, const Memory& memory) {
  if (memory.last_action == "install") return &spec.install.remediation;
  return memory.last_action == "upgrade" ? &spec.upgrade.remediation : nullptr;
}

const RetryStrategy* ActiveRetry(const Spec& spec, const Memory& memory) {
  if (memory.last_action != "install" && memory.last_action != "upgrade") return nullptr;
  const RetryStrategy& strategy = memory.last_action == "install" ? spec.install.strategy : spec.upgrade.strategy;
  return strategy.retries_only ? &strategy : nullptr;
}

std::int64_t ActiveFailures(const Memory& memory) {
  if (memory.last_action == "install") return memory.install_failures;
  return memory.last_action == "upgrade" ? memory.upgrade_failures : 0;
}

bool IgnoresTestFailures(const Spec& spec, const Memory& memory) {
  const Remediation* remediation = ActiveRemediation(spec, memory);
  if (remediation == nullptr) return spec.test.ignore_failures;
  return remediation->ignore_test_failures.value_or(spec.test.ignore_failures);
}

Ending BeforeStep(Step next, const std::set<StepKind>& taken, const Spec& spec, const Memory& memory) {
  if (!taken.contains(KindOf(next))) return Ending::GoOn;
  if (ActiveRetry(spec, memory) != nullptr) return Ending::RetryLater;
  const Remediation* remediation = ActiveRemediation(spec, memory);
  return remediation == nullptr || !Exhausted(*remediation, ActiveFailures(memory)) ? Ending::Requeue : Ending::Done;
}

Ending AfterStep(Step step, const Spec& spec, const Memory& memory) {
  if (KindOf(step) != StepKind::Remediate) return Ending::GoOn;
  if (ActiveRetry(spec, memory) != nullptr) return Ending::RetryLater;
  const Remediation* remediation = ActiveRemediation(spec, memory);
  const bool reinstalls = memory.last_action == "upgrade" && remediation != nullptr && remediation->uninstall;
  if (remediation == nullptr || !Exhausted(*remediation, ActiveFailures(memory)) || reinstalls) return Ending::Requeue;
  return Ending::RetriesExceeded;
}

std::string ResetReason(std::int64_t generation, std::int64_t attempted_generation, const std::string& version,
                        const std::string& attempted_version, const std::string& config_digest, const std::string& attempted_digest,
                        bool reset_requested) {
  if (generation != attempted_generation) return "generation differs from last attempt";
  if (version != attempted_version) return "chart version differs from last attempt";
  if (!attempted_digest.empty() && config_digest != attempted_digest) return "values differ from last attempt";
  return reset_requested ? "reset requested through annotation" : "";
}

std::string TargetChange(const Spec& spec, const Snapshot* latest, std::string_view status_storage_ns, const std::string& chart_name) {
  if (status_storage_ns.empty() || latest == nullptr) return "";
  if (spec.storage_ns != status_storage_ns) return "storage namespace";
  if (spec.ns != latest->ns) return "release namespace";
  if (spec.release_name != latest->name) return "release name";
  return chart_name != latest->chart_name && !spec.upgrade.change_chart_in_place ? "chart name" : "";
}

bool IsRequested(std::string_view annotation, std::string_view requested_at, std::string_view handled_requested_at,
                 std::string_view handled_annotation) {
  return !annotation.empty() && annotation == requested_at && handled_requested_at != requested_at && handled_annotation != annotation;
}

}  // namespace sluice::controller::helm_release
