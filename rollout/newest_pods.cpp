// Which pods a workload is rolling out now. The rules are those of the controllers: a Deployment's newest ReplicaSet carries its revision annotation,
// a StatefulSet names its update revision, a DaemonSet's pods carry the generation of the template.
#include <algorithm>

#include "rollout/conditions.h"
#include "rollout/diagnose.h"

namespace sluice::rollout {

namespace {

using document::Value;

std::string ExpressionText(const Value& expression) {
  const std::string key(expression.StringAt({"key"}));
  const std::string_view op = expression.StringAt({"operator"});
  if (op == "Exists") return key;
  if (op == "DoesNotExist") return "!" + key;
  std::string values;
  for (const Value& value : ItemsAt(expression, {"values"})) values += (values.empty() ? "" : ",") + std::string(value.text());
  return key + (op == "NotIn" ? " notin (" : " in (") + values + ")";
}

bool IsOwnedBy(const Value& object, std::string_view uid) {
  const auto owners = ItemsAt(object, {"metadata", "ownerReferences"});
  return std::any_of(owners.begin(), owners.end(), [&](const Value& owner) { return owner.StringAt({"uid"}) == uid; });
}

// The label and value that the newest pods carry; the uid of the ReplicaSet for a Deployment.
struct Mark {
  std::string_view label, value, owner_uid;
};

Mark DeploymentMark(const Value& workload, std::span<const Value> replica_sets) {
  constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
  const std::string_view revision = document::AnnotationOf(workload, kRevision), uid = workload.StringAt({"metadata", "uid"});
  for (const Value& replica_set : replica_sets) {
    if (!IsOwnedBy(replica_set, uid) || revision.empty() || document::AnnotationOf(replica_set, kRevision) != revision) continue;
    return {"pod-template-hash", document::LabelOf(replica_set, "pod-template-hash"), replica_set.StringAt({"metadata", "uid"})};
  }
  return {};
}

Mark MarkOf(const Value& workload, std::span<const Value> replica_sets, std::string& generation) {
  const std::string_view kind = workload.StringAt({"kind"}), uid = workload.StringAt({"metadata", "uid"});
  if (kind == "Deployment") return DeploymentMark(workload, replica_sets);
  if (kind == "StatefulSet") return {"controller-revision-hash", workload.StringAt({"status", "updateRevision"}), uid};
  if (kind == "DaemonSet") {
    generation = document::AnnotationOf(workload, "deprecated.daemonset.template.generation");
    return {"pod-template-generation", generation, uid};
  }
  return {"", "", uid};
}

bool OwnedThroughAny(const Value& pod, const Value& workload, std::span<const Value> replica_sets) {
  const std::string_view uid = workload.StringAt({"metadata", "uid"});
  if (IsOwnedBy(pod, uid)) return true;
  return std::any_of(replica_sets.begin(), replica_sets.end(), [&](const Value& replica_set) {
    return IsOwnedBy(replica_set, uid) && IsOwnedBy(pod, replica_set.StringAt({"metadata", "uid"}));
  });
}

}  // namespace

std::string PodSelector(const Value& workload) {
  const std::string_view kind = workload.StringAt({"kind"});
  const bool known = kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "ReplicaSet" || kind == "Job";
  const Value* selector = workload.At({"spec", "selector"});
  if (!known || selector == nullptr) return "";
  std::string text;
  const auto append = [&](const std::string& part) { text += (text.empty() ? "" : ",") + part; };
  if (const Value* labels = selector->Find("matchLabels")) {
    for (const document::Member& member : labels->members()) append(member.key + "=" + std::string(member.value.text()));
  }
  for (const Value& expression : ItemsAt(*selector, {"matchExpressions"})) append(ExpressionText(expression));
  return text;
}

std::vector<const Value*> NewestPods(const Value& workload, std::span<const Value> replica_sets, std::span<const Value> pods) {
  std::string generation;
  const Mark mark = MarkOf(workload, replica_sets, generation);
  std::vector<const Value*> newest, all;
  for (const Value& pod : pods) {
    if (!OwnedThroughAny(pod, workload, replica_sets)) continue;
    all.push_back(&pod);
    const bool owned = mark.owner_uid.empty() || IsOwnedBy(pod, mark.owner_uid);
    if (owned && (mark.value.empty() || document::LabelOf(pod, mark.label) == mark.value)) newest.push_back(&pod);
  }
  return mark.value.empty() && mark.owner_uid.empty() ? all : newest;
}

}  // namespace sluice::rollout
