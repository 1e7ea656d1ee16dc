// kstatus's rules for the kinds that run pods. The order of the questions is kstatus's: the first count that is short gives reason and message.
#include <initializer_list>
#include <limits>
#include <string>

#include "rollout/conditions.h"
#include "rollout/status_rules.h"

namespace sluice::rollout {

namespace {

std::string Of(std::int64_t have, std::int64_t want, std::string_view what) {
  return std::to_string(have) + " of " + std::to_string(want) + " " + std::string(what);
}

std::string PendingTermination(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " replica" : " replicas") + " pending termination";
}

base::Result<std::int64_t> RequiredInt(const document::Value& object, std::initializer_list<std::string_view> path, std::string_view name,
                                       bool& found) {
  const document::Value* value = object.At(path);
  found = value != nullptr && !value->IsNull();
  if (!found) return std::int64_t{0};
  if (!value->IsInt()) return base::Invalid(std::string(name) + " is not an integer");
  return value->AsInt().value_or(0);
}

struct Counts {
  std::int64_t spec, status, updated, ready, available;
};

Counts CountsOf(const document::Value& object) {
  return {.spec = IntAt(object, {"spec", "replicas"}, 1),
          .status = IntAt(object, {"status", "replicas"}, 0),
          .updated = IntAt(object, {"status", "updatedReplicas"}, 0),
          .ready = IntAt(object, {"status", "readyReplicas"}, 0),
          .available = IntAt(object, {"status", "availableReplicas"}, 0)};
}

// Phase Current if no count is short.
Status DeploymentCounts(const Counts& n) {
  if (n.spec > n.status) return InProgress("LessReplicas", Of(n.status, n.spec, "replicas created"));
  if (n.spec > n.updated) return InProgress("LessUpdated", Of(n.updated, n.spec, "replicas updated"));
  if (n.status > n.spec) return InProgress("ExtraPods", PendingTermination(n.status - n.spec));
  if (n.updated > n.available) return InProgress("LessAvailable", Of(n.available, n.updated, "updated replicas available"));
  if (n.spec > n.ready) return InProgress("LessReady", Of(n.ready, n.spec, "replicas ready"));
  return Current("Deployment is available. Replicas: " + std::to_string(n.status));
}

// Containers that the kubelet restarts ever more slowly, joined by commas.
std::string CrashLooping(const document::Value& pod) {
  std::string names;
  for (const document::Value& status : ItemsAt(pod, {"status", "containerStatuses"})) {
    if (status.StringAt({"state", "waiting", "reason"}) != "CrashLoopBackOff") continue;
    names += (names.empty() ? "" : ",") + std::string(status.StringAt({"name"}));
  }
  return names;
}

Status PendingPodStatus(const document::Value& pod, const ConditionView* scheduled, base::TimePoint now) {
  constexpr auto kScheduleWindow = std::chrono::seconds(15);  // kstatus: until then a pod may just be waiting for its turn
  if (scheduled == nullptr || !scheduled->IsFalse() || scheduled->reason != "Unschedulable")
    return InProgress("PodPending", "Pod is in the Pending phase");
  const auto created = base::ParseRfc3339(pod.StringAt({"metadata", "creationTimestamp"}));
  if (created && now - kScheduleWindow < *created) return InProgress("PodNotScheduled", "Pod has not been scheduled");
  return Failed("PodUnschedulable", "Pod could not be scheduled");
}

}  // namespace

base::Result<Status> DeploymentStatus(const document::Value& object) {
  // Without a deadline the controller sets no Progressing condition; it treats the largest 32-bit number as "none".
  constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int32_t>::max();
  bool progressing = IntAt(object, {"spec", "progressDeadlineSeconds"}, kNoDeadline) == kNoDeadline;
  bool available = false;
  TRY(const auto conditions, ConditionsOf(object));
  for (const ConditionView& condition : conditions) {
    if (condition.type == "Available") available |= condition.IsTrue();
    if (condition.type != "Progressing") continue;
    if (condition.reason == "ProgressDeadlineExceeded") return Failed(condition.reason, "Progress deadline exceeded");
    progressing |= condition.IsTrue() && condition.reason == "NewReplicaSetAvailable";
  }
  Status counted = DeploymentCounts(CountsOf(object));
  if (counted.phase != Phase::Current) return counted;
  if (!progressing) return InProgress("ReplicaSetNotAvailable", "the new replica set is not available");
  if (!available) return InProgress("DeploymentNotAvailable", "minimum availability is not reached");
  return counted;
}

base::Result<Status> ReplicaSetStatus(const document::Value& object) {
  TRY(const auto conditions, ConditionsOf(object));
  for (const ConditionView& condition : conditions) {
    if (condition.type != "ReplicaFailure" || !condition.IsTrue()) continue;
    return InProgress("ReplicaFailure", condition.message.empty() ? "replicas cannot be created" : std::string(condition.message));
  }
  const Counts n = CountsOf(object);
  const std::int64_t labelled = IntAt(object, {"status", "fullyLabeledReplicas"}, 0);
  if (n.spec > labelled) return InProgress("LessLabelled", Of(labelled, n.spec, "replicas created"));
  if (n.spec > n.available) return InProgress("LessAvailable", Of(n.available, n.spec, "replicas available"));
  if (n.spec > n.ready) return InProgress("LessReady", Of(n.ready, n.spec, "replicas ready"));
  if (n.status > n.spec) return InProgress("ExtraPods", PendingTermination(n.status - n.spec));
  return Current("ReplicaSet is available. Replicas: " + std::to_string(n.status));
}

