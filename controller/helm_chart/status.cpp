#include "controller/helm_chart/status.h"

#include <algorithm>

#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/progress.h"
#include "controller/services.h"

namespace sluice::controller::helm_chart {
namespace {

using document::Value;

constexpr std::string_view kBuildFailed = "BuildFailed";
/// As they rank for Ready.
constexpr std::string_view kFailures[] = {condition::kStorageOperationFailed, condition::kFetchFailed, kBuildFailed};

void NoteRun(const Value& object, const std::string& source_revision, Value& status) {
  if (!source_revision.empty()) status.Set("observedSourceArtifactRevision", source_revision);
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  if (!requested.empty()) status.Set("lastHandledReconcileAt", requested);
}

void SetReady(const Failure& failure, std::int64_t generation, base::TimePoint now, Conditions& conditions) {
  const Condition* first = nullptr;
  for (const std::string_view type : kFailures)
    if (first == nullptr && conditions.IsTrue(type)) first = conditions.Find(type);
  if (conditions.IsFalse(condition::kSourceVerified)) first = conditions.Find(condition::kSourceVerified);
  const std::string reason = first ? first->reason : failure.reason, message = first ? first->message : failure.message;
  conditions.Set(condition::kReady, ConditionStatus::False, reason, message, generation, now);
}

}  // namespace

Failure FailureOf(const BuildError& error) {
  const bool fetching = error.step == Step::InvalidReference || error.step == Step::Pull || error.step == Step::Unknown;
  Failure failure{.type = std::string(fetching ? condition::kFetchFailed : kBuildFailed),
                  .reason = std::string(error.reason()),
                  .message = error.message(),
                  .stalled = error.persistent()};
  if (error.step == Step::Verification) failure.not_verified = failure.message;
  return failure;
}

Failure UnknownFailure(std::string_view reason, const std::string& message) {
  const BuildError unknown{Step::Unknown, base::Invalid(message)};
  return {.type = std::string(condition::kFetchFailed),
          .reason = std::string(unknown.reason()),
          .message = unknown.message(),
          .said_reason = std::string(reason),
          .said_message = message};
}

Value StatusAfterSuccess(const Value& object, const Spec& spec, const Build& build, const sources::Artifact& artifact,
                         const std::string& url, const std::string& source_revision, bool fresh, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  for (const std::string_view type : {condition::kReconciling, condition::kStalled, condition::kArtifactOutdated}) conditions.Remove(type);
  for (const std::string_view type : kFailures) conditions.Remove(type);
  if (!spec.verify) conditions.Remove(condition::kSourceVerified);
  if (build.verified) {
    conditions.Set(condition::kSourceVerified, ConditionStatus::True, "Succeeded", "verified signature of version " + build.version,
                   generation, now);
  }
  conditions.Set(condition::kReady, ConditionStatus::True, build.reason(), build.Summary(), generation, now);
  conditions.Set(condition::kArtifactInStorage, ConditionStatus::True, build.reason(), build.Summary(), generation, now);
  status.Set("conditions", conditions.ToValue());
  status.Set("observedGeneration", generation);
  status.Set("artifact", ArtifactValue(artifact));
  status.Set("url", url);
  status.Set("observedChartName", build.name);
  if (fresh && spec.ignore_missing_values_files && !build.values_files.empty()) {
    Value list = Value::Sequence();
    for (const std::string& file : build.values_files) list.Append(file);
    status.Set("observedValuesFiles", std::move(list));
  } else if (fresh) {
    status.Erase("observedValuesFiles");
  }
  NoteRun(object, source_revision, status);
  return status;
}

Value StatusAfterFailure(const Value& object, bool verifies, const Failure& failure, const std::string& source_revision,
                         base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  if (failure.artifact_gone) {
    status.Erase("artifact");
    status.Erase("url");
    conditions.Remove(condition::kArtifactInStorage);
  }
  if (!verifies || conditions.IsFalse(condition::kSourceVerified)) conditions.Remove(condition::kSourceVerified);
  conditions.Remove(condition::kStalled);
  if (failure.type == condition::kStorageOperationFailed) conditions.Remove(condition::kFetchFailed);
  if (failure.type != condition::kFetchFailed) conditions.Remove(failure.type == kBuildFailed ? condition::kFetchFailed : kBuildFailed);
  if (failure.type == condition::kFetchFailed) conditions.Remove(kBuildFailed);
  if (!failure.new_chart.empty() && status.Find("artifact") != nullptr)
    conditions.Set(condition::kArtifactOutdated, ConditionStatus::True, "NewChart", failure.new_chart, generation, now);
  conditions.Set(failure.type, ConditionStatus::True, failure.reason, failure.message, generation, now);
  if (!failure.not_verified.empty())
    conditions.Set(condition::kSourceVerified, ConditionStatus::False, "VerificationError", failure.not_verified, generation, now);
  SetReady(failure, generation, now, conditions);
  if (failure.stalled) {
    conditions.Remove(condition::kReconciling);
    conditions.Set(condition::kStalled, ConditionStatus::True, failure.said_reason.empty() ? failure.reason : failure.said_reason,
                   failure.said_message.empty() ? failure.message : failure.said_message, generation, now);
    status.Set("observedGeneration", generation);
  } else {
    const std::string doing = failure.new_chart.empty() ? ProgressMessage(object) : "building artifact: " + failure.new_chart;
    conditions.Set(condition::kReconciling, ConditionStatus::True, "ProgressingWithRetry", doing, generation, now);
  }
  status.Set("conditions", conditions.ToValue());
  NoteRun(object, source_revision, status);
  return status;
}

bool ShowsFailure(const Value& object) {
  const Conditions conditions = Conditions::FromStatus(OldStatus(object));
  return std::any_of(std::begin(kFailures), std::end(kFailures), [&](std::string_view type) { return conditions.Find(type) != nullptr; });
}

}  // namespace sluice::controller::helm_chart
