#include "controller/kustomization/status.h"

#include "controller/conditions.h"
#include "controller/kustomization/history.h"
#include "controller/services.h"
#include "controller/suspension.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;

void NoteRequest(const Value& object, Value& status) {
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  if (!requested.empty()) status.Set("lastHandledReconcileAt", requested);
}

void NoteAttempt(const Attempt& attempt, Value& status) {
  if (attempt.fetched && !attempt.revision.empty()) status.Set("lastAttemptedRevision", attempt.revision);
  if (attempt.inventory) status.Set("inventory", *attempt.inventory);
}

void NoteHeld(const Attempt& attempt, std::int64_t generation, base::TimePoint now, Conditions& conditions) {
  if (attempt.held) {
    conditions.Set(kHeldCondition, ConditionStatus::True, attempt.held->mass ? kMassRemoval : kHoldsData, attempt.held->message, generation,
                   now);
  } else if (attempt.judged) {
    conditions.Remove(kHeldCondition);
  }
}

/// The step at which a run fails for this reason, as Reconciling goes on to say it; else the failure itself.
std::string StepOf(const Attempt& attempt, std::string_view why, std::string_view message) {
  const bool unknown = why == reason::kDependencyNotReady || attempt.revision.empty() || attempt.timeout.empty();
  if (unknown || message.starts_with("Source ")) return std::string(message);
  std::string_view step = "Detecting drift";
  if (why == reason::kArtifactFailed) step = "Fetching manifests";
  if (why == reason::kBuildFailed) step = "Building manifests";
  if (why == reason::kHealthCheckFailed) step = "Running health checks";
  return ProgressMessage(step, attempt);
}

/// Without `health check failed after 3s: `, as Healthy has it.
std::string_view HealthWords(std::string_view message) {
  constexpr std::string_view kHead = "health check failed after ";
  const std::size_t colon = message.find(": ");
  return message.starts_with(kHead) && colon != std::string_view::npos ? message.substr(colon + 2) : message;
}

void NoteHistory(const Attempt& attempt, std::string_view reason, base::TimePoint now, Value& status) {
  if (attempt.digest.empty()) return;
  const HistoryEntry entry{.digest = attempt.digest,
                           .status = std::string(reason),
                           .revision = attempt.revision,
                           .origin_revision = attempt.origin_revision,
                           .at = now,
                           .duration = attempt.duration};
  Value history = WithEntry(status.Find("history"), entry);
  status.Set("history", std::move(history));
}

}  // namespace

std::string ProgressMessage(std::string_view step, const Attempt& attempt) {
  return std::string(step) + " for revision " + attempt.revision + " with a timeout of " + attempt.timeout;
}

bool HoldsMass(const Value& object) {
  const Value* status = object.Find("status");
  if (status == nullptr) return false;
  const Conditions conditions = Conditions::FromStatus(*status);
  const Condition* held = conditions.Find(kHeldCondition);
  return held != nullptr && held->status == ConditionStatus::True && held->reason == kMassRemoval;
}

Value StatusProgressing(const Value& object, const Attempt& attempt, std::string_view message, bool drifted, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kStalled);
  NoteHeld(attempt, generation, now, conditions);
  conditions.Set(condition::kReconciling, ConditionStatus::True, reason::kProgressing, message, generation, now);
  const Condition* ready = conditions.Find(condition::kReady);
  if (drifted || ready == nullptr || ready->status == ConditionStatus::Unknown) {
    conditions.Set(condition::kReady, ConditionStatus::Unknown, reason::kProgressing, "Reconciliation in progress", generation, now);
  }
  status.Set("conditions", conditions.ToValue());
  NoteAttempt(attempt, status);
  return status;
}

Value StatusChecking(const Value& object, const Attempt& attempt, std::string_view message, std::string_view details, base::TimePoint now) {
  const std::string behind = ": " + std::string(details);
  Value status = StatusProgressing(object, attempt, std::string(message) + behind, true, now);
  Conditions conditions = Conditions::FromStatus(status);
  conditions.Set(condition::kReady, ConditionStatus::Unknown, reason::kProgressing, "Reconciliation in progress" + behind,
                 GenerationOf(object), now);
  conditions.Set(condition::kHealthy, ConditionStatus::Unknown, reason::kProgressing, ProgressMessage("Running health checks", attempt),
                 GenerationOf(object), now);
  status.Set("conditions", conditions.ToValue());
  return status;
}