base::Result<Status> StatefulSetStatus(const document::Value& object) {
  if (object.StringAt({"spec", "updateStrategy", "type"}) == "OnDelete")
    return Current("StatefulSet is using the ondelete update strategy");
  const Counts n = CountsOf(object);
  if (n.spec > n.status) return InProgress("LessReplicas", Of(n.status, n.spec, "replicas created"));
  if (n.spec > n.ready) return InProgress("LessReady", Of(n.ready, n.spec, "replicas ready"));
  if (n.status > n.spec) return InProgress("ExtraPods", PendingTermination(n.status - n.spec));
  const std::int64_t partition = IntAt(object, {"spec", "updateStrategy", "rollingUpdate", "partition"}, -1);
  if (partition != -1) {
    if (n.updated < n.spec - partition) return InProgress("PartitionRollout", Of(n.updated, n.spec - partition, "replicas updated"));
    return Current("Partition rollout complete. updated: " + std::to_string(n.updated));
  }
  const std::int64_t current = IntAt(object, {"status", "currentReplicas"}, 0);
  if (n.spec > current) return InProgress("LessCurrent", Of(current, n.spec, "replicas of the current revision"));
  if (object.StringAt({"status", "currentRevision"}) != object.StringAt({"status", "updateRevision"})) {
    return InProgress("RevisionMismatch", "the updated revision is not current yet");
  }
  return Current("All replicas scheduled as expected. Replicas: " + std::to_string(n.status));
}

base::Result<Status> DaemonSetStatus(const document::Value& object) {
  bool found = false;
  TRY(RequiredInt(object, {"metadata", "generation"}, "metadata.generation", found));
  if (!found) return InProgress("NoGeneration", "DaemonSet metadata.generation not found");
  TRY(RequiredInt(object, {"status", "observedGeneration"}, "status.observedGeneration", found));
  if (!found) return InProgress("NoObservedGeneration", "DaemonSet status.observedGeneration not found");
  const std::int64_t desired = IntAt(object, {"status", "desiredNumberScheduled"}, -1);
  const std::int64_t scheduled = IntAt(object, {"status", "currentNumberScheduled"}, 0);
  const std::int64_t updated = IntAt(object, {"status", "updatedNumberScheduled"}, 0);
  const std::int64_t available = IntAt(object, {"status", "numberAvailable"}, 0);
  const std::int64_t ready = IntAt(object, {"status", "numberReady"}, 0);
  if (desired == -1) return InProgress("NoDesiredNumber", "status.desiredNumberScheduled is missing");
  if (desired > scheduled) return InProgress("LessCurrent", Of(scheduled, desired, "pods created"));
  if (desired > updated) return InProgress("LessUpdated", Of(updated, desired, "pods updated"));
  if (desired > available) return InProgress("LessAvailable", Of(available, desired, "pods available"));
  if (desired > ready) return InProgress("LessReady", Of(ready, desired, "pods ready"));
  return Current("All replicas scheduled as expected. Replicas: " + std::to_string(desired));
}

base::Result<Status> PodStatus(const document::Value& object, base::TimePoint now) {
  TRY(const auto conditions, ConditionsOf(object));
  const std::string_view phase = object.StringAt({"status", "phase"});
  if (phase == "Succeeded") return Current("Pod has completed successfully");
  if (phase == "Failed") return Current("Pod has completed, but not successfully");
  if (phase == "Pending") return PendingPodStatus(object, FindCondition(conditions, "PodScheduled"), now);
  if (phase.empty()) return InProgress("PodNotObserved", "Pod phase not available");
  if (phase != "Running") return base::Invalid("unknown phase " + std::string(phase));
  const ConditionView* ready = FindCondition(conditions, "Ready");
  if (ready != nullptr && ready->IsTrue()) return Current("Pod is Ready");
  const std::string looping = CrashLooping(object);
  if (!looping.empty()) return Failed("ContainerCrashLooping", "Containers in CrashLoop state: " + looping);
  return InProgress("PodRunningNotReady", "Pod is running but is not Ready");
}

// kstatus calls a running Job Current; Flux (and flux-contract 6.9) waits until it is Complete.
base::Result<Status> JobStatus(const document::Value& object) {
  const std::int64_t parallelism = IntAt(object, {"spec", "parallelism"}, 1);
  const std::int64_t completions = IntAt(object, {"spec", "completions"}, parallelism);
  const std::int64_t succeeded = IntAt(object, {"status", "succeeded"}, 0);
  const std::int64_t failed = IntAt(object, {"status", "failed"}, 0);
  const document::Value* suspend = object.At({"spec", "suspend"});
  const bool suspended = suspend != nullptr && suspend->AsBool().value_or(false);
  TRY(const auto conditions, ConditionsOf(object));
  for (const ConditionView& condition : conditions) {
    if (!condition.IsTrue()) continue;
    const auto count = [&](std::int64_t n) { return std::to_string(n) + "/" + std::to_string(completions); };
    if (condition.type == "Complete") return Current("Job Completed. succeeded: " + count(succeeded));
    if (condition.type == "Failed") return Failed("JobFailed", "Job Failed. failed: " + count(failed));
    if (condition.type == "Suspended" && suspended) return Current("Job is suspended");
  }
  if (object.StringAt({"status", "startTime"}).empty()) return InProgress("JobNotStarted", "Job not started");
  const std::int64_t active = IntAt(object, {"status", "active"}, 0);
  return InProgress("JobInProgress", Of(succeeded, completions, "completions, ") + std::to_string(active) + " active, " +
                                         std::to_string(failed) + " failed");
}

}  // namespace sluice::rollout
