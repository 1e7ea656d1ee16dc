#include "rollout/helm_ready.h"

#include <algorithm>
#include <optional>

#include "document/object.h"

namespace sluice::rollout {
namespace {

using document::Value;
using Path = std::initializer_list<std::string_view>;

Status Ready() { return {Phase::Current, "", "ready"}; }
Status Waiting(std::string_view reason, std::string message) { return {Phase::InProgress, std::string(reason), std::move(message)}; }

std::int64_t IntAt(const Value& object, Path path, std::int64_t fallback = 0) {
  const Value* value = object.At(path);
  return value == nullptr ? fallback : value->AsInt().value_or(fallback);
}

bool HasCondition(const Value& object, std::string_view type, std::string_view status) {
  const Value* conditions = object.At({"status", "conditions"});
  if (conditions == nullptr) return false;
  const auto items = conditions->items();
  return std::any_of(items.begin(), items.end(),
                     [&](const Value& each) { return each.StringAt({"type"}) == type && each.StringAt({"status"}) == status; });
}

std::optional<Status> Unobserved(const Value& object) {
  const std::int64_t generation = IntAt(object, {"metadata", "generation"}), observed = IntAt(object, {"status", "observedGeneration"});
  if (generation == observed) return std::nullopt;
  return Waiting("LatestGenerationNotObserved",
                 "generation " + std::to_string(generation) + " is not observed yet, only " + std::to_string(observed));
}

/// A number or a percentage of `total`; nullopt if it is neither.
std::optional<std::int64_t> Scaled(const Value* value, std::int64_t total, bool up) {
  if (value == nullptr) return std::nullopt;
  if (const auto number = value->AsInt()) return number;
  std::string text(value->AsString().value_or(""));
  const bool percent = text.size() > 1 && text.back() == '%' && text.find_first_not_of("0123456789") == text.size() - 1 && text.size() < 8;
  if (!percent) return std::nullopt;
  const std::int64_t hundredths = std::stoll(text) * total;
  return (hundredths + (up ? 99 : 0)) / 100;
}

Status OfReadyPods(std::int64_t ready, std::int64_t wanted) {
  if (ready >= wanted) return Ready();
  return Waiting("LessReady", std::to_string(ready) + " of " + std::to_string(wanted) + " pods ready");
}

/// Its template, as the Deployment's, without the label that tells ReplicaSets apart.
bool HasTemplate(const Value& replica_set, const Value& deployment) {
  const Value *own = replica_set.At({"spec", "template"}), *wanted = deployment.At({"spec", "template"});
  if (own == nullptr || wanted == nullptr) return false;
  Value plain = *own;
  if (Value* labels = plain.At({"metadata", "labels"}); labels != nullptr && labels->IsMapping()) labels->Erase("pod-template-hash");
  return plain == *wanted;
}

bool IsControlledBy(const Value& object, std::string_view uid) {
  const Value* owners = object.At({"metadata", "ownerReferences"});
  if (owners == nullptr) return false;
  const auto items = owners->items();
  return std::any_of(items.begin(), items.end(), [&](const Value& owner) { return owner.StringAt({"uid"}) == uid; });
}

const Value* NewestOf(const Value& deployment, std::span<const Value> replica_sets) {
  const Value* found = nullptr;
  for (const Value& each : replica_sets) {
    if (!IsControlledBy(each, deployment.StringAt({"metadata", "uid"})) || !HasTemplate(each, deployment)) continue;
    const bool older =
        found != nullptr && each.StringAt({"metadata", "creationTimestamp"}) >= found->StringAt({"metadata", "creationTimestamp"});
    if (!older) found = &each;
  }
  return found;
}

/// How many of its pods a Deployment may be short of.
std::int64_t MaxUnavailable(const Value& deployment, std::int64_t replicas) {
  if (deployment.StringAt({"spec", "strategy", "type"}) != "RollingUpdate" || replicas == 0) return 0;
  const std::int64_t surge = Scaled(deployment.At({"spec", "strategy", "rollingUpdate", "maxSurge"}), replicas, true).value_or(0);
  std::int64_t unavailable = Scaled(deployment.At({"spec", "strategy", "rollingUpdate", "maxUnavailable"}), replicas, false).value_or(0);
  if (surge == 0 && unavailable == 0) unavailable = 1;
  return std::min(unavailable, replicas);
}

Status OfDeployment(const Value& live, const HelmFacts& facts) {
  const Value* paused = live.At({"spec", "paused"});
  if (paused != nullptr && paused->AsBool().value_or(false)) return Ready();
  const Value* newest = NewestOf(live, facts.replica_sets);
  if (newest == nullptr) return Waiting("NoReplicaSet", "no ReplicaSet has its template yet");
  for (const Value* each : {newest, &live}) {
    if (auto behind = Unobserved(*each)) return *std::move(behind);
  }
  const std::int64_t replicas = IntAt(live, {"spec", "replicas"}, 1);
  return OfReadyPods(IntAt(*newest, {"status", "readyReplicas"}), replicas - MaxUnavailable(live, replicas));
}

Status OfStatefulSet(const Value& live) {
  if (auto behind = Unobserved(live)) return *std::move(behind);
  if (live.StringAt({"spec", "updateStrategy", "type"}) != "RollingUpdate") return Ready();
  const std::int64_t replicas = IntAt(live, {"spec", "replicas"}, 1);
  const std::int64_t partition = IntAt(live, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  const std::int64_t updated = IntAt(live, {"status", "updatedReplicas"}), ready = IntAt(live, {"status", "readyReplicas"});
  if (updated < replicas - partition)
    return Waiting("LessUpdated", std::to_string(updated) + " of " + std::to_string(replicas - partition) + " pods updated");
  if (ready != replicas) return Waiting("LessReady", std::to_string(ready) + " of " + std::to_string(replicas) + " pods ready");
  const bool same = live.StringAt({"status", "currentRevision"}) == live.StringAt({"status", "updateRevision"});
  return partition == 0 && !same ? Waiting("LessUpdated", "its update is not over") : Ready();
}

Status OfDaemonSet(const Value& live) {
  if (auto behind = Unobserved(live)) return *std::move(behind);
  if (live.StringAt({"spec", "updateStrategy", "type"}) != "RollingUpdate") return Ready();
  const std::int64_t wanted = IntAt(live, {"status", "desiredNumberScheduled"}),
                     updated = IntAt(live, {"status", "updatedNumberScheduled"});
  if (updated != wanted) return Waiting("LessUpdated", std::to_string(updated) + " of " + std::to_string(wanted) + " pods updated");
  const auto unavailable = Scaled(live.At({"spec", "updateStrategy", "rollingUpdate", "maxUnavailable"}), wanted, true);
  return OfReadyPods(IntAt(live, {"status", "numberReady"}), wanted - unavailable.value_or(wanted));
}

Status OfPods(const Value& live, const HelmFacts& facts) {
  if (auto behind = Unobserved(live)) return *std::move(behind);
  const auto ready =
      std::count_if(facts.pods.begin(), facts.pods.end(), [](const Value& pod) { return HasCondition(pod, "Ready", "True"); });
  return OfReadyPods(ready, static_cast<std::int64_t>(facts.pods.size()));
}

Status OfJob(const Value& live, const HelmFacts& facts) {
  if (!facts.jobs) return Ready();
  const std::int64_t failed = IntAt(live, {"status", "failed"}), succeeded = IntAt(live, {"status", "succeeded"});
  if (failed > IntAt(live, {"spec", "backoffLimit"}, 6))
    return {Phase::Failed, "JobFailed", "it has failed " + std::to_string(failed) + " times"};
  const std::int64_t completions = IntAt(live, {"spec", "completions"});
  if (succeeded >= completions) return Ready();
  return Waiting("JobInProgress", std::to_string(succeeded) + " of " + std::to_string(completions) + " completions");
}

Status OfService(const Value& live) {
  const std::string_view type = live.StringAt({"spec", "type"});
  if (type == "ExternalName") return Ready();
  if (live.StringAt({"spec", "clusterIP"}).empty()) return Waiting("NoClusterIP", "it has no cluster IP");
  const Value *external = live.At({"spec", "externalIPs"}), *ingress = live.At({"status", "loadBalancer", "ingress"});
  const bool reached = (external != nullptr && !external->empty()) || (ingress != nullptr && !ingress->empty());
  return type == "LoadBalancer" && !reached ? Waiting("NoIngressIP", "its load balancer has no address") : Ready();
}

Status When(bool ready, std::string_view reason, std::string_view message) {
  return ready ? Ready() : Waiting(reason, std::string(message));
}

}  // namespace

Status HelmStatus(const Value& live, const HelmFacts& facts) {
  const document::GroupVersionKind gvk = document::GvkOf(live);
  const auto is = [&gvk](std::string_view group, std::string_view kind) { return gvk.group == group && gvk.kind == kind; };
  if (is("", "Pod")) return When(HasCondition(live, "Ready", "True"), "PodNotReady", "the pod is not ready");
  if (is("batch", "Job")) return OfJob(live, facts);
  if (is("apps", "Deployment")) return OfDeployment(live, facts);
  if (is("apps", "StatefulSet")) return OfStatefulSet(live);
  if (is("apps", "DaemonSet")) return OfDaemonSet(live);
  if (is("apps", "ReplicaSet") || is("", "ReplicationController")) return OfPods(live, facts);
  if (is("", "PersistentVolumeClaim")) return When(live.StringAt({"status", "phase"}) == "Bound", "NotBound", "it is not bound");
  if (is("", "Service")) return OfService(live);
  if (is("apiextensions.k8s.io", "CustomResourceDefinition"))
    return When(HasCondition(live, "Established", "True") || HasCondition(live, "NamesAccepted", "False"), "Installing",
                "it is not established");
  return Ready();
}

}  // namespace sluice::rollout