Value StatusSucceeded(const Value& object, const Attempt& attempt, std::optional<base::Duration> checked, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kReconciling);
  conditions.Remove(condition::kStalled);
  conditions.Remove(kHeldCondition);
  conditions.Remove(condition::kReady);  // a run passes through Unknown, so the time of its transition is that of its end
  conditions.Set(condition::kReady, ConditionStatus::True, reason::kSucceeded, "Applied revision: " + attempt.revision, generation, now);
  if (!checked) {
    conditions.Remove(condition::kHealthy);
  } else {
    conditions.Set(condition::kHealthy, ConditionStatus::True, "Succeeded", "Health check passed in " + base::FormatGoDuration(*checked),
                   generation, now);
  }
  status.Set("conditions", conditions.ToValue());
  status.Set("observedGeneration", generation);
  status.Set("lastAppliedRevision", attempt.revision);
  if (attempt.origin_revision.empty()) {
    status.Erase("lastAppliedOriginRevision");
  } else {
    status.Set("lastAppliedOriginRevision", attempt.origin_revision);
  }
  NoteAttempt(attempt, status);
  NoteHistory(attempt, reason::kSucceeded, now, status);
  NoteRequest(object, status);
  return status;
}

Value StatusFailed(const Value& object, const Attempt& attempt, std::string_view why, std::string_view message, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kStalled);
  conditions.Set(condition::kReady, ConditionStatus::False, why, message, generation, now);
  conditions.Set(condition::kReconciling, ConditionStatus::True, "ProgressingWithRetry", StepOf(attempt, why, message), generation, now);
  if (why == reason::kHealthCheckFailed)
    conditions.Set(condition::kHealthy, ConditionStatus::False, why, HealthWords(message), generation, now);
  NoteHeld(attempt, generation, now, conditions);
  status.Set("conditions", conditions.ToValue());
  // A revision counts as attempted once its files are there.
  const bool attempted = why != reason::kDependencyNotReady && why != reason::kArtifactFailed;
  if (attempted) NoteAttempt(attempt, status);
  NoteHistory(attempt, why, now, status);
  NoteRequest(object, status);
  return status;
}

Value StatusStalled(const Value& object, std::string_view why, std::string_view message, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kReconciling);
  conditions.Set(condition::kStalled, ConditionStatus::True, why, message, generation, now);
  conditions.Set(condition::kReady, ConditionStatus::False, why, message, generation, now);
  status.Set("conditions", conditions.ToValue());
  status.Set("observedGeneration", generation);
  NoteRequest(object, status);
  return status;
}

Value StatusSuspended(const Value& object, const Attempt& attempt, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  if (IsOfRunUnderWay(conditions.Find(condition::kHealthy))) {
    const std::string canceled = "Health checks canceled: the Kustomization was suspended";
    conditions.Remove(condition::kReconciling);
    conditions.Set(condition::kHealthy, ConditionStatus::Unknown, reason::kHealthCheckCanceled, canceled, generation, now);
    if (IsOfRunUnderWay(conditions.Find(condition::kReady))) {
      conditions.Set(condition::kReady, ConditionStatus::False, reason::kHealthCheckCanceled, canceled + "; resume it to go on", generation,
                     now);
    }
  }
  EndRunUnderWay(conditions, "Kustomization", generation, now);
  if (conditions.IsTrue(condition::kReady)) {
    conditions.Remove(condition::kReconciling);
    status.Set("observedGeneration", generation);
  }
  if (status.Find("conditions") != nullptr) status.Set("conditions", conditions.ToValue());
  NoteAttempt(attempt, status);
  NoteRequest(object, status);
  return status;
}

bool ShowsSuccess(const Value& object, std::string_view revision) {
  const Value* status = object.Find("status");
  if (status == nullptr) return false;
  const Conditions conditions = Conditions::FromStatus(*status);
  const Value* observed = status->Find("observedGeneration");
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  return conditions.IsTrue(condition::kReady) && conditions.Find(condition::kReconciling) == nullptr &&
         conditions.Find(condition::kStalled) == nullptr && observed != nullptr && observed->AsInt() == GenerationOf(object) &&
         status->StringAt({"lastAppliedRevision"}) == revision &&
         (requested.empty() || requested == status->StringAt({"lastHandledReconcileAt"}));
}

bool ShowsFailure(const Value& object) {
  const Value* status = object.Find("status");
  return status != nullptr && Conditions::FromStatus(*status).IsFalse(condition::kReady);
}

}  // namespace sluice::controller::kustomization
