#include "controller/bucket/status.h"

#include "base/digest.h"
#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/services.h"
#include "document/object.h"

namespace sluice::controller::bucket {
namespace {

using document::Value;

Value StatusWith(const Value& object, const Conditions& conditions) {
  Value status = OldStatus(object);
  status.Set("conditions", conditions.ToValue());
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  if (!requested.empty()) status.Set("lastHandledReconcileAt", requested);
  return status;
}

void SetFailed(Conditions& conditions, const Failure& failure, std::int64_t generation, base::TimePoint now) {
  conditions.Set(failure.type, ConditionStatus::True, failure.reason, failure.message, generation, now);
  conditions.Set(condition::kReady, ConditionStatus::False, failure.reason, failure.message, generation, now);
}

}  // namespace

std::string RevisionOf(const EtagIndex& index) {
  std::string text;
  for (const auto& [key, etag] : index) text += key + " " + etag + "\n";
  return "sha256:" + base::Sha256Hex(text);
}

Value StatusAfterSuccess(const Value& object, const Spec& spec, const sources::Artifact& artifact, const std::string& url,
                         base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  const std::int64_t generation = GenerationOf(object);
  for (const std::string_view type : {condition::kReconciling, condition::kStalled, condition::kFetchFailed,
                                      condition::kStorageOperationFailed, condition::kArtifactOutdated}) {
    conditions.Remove(type);
  }
  const std::string message = "stored artifact: revision '" + artifact.revision + "'";
  conditions.Set(condition::kReady, ConditionStatus::True, "Succeeded", message, generation, now);
  conditions.Set(condition::kArtifactInStorage, ConditionStatus::True, "Succeeded", message, generation, now);
  Value status = StatusWith(object, conditions);
  status.Set("observedGeneration", generation);
  status.Set("artifact", ArtifactValue(artifact));
  status.Set("url", url);
  if (spec.ignore) {
    status.Set("observedIgnore", *spec.ignore);
  } else {
    status.Erase("observedIgnore");
  }
  return status;
}

Value StatusAfterFailure(const Value& object, const Failure& failure, base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kStalled);
  SetFailed(conditions, failure, generation, now);
  conditions.Set(condition::kReconciling, ConditionStatus::True, "ProgressingWithRetry", "reconciliation in progress", generation, now);
  return StatusWith(object, conditions);
}

Value StatusStalled(const Value& object, const Failure& failure, base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kReconciling);
  SetFailed(conditions, failure, generation, now);
  conditions.Set(condition::kStalled, ConditionStatus::True, failure.reason, failure.message, generation, now);
  Value status = StatusWith(object, conditions);
  status.Set("observedGeneration", generation);
  return status;
}

}  // namespace sluice::controller::bucket
