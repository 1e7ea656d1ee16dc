#include "controller/git_repository/status.h"

#include <algorithm>

#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/progress.h"
#include "controller/services.h"
#include "controller/suspension.h"

namespace sluice::controller::git_repository {
namespace {

using document::Value;
using sources::Artifact;

constexpr std::string_view kFailures[] = {condition::kStorageOperationFailed, condition::kFetchFailed, condition::kIncludeUnavailable};

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

/// `spec.<field>` as it is written, or nothing.
void CopyFromSpec(const Value& object, std::string_view field, Value& status, std::string_view observed) {
  const Value* written = object.At({"spec", field});
  if (written == nullptr || written->items().empty()) {
    status.Erase(observed);
  } else {
    status.Set(observed, *written);
  }
}

void SetObserved(const Value& object, const Spec& spec, const std::vector<Artifact>& included, Value& status) {
  SetOrErase(status, "observedIgnore", spec.ignore);
  CopyFromSpec(object, "include", status, "observedInclude");
  CopyFromSpec(object, "sparseCheckout", status, "observedSparseCheckout");
  if (spec.recurse_submodules) {
    status.Set("observedRecurseSubmodules", true);
  } else {
    status.Erase("observedRecurseSubmodules");
  }
  Value list = Value::Sequence();
  for (const Artifact& artifact : included) list.Append(ArtifactValue(artifact));
  if (list.empty()) {
    status.Erase("includedArtifacts");
  } else {
    status.Set("includedArtifacts", std::move(list));
  }
}

/// What the steps before `failure` found good is told of no longer, nor is what was found when the file was still there.
void ClearOvercome(const Failure& failure, Conditions& conditions) {
  if (conditions.IsFalse(condition::kSourceVerified)) conditions.Remove(condition::kSourceVerified);
  conditions.Remove(condition::kStorageOperationFailed);
  conditions.Remove(condition::kStalled);
  if (failure.step > Step::Include) {
    conditions.Remove(condition::kIncludeUnavailable);
    conditions.Remove(condition::kArtifactOutdated);
  }
  if (failure.step > Step::Fetch) conditions.Remove(condition::kFetchFailed);
  if (failure.artifact_gone) conditions.Remove(condition::kArtifactInStorage);
}

/// Ready is the first of the abnormal conditions that hold; a signature that was refused comes before all.
void SetReady(const Failure& failure, std::int64_t generation, base::TimePoint now, Conditions& conditions) {
  const Condition* first = nullptr;
  for (const std::string_view type : kFailures)
    if (first == nullptr && conditions.IsTrue(type)) first = conditions.Find(type);
  if (conditions.IsFalse(condition::kSourceVerified)) first = conditions.Find(condition::kSourceVerified);
  const std::string reason = first ? first->reason : failure.reason;
  const std::string message = first ? first->message : failure.message;
  conditions.Set(condition::kReady, ConditionStatus::False, reason, message, generation, now);
}

}  // namespace

Value StatusAfterSuccess(const Value& object, const Spec& spec, const Success& success, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  const std::string message = "stored artifact for revision '" + success.artifact.revision + "'";
  for (const std::string_view type : {condition::kReconciling, condition::kStalled, condition::kArtifactOutdated}) conditions.Remove(type);
  for (const std::string_view type : kFailures) conditions.Remove(type);
  if (!spec.verify) {
    conditions.Remove(condition::kSourceVerified);
    status.Erase("sourceVerificationMode");
  } else if (success.verified) {
    conditions.Set(condition::kSourceVerified, ConditionStatus::True, "Succeeded", *success.verified, generation, now);
    status.Set("sourceVerificationMode", ToString(spec.verify->mode));
  }
  conditions.Set(condition::kReady, ConditionStatus::True, "Succeeded", message, generation, now);
  conditions.Set(condition::kArtifactInStorage, ConditionStatus::True, "Succeeded", message, generation, now);
  status.Set("conditions", conditions.ToValue());
  status.Set("observedGeneration", generation);
  status.Set("artifact", ArtifactValue(success.artifact));
  SetObserved(object, spec, success.included, status);
  NoteRequest(object, status);
  return status;
}

Value StatusAfterFailure(const Value& object, const Failure& failure, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  ClearOvercome(failure, conditions);
  if (failure.artifact_gone) status.Erase("artifact");
  const bool outdated = failure.step == Step::Storage && status.Find("artifact") != nullptr && !failure.revision.empty();
  if (outdated && failure.include_change) {
    conditions.Set(condition::kArtifactOutdated, ConditionStatus::True, "IncludeChange",
                   "included artifacts differ from last observed includes", generation, now);
  } else if (outdated && failure.revision != object.StringAt({"status", "artifact", "revision"})) {
    conditions.Set(condition::kArtifactOutdated, ConditionStatus::True, "NewRevision", "new upstream revision '" + failure.revision + "'",
                   generation, now);
  }
  const bool positive = failure.type == condition::kSourceVerified;
  conditions.Set(failure.type, positive ? ConditionStatus::False : ConditionStatus::True, failure.reason, failure.message, generation, now);
  SetReady(failure, generation, now, conditions);
  if (failure.stalled) {
    conditions.Remove(condition::kReconciling);
    conditions.Set(condition::kStalled, ConditionStatus::True, failure.reason, failure.message, generation, now);
    status.Set("observedGeneration", generation);
  } else {
    const std::string doing =
        failure.revision.empty() ? ProgressMessage(object) : "building artifact: new upstream revision '" + failure.revision + "'";
    conditions.Set(condition::kReconciling, ConditionStatus::True, "ProgressingWithRetry", doing, generation, now);
  }
  status.Set("conditions", conditions.ToValue());
  NoteRequest(object, status);
  return status;
}

std::optional<Artifact> ArtifactOf(const Value& object) {
  const Value* found = object.At({"status", "artifact"});
  if (found == nullptr || !found->IsMapping()) return std::nullopt;
  return ArtifactFrom(*found);
}

std::vector<Artifact> IncludedArtifactsOf(const Value& object) {
  std::vector<Artifact> out;
  const Value* list = object.At({"status", "includedArtifacts"});
  if (list == nullptr) return out;
  for (const Value& item : list->items()) out.push_back(ArtifactFrom(item));
  return out;
}

bool SameArtifacts(const std::vector<Artifact>& a, const std::vector<Artifact>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Artifact& x, const Artifact& y) { return x.revision == y.revision && x.digest == y.digest; });
}

