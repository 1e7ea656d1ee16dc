#include "controller/oci_repository/status.h"

#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/services.h"
#include "document/object.h"

namespace sluice::controller::oci_repository {
namespace {

using document::Value;

constexpr std::string_view kSourceVerified = "SourceVerified";

Value StatusWith(const Value& object, const Conditions& conditions) {
  Value status = OldStatus(object);
  status.Set("conditions", conditions.ToValue());
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  if (!requested.empty()) status.Set("lastHandledReconcileAt", requested);
  return status;
}

void SetFailed(Conditions& conditions, const Failure& failure, std::int64_t generation, base::TimePoint now) {
  const bool verified = failure.type == kSourceVerified;
  if (verified) conditions.Remove(condition::kFetchFailed);
  conditions.Set(failure.type, verified ? ConditionStatus::False : ConditionStatus::True, failure.reason, failure.message, generation, now);
  conditions.Set(condition::kReady, ConditionStatus::False, failure.reason, failure.message, generation, now);
}

}  // namespace

Value StatusAfterSuccess(const Value& object, const Spec& spec, const sources::Artifact& artifact, const std::string& url,
                         base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  const std::int64_t generation = GenerationOf(object);
  for (const std::string_view type : {condition::kReconciling, condition::kStalled, condition::kFetchFailed,
                                      condition::kStorageOperationFailed, condition::kArtifactOutdated}) {
    conditions.Remove(type);
  }
  const std::string message = "stored artifact for digest '" + artifact.revision + "'";
  conditions.Set(condition::kReady, ConditionStatus::True, "Succeeded", message, generation, now);
  conditions.Set(condition::kArtifactInStorage, ConditionStatus::True, "Succeeded", message, generation, now);
  if (spec.verify_secret.empty()) {
    conditions.Remove(kSourceVerified);
  } else {
    conditions.Set(kSourceVerified, ConditionStatus::True, "Succeeded", "verified signature of revision " + artifact.revision, generation,
                   now);
  }
  Value status = StatusWith(object, conditions);
  status.Set("observedGeneration", generation);
  status.Set("artifact", ArtifactValue(artifact));
  status.Set("url", url);
  if (spec.ignore.empty()) {
    status.Erase("observedIgnore");
  } else {
    status.Set("observedIgnore", spec.ignore);
  }
  Value selector = LayerSelectorOf(object);
  if (selector.IsNull()) {
    status.Erase("observedLayerSelector");
  } else {
    status.Set("observedLayerSelector", std::move(selector));
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

bool MustVerify(const Value& object, std::string_view revision) {
  const Conditions conditions = Conditions::FromStatus(OldStatus(object));
  const Condition* verified = conditions.Find(kSourceVerified);
  return object.StringAt({"status", "artifact", "revision"}) != revision || verified == nullptr ||
         verified->status != ConditionStatus::True || verified->observed_generation != GenerationOf(object);
}

bool ContentChanged(const Value& object, const Spec& spec) {
  const Value* observed = object.At({"status", "observedLayerSelector"});
  return object.StringAt({"status", "observedIgnore"}) != spec.ignore ||
         (observed == nullptr ? Value() : *observed) != LayerSelectorOf(object);
}

}  // namespace sluice::controller::oci_repository
