// The statuses of a GitRepository: pure functions from what was and what happened to what is written.
#include <algorithm>

#include "controller/conditions.h"
#include "controller/git_repository/reconciler.h"

namespace sluice::controller::git_repository {
namespace {

using document::Value;

Value OldStatus(const Value& object) {
  const Value* status = object.Find("status");
  return status == nullptr || !status->IsMapping() ? Value::Mapping() : *status;
}

void SetOrErase(Value& status, std::string_view field, std::string_view text) {
  if (text.empty()) {
    status.Erase(field);
  } else {
    status.Set(field, text);
  }
}

void NoteRequest(const Value& object, Value& status) {
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  if (!requested.empty()) status.Set("lastHandledReconcileAt", requested);
}

Value ToValue(const sources::Artifact& artifact) {
  Value out = Value::Mapping();
  out.Set("digest", artifact.digest);
  out.Set("lastUpdateTime", base::FormatRfc3339(artifact.last_update_time));
  out.Set("path", artifact.path);
  out.Set("revision", artifact.revision);
  out.Set("size", static_cast<std::int64_t>(artifact.size));
  out.Set("url", artifact.url);
  if (!artifact.metadata.empty()) {
    Value metadata = Value::Mapping();
    for (const auto& [key, value] : artifact.metadata) metadata.Set(key, value);
    out.Set("metadata", std::move(metadata));
  }
  return out;
}

}  // namespace

Value StatusAfterSuccess(const Value& object, const Spec& spec, const sources::Artifact& artifact, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  const std::string message = "stored artifact for revision '" + artifact.revision + "'";
  for (const std::string_view type : {condition::kReconciling, condition::kStalled, condition::kFetchFailed,
                                      condition::kStorageOperationFailed, condition::kArtifactOutdated}) {
    conditions.Remove(type);
  }
  conditions.Set(condition::kReady, ConditionStatus::True, "Succeeded", message, generation, now);
  conditions.Set(condition::kArtifactInStorage, ConditionStatus::True, "Succeeded", message, generation, now);
  status.Set("conditions", conditions.ToValue());
  status.Set("observedGeneration", generation);
  status.Set("artifact", ToValue(artifact));
  SetOrErase(status, "observedIgnore", spec.ignore);
  NoteRequest(object, status);
  return status;
}

Value StatusAfterFailure(const Value& object, std::string_view type, std::string_view reason, std::string_view message,
                         base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kStalled);
  conditions.Set(type, ConditionStatus::True, reason, message, generation, now);
  conditions.Set(condition::kReady, ConditionStatus::False, reason, message, generation, now);
  conditions.Set(condition::kReconciling, ConditionStatus::True, "ProgressingWithRetry", "reconciliation in progress", generation, now);
  status.Set("conditions", conditions.ToValue());
  NoteRequest(object, status);
  return status;
}

Value StatusStalled(const Value& object, std::string_view reason, std::string_view message, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kReconciling);
  conditions.Set(condition::kStalled, ConditionStatus::True, reason, message, generation, now);
  conditions.Set(condition::kFetchFailed, ConditionStatus::True, reason, message, generation, now);
  conditions.Set(condition::kReady, ConditionStatus::False, reason, message, generation, now);
  status.Set("conditions", conditions.ToValue());
  status.Set("observedGeneration", generation);
  NoteRequest(object, status);
  return status;
}

std::optional<sources::Artifact> ArtifactOf(const Value& object) {
  const Value* found = object.At({"status", "artifact"});
  if (found == nullptr || !found->IsMapping()) return std::nullopt;
  sources::Artifact artifact;
  artifact.path = found->StringAt({"path"});
  artifact.url = found->StringAt({"url"});
  artifact.revision = found->StringAt({"revision"});
  artifact.digest = found->StringAt({"digest"});
  artifact.last_update_time = base::ParseRfc3339(found->StringAt({"lastUpdateTime"})).value_or(base::TimePoint());
  if (const Value* size = found->Find("size")) artifact.size = size->AsUint().value_or(0);
  if (const Value* metadata = found->Find("metadata")) {
    for (const document::Member& member : metadata->members()) artifact.metadata[member.key] = member.value.AsString().value_or("");
  }
  return artifact;
}

}  // namespace sluice::controller::git_repository
