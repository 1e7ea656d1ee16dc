// What holds for every kind, in kstatus's order: being deleted, a generation that nobody has seen yet, the standard conditions Reconciling and Stalled;
// then the rule of the kind, if there is one; then a Ready condition; and an object with none of these is Current.
#include "rollout/status.h"

#include <algorithm>
#include <optional>

#include "document/object.h"
#include "rollout/conditions.h"
#include "rollout/status_rules.h"

namespace sluice::rollout {

Status InProgress(std::string_view reason, std::string message) { return {Phase::InProgress, std::string(reason), std::move(message)}; }
Status Failed(std::string_view reason, std::string message) { return {Phase::Failed, std::string(reason), std::move(message)}; }
Status Current(std::string message) { return {Phase::Current, "", std::move(message)}; }

namespace {

using document::Value;
using Decision = base::Result<std::optional<Status>>;

base::Result<std::optional<std::int64_t>> OptionalInt(const Value& object, std::initializer_list<std::string_view> path,
                                                      std::string_view name) {
  const Value* value = object.At(path);
  if (value == nullptr || value->IsNull()) return std::optional<std::int64_t>();
  if (!value->IsInt()) return base::Invalid(std::string(name) + " is not an integer");
  return value->AsInt();
}

Decision CheckGeneration(const Value& object) {
  TRY(const auto generation, OptionalInt(object, {"metadata", "generation"}, "metadata.generation"));
  if (!generation) return std::optional<Status>();
  TRY(const auto observed, OptionalInt(object, {"status", "observedGeneration"}, "status.observedGeneration"));
  if (!observed || *generation == *observed) return std::optional<Status>();
  return std::optional(InProgress("LatestGenerationNotObserved", std::string(object.StringAt({"kind"})) + " generation is " +
                                                                     std::to_string(*generation) + ", but latest observed generation is " +
                                                                     std::to_string(*observed)));
}

Decision CheckGeneric(const Value& object) {
  if (!object.StringAt({"metadata", "deletionTimestamp"}).empty()) {
    return std::optional(Status{Phase::Terminating, "", "Resource scheduled for deletion"});
  }
  TRY(std::optional<Status> generation, CheckGeneration(object));
  if (generation) return generation;
  TRY(const auto conditions, ConditionsOf(object));
  for (const ConditionView& condition : conditions) {
    if (!condition.IsTrue()) continue;
    if (condition.type == "Reconciling") return std::optional(InProgress(condition.reason, std::string(condition.message)));
    if (condition.type == "Stalled") return std::optional(Failed(condition.reason, std::string(condition.message)));
  }
  return std::optional<Status>();
}

Status ServiceStatus(const Value& object) {
  const bool load_balancer = object.StringAt({"spec", "type"}) == "LoadBalancer";
  if (load_balancer && object.StringAt({"spec", "clusterIP"}).empty())
    return InProgress("NoIPAssigned", "ClusterIP not set. Service type: LoadBalancer");
  return Current("Service is ready");
}

Status ClaimStatus(const Value& object) {
  const std::string_view phase = object.StringAt({"status", "phase"});
  if (phase == "Bound") return Current("PVC is Bound");
  return InProgress("NotBound", "PVC is not Bound. phase: " + std::string(phase.empty() ? "unknown" : phase));
}

base::Result<Status> DefinitionStatus(const Value& object) {
  TRY(const auto conditions, ConditionsOf(object));
  for (const ConditionView& condition : conditions) {
    if (condition.type == "NamesAccepted" && condition.IsFalse()) return Failed(condition.reason, std::string(condition.message));
    if (condition.type != "Established") continue;
    if (condition.IsFalse() && condition.reason != "Installing") return Failed(condition.reason, std::string(condition.message));
    if (condition.IsTrue()) return Current("CRD is established");
  }
  return InProgress("Installing", "Install in progress");
}

base::Result<Status> ReadyStatus(const Value& object) {
  TRY(const auto conditions, ConditionsOf(object));
  for (const ConditionView& condition : conditions) {
    if (condition.type != "Ready") continue;
    if (condition.IsTrue()) return Current("Resource is Ready");
    if (condition.IsFalse() || condition.status == "Unknown") return InProgress(condition.reason, std::string(condition.message));
  }
  return Current("Resource is current");
}

base::Result<Status> KindStatus(const Value& object, base::TimePoint now) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const auto is = [&](std::string_view group, std::string_view kind) { return gvk.group == group && gvk.kind == kind; };
  const auto is_app = [&](std::string_view kind) { return gvk.kind == kind && (gvk.group == "apps" || gvk.group == "extensions"); };
  if (is_app("Deployment")) return DeploymentStatus(object);
  if (is_app("ReplicaSet")) return ReplicaSetStatus(object);
  if (is_app("DaemonSet")) return DaemonSetStatus(object);
  if (is("apps", "StatefulSet")) return StatefulSetStatus(object);
  if (is("", "Pod")) return PodStatus(object, now);
  if (is("batch", "Job")) return JobStatus(object);
  if (is("", "Service")) return ServiceStatus(object);
  if (is("", "PersistentVolumeClaim")) return ClaimStatus(object);
  if (is("policy", "PodDisruptionBudget")) return Current("AllowedDisruptions has been computed.");
  if (is("apiextensions.k8s.io", "CustomResourceDefinition")) return DefinitionStatus(object);
  if (is("", "Secret") || is("", "ConfigMap") || is("batch", "CronJob")) return Current("Resource is always ready");
  return ReadyStatus(object);
}

base::Result<Status> Compute(const Value& object, base::TimePoint now) {
  TRY(const std::optional<Status> generic, CheckGeneric(object));
  if (generic) return *generic;
  return KindStatus(object, now);
}

}  // namespace

std::string_view ToString(Phase phase) {
  switch (phase) {
    case Phase::NotFound: return "NotFound";
    case Phase::InProgress: return "InProgress";
    case Phase::Current: return "Current";
    case Phase::Failed: return "Failed";
    case Phase::Terminating: return "Terminating";
    case Phase::Unknown: break;
  }
  return "Unknown";
}

Status ComputeStatus(const Value& object, base::TimePoint now) {
  base::Result<Status> status = Compute(object, now);
  return status ? *std::move(status) : Status{Phase::Unknown, "", status.error().message};
}

Status ComputeStatus(const Value& object, std::span<const Value> pods, base::TimePoint now) {
  Status status = ComputeStatus(object, now);
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const bool judged_by_pods = gvk.group == "apps" && (gvk.kind == "StatefulSet" || gvk.kind == "ReplicaSet");
  if (!judged_by_pods || status.phase != Phase::InProgress) return status;
  const auto failed =
      std::count_if(pods.begin(), pods.end(), [&](const Value& pod) { return ComputeStatus(pod, now).phase == Phase::Failed; });
  return failed == 0 ? status : Failed("PodsFailed", std::to_string(failed) + " pods have failed");
}

Status NotFoundStatus() { return {Phase::NotFound, "", "Resource not found"}; }

bool VanishesWhenDone(const Value& desired) {
  const document::GroupVersionKind gvk = document::GvkOf(desired);
  const Value* ttl = desired.At({"spec", "ttlSecondsAfterFinished"});
  return gvk.group == "batch" && gvk.kind == "Job" && ttl != nullptr && !ttl->IsNull();
}

}  // namespace sluice::rollout