bool ShowsInputs(const Value& object, const Spec& spec, const std::vector<Artifact>& included) {
  const auto same_list = [&](std::string_view field, std::string_view observed) {
    const Value *want = object.At({"spec", field}), *have = object.At({"status", observed});
    const bool none = want == nullptr || want->items().empty();
    return none ? have == nullptr || have->items().empty() : have != nullptr && *want == *have;
  };
  const Value* submodules = object.At({"status", "observedRecurseSubmodules"});
  return object.StringAt({"status", "observedIgnore"}) == spec.ignore && same_list("include", "observedInclude") &&
         same_list("sparseCheckout", "observedSparseCheckout") &&
         (submodules != nullptr && submodules->AsBool().value_or(false)) == spec.recurse_submodules &&
         SameArtifacts(IncludedArtifactsOf(object), included);
}

bool NeedsVerification(const Value& object, const Spec& spec) {
  if (!spec.verify) return false;
  const Value* status = object.Find("status");
  const Value* observed = object.At({"status", "observedGeneration"});
  return status == nullptr || object.StringAt({"status", "sourceVerificationMode"}) != ToString(spec.verify->mode) || observed == nullptr ||
         observed->AsInt() != GenerationOf(object) || !Conditions::FromStatus(*status).IsTrue(condition::kSourceVerified);
}

bool ShowsFailure(const Value& object) {
  const Conditions conditions = Conditions::FromStatus(OldStatus(object));
  return std::any_of(std::begin(kFailures), std::end(kFailures), [&](std::string_view type) { return conditions.Find(type) != nullptr; });
}

}  // namespace sluice::controller::git_repository
