#include "controller/helm_repository/status.h"

#include <cstdio>

#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/progress.h"
#include "controller/services.h"

namespace sluice::controller::helm_repository {
namespace {

using document::Value;

void NoteRequest(const Value& object, Value& status) {
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  if (!requested.empty()) status.Set("lastHandledReconcileAt", requested);
}

}  // namespace

Value StatusAfterSuccess(const Value& object, const sources::Artifact& artifact, const std::string& url, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  for (const std::string_view type : {condition::kReconciling, condition::kStalled, condition::kFetchFailed,
                                      condition::kStorageOperationFailed, condition::kArtifactOutdated}) {
    conditions.Remove(type);
  }
  const std::string message = "stored artifact: revision '" + artifact.revision + "'";
  conditions.Set(condition::kReady, ConditionStatus::True, "Succeeded", message, generation, now);
  conditions.Set(condition::kArtifactInStorage, ConditionStatus::True, "Succeeded", message, generation, now);
  status.Set("conditions", conditions.ToValue());
  status.Set("observedGeneration", generation);
  status.Set("artifact", ArtifactValue(artifact));
  status.Set("url", url);
  NoteRequest(object, status);
  return status;
}

Value StatusAfterFailure(const Value& object, const Failure& failure, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  if (failure.artifact_gone) {
    status.Erase("artifact");
    status.Erase("url");
    conditions.Remove(condition::kArtifactInStorage);
  }
  conditions.Remove(condition::kStalled);
  if (failure.type == condition::kStorageOperationFailed) conditions.Remove(condition::kFetchFailed);
  conditions.Set(failure.type, ConditionStatus::True, failure.reason, failure.message, generation, now);
  const Condition* storage = conditions.Find(condition::kStorageOperationFailed);  // ranks before FetchFailed
  const std::string reason = storage ? storage->reason : failure.reason, message = storage ? storage->message : failure.message;
  conditions.Set(condition::kReady, ConditionStatus::False, reason, message, generation, now);
  if (failure.stalled) {
    conditions.Remove(condition::kReconciling);
    conditions.Set(condition::kStalled, ConditionStatus::True, failure.reason, failure.message, generation, now);
    status.Set("observedGeneration", generation);
  } else {
    conditions.Set(condition::kReconciling, ConditionStatus::True, "ProgressingWithRetry", ProgressMessage(object), generation, now);
  }
  status.Set("conditions", conditions.ToValue());
  NoteRequest(object, status);
  return status;
}

bool ShowsFailure(const Value& object) {
  const Conditions conditions = Conditions::FromStatus(OldStatus(object));
  return conditions.Find(condition::kFetchFailed) != nullptr || conditions.Find(condition::kStorageOperationFailed) != nullptr;
}

bool NeedsMigration(const Value& object) {
  if (HasFinalizer(object)) return true;
  const Value* status = object.Find("status");
  return status != nullptr && !status->empty();  // the -1 of the CRD's default too: with it kstatus would wait for ever
}

std::string HumanSize(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < std::size(kUnits); ++unit) size /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.4g%s", size, kUnits[unit]);
  return text;
}

}  // namespace sluice::controller::helm_repository
