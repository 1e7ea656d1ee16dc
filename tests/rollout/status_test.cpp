// Expectations by cli-utils pkg/kstatus/status (its order of questions and its reasons) and flux-contract 6.9.
#include "rollout/status.h"

#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

const base::TimePoint kNow = At("2026-01-31T12:00:00Z");

struct Row {
  std::string_view rule, object, want;
};

std::string Print(const Status& status) {
  return std::string(ToString(status.phase)) + (status.reason.empty() ? "" : " " + status.reason) + ": " + status.message;
}

template <std::size_t N>
void Check(const std::string& head, const Row (&rows)[N]) {
  for (const Row& row : rows) EXPECT_EQ(Print(ComputeStatus(Yaml(head + std::string(row.object)), kNow)), row.want) << row.rule;
}

TEST(Status, ForEveryKind) {
  constexpr Row kRows[] = {
      {"nothing to judge", "{}", "Current: Resource is current"},
      {"deletion", "metadata: {deletionTimestamp: \"2026-01-01T00:00:00Z\"}\nstatus: {conditions: [{type: Ready, status: \"True\"}]}",
       "Terminating: Resource scheduled for deletion"},
      {"generation not observed", "kind: X\nmetadata: {generation: 2}\nstatus: {observedGeneration: 1}",
       "InProgress LatestGenerationNotObserved: X generation is 2, but latest observed generation is 1"},
      {"generation observed", "metadata: {generation: 2}\nstatus: {observedGeneration: 2}", "Current: Resource is current"},
      {"no observed generation", "metadata: {generation: 2}\nstatus: {}", "Current: Resource is current"},
      {"reconciling",
       "status: {conditions: [{type: Ready, status: \"True\"}, {type: Reconciling, status: \"True\", reason: Progressing, message: at "
       "work}]}",
       "InProgress Progressing: at work"},
      {"not reconciling", "status: {conditions: [{type: Reconciling, status: \"False\"}]}", "Current: Resource is current"},
      {"stalled", "status: {conditions: [{type: Stalled, status: \"True\", reason: InvalidPath, message: no such path}]}",
       "Failed InvalidPath: no such path"},
      {"first of the two wins",
       "status: {conditions: [{type: Stalled, status: \"True\", reason: S, message: s}, {type: Reconciling, status: \"True\"}]}",
       "Failed S: s"},
      {"ready", "status: {conditions: [{type: Ready, status: \"True\"}]}", "Current: Resource is Ready"},
      {"not ready", "status: {conditions: [{type: Ready, status: \"False\", reason: BuildFailed, message: bad}]}",
       "InProgress BuildFailed: bad"},
      {"ready unknown", "status: {conditions: [{type: Ready, status: Unknown, reason: Progressing, message: wait}]}",
       "InProgress Progressing: wait"},
      {"another status", "status: {conditions: [{type: Ready, status: Maybe}]}", "Current: Resource is current"},
      {"no generation, so it does not matter which is observed", "status: {observedGeneration: first}", "Current: Resource is current"},
      {"malformed observed generation", "metadata: {generation: 2}\nstatus: {observedGeneration: first}",
       "Unknown: status.observedGeneration is not an integer"},
      {"a condition's own generation is not looked at",
       "metadata: {generation: 2}\nstatus: {conditions: [{type: Ready, status: \"True\", observedGeneration: 1}]}",
       "Current: Resource is Ready"},
      {"malformed generation", "metadata: {generation: two}", "Unknown: metadata.generation is not an integer"},
      {"malformed conditions", "status: {conditions: {}}", "Unknown: status.conditions is not a list"},
      {"malformed condition", "status: {conditions: [{type: 1}]}", "Unknown: status.conditions[0].type is not a string"},
  };
  Check("", kRows);
}

TEST(Status, Deployment) {
  constexpr Row kRows[] = {
      {"no status", "", "InProgress LessReplicas: 0 of 1 replicas created"},
      {"creating", "spec: {replicas: 3}\nstatus: {replicas: 1}", "InProgress LessReplicas: 1 of 3 replicas created"},
      {"updating", "spec: {replicas: 3}\nstatus: {replicas: 4, updatedReplicas: 1, readyReplicas: 3, availableReplicas: 3}",
       "InProgress LessUpdated: 1 of 3 replicas updated"},
      {"old ones left", "spec: {replicas: 3}\nstatus: {replicas: 4, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3}",
       "InProgress ExtraPods: 1 replica pending termination"},
      {"not available", "spec: {replicas: 3}\nstatus: {replicas: 3, updatedReplicas: 3, readyReplicas: 1, availableReplicas: 1}",
       "InProgress LessAvailable: 1 of 3 updated replicas available"},
      {"not ready", "spec: {replicas: 3}\nstatus: {replicas: 3, updatedReplicas: 3, readyReplicas: 2, availableReplicas: 3}",
       "InProgress LessReady: 2 of 3 replicas ready"},
      {"not progressing",
       "spec: {replicas: 1, progressDeadlineSeconds: 600}\nstatus: {replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: "
       "1}",
       "InProgress ReplicaSetNotAvailable: the new replica set is not available"},
      {"not available condition", "spec: {replicas: 1}\nstatus: {replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1}",
       "InProgress DeploymentNotAvailable: minimum availability is not reached"},
      {"done",
       "spec: {replicas: 1, progressDeadlineSeconds: 600}\nstatus:\n  replicas: 1\n  updatedReplicas: 1\n  readyReplicas: 1\n  "
       "availableReplicas: 1\n"
       "  conditions: [{type: Available, status: \"True\"}, {type: Progressing, status: \"True\", reason: NewReplicaSetAvailable}]",
       "Current: Deployment is available. Replicas: 1"},
      {"scaled to zero",
       "spec: {replicas: 0, progressDeadlineSeconds: 600}\nstatus:\n  conditions: [{type: Available, status: \"True\"}, {type: "
       "Progressing, status: \"True\", reason: NewReplicaSetAvailable}]",
       "Current: Deployment is available. Replicas: 0"},
      {"deadline",
       "spec: {replicas: 1, progressDeadlineSeconds: 600}\nstatus: {conditions: [{type: Progressing, status: \"False\", reason: "
       "ProgressDeadlineExceeded}]}",
       "Failed ProgressDeadlineExceeded: Progress deadline exceeded"},
  };
  Check("apiVersion: apps/v1\nkind: Deployment\n", kRows);
}

TEST(Status, StatefulSet) {
  constexpr Row kRows[] = {
      {"on delete", "spec: {replicas: 3, updateStrategy: {type: OnDelete}}", "Current: StatefulSet is using the ondelete update strategy"},
      {"creating", "spec: {replicas: 3}\nstatus: {replicas: 1}", "InProgress LessReplicas: 1 of 3 replicas created"},
      {"not ready", "spec: {replicas: 3}\nstatus: {replicas: 3, readyReplicas: 2}", "InProgress LessReady: 2 of 3 replicas ready"},
      {"too many", "spec: {replicas: 1}\nstatus: {replicas: 3, readyReplicas: 3}", "InProgress ExtraPods: 2 replicas pending termination"},
      {"partition",
       "spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 1}}}\nstatus: {replicas: 3, readyReplicas: 3, updatedReplicas: 1}",
       "InProgress PartitionRollout: 1 of 2 replicas updated"},
      {"partition done",
       "spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 1}}}\nstatus: {replicas: 3, readyReplicas: 3, updatedReplicas: 2}",
       "Current: Partition rollout complete. updated: 2"},
      {"not current", "spec: {replicas: 3}\nstatus: {replicas: 3, readyReplicas: 3, currentReplicas: 1}",
       "InProgress LessCurrent: 1 of 3 replicas of the current revision"},
      {"revisions differ",
       "spec: {replicas: 1}\nstatus: {replicas: 1, readyReplicas: 1, currentReplicas: 1, currentRevision: a, updateRevision: b}",
       "InProgress RevisionMismatch: the updated revision is not current yet"},
      {"done", "spec: {replicas: 1}\nstatus: {replicas: 1, readyReplicas: 1, currentReplicas: 1, currentRevision: a, updateRevision: a}",
       "Current: All replicas scheduled as expected. Replicas: 1"},
  };
  Check("apiVersion: apps/v1\nkind: StatefulSet\n", kRows);
}

TEST(Status, DaemonSet) {
  constexpr Row kRows[] = {
      {"no generation", "status: {observedGeneration: 1}", "InProgress NoGeneration: DaemonSet metadata.generation not found"},
      {"not observed", "metadata: {generation: 1}", "InProgress NoObservedGeneration: DaemonSet status.observedGeneration not found"},
      {"no number", "metadata: {generation: 1}\nstatus: {observedGeneration: 1}",
       "InProgress NoDesiredNumber: status.desiredNumberScheduled is missing"},
      {"creating", "metadata: {generation: 1}\nstatus: {observedGeneration: 1, desiredNumberScheduled: 3, currentNumberScheduled: 1}",
       "InProgress LessCurrent: 1 of 3 pods created"},
      {"updating",
       "metadata: {generation: 1}\nstatus: {observedGeneration: 1, desiredNumberScheduled: 3, currentNumberScheduled: 3, "
       "updatedNumberScheduled: 2}",
       "InProgress LessUpdated: 2 of 3 pods updated"},
      {"not available",
       "metadata: {generation: 1}\nstatus: {observedGeneration: 1, desiredNumberScheduled: 3, currentNumberScheduled: 3, "
       "updatedNumberScheduled: 3, numberAvailable: 1}",
       "InProgress LessAvailable: 1 of 3 pods available"},
      {"not ready",
       "metadata: {generation: 1}\nstatus: {observedGeneration: 1, desiredNumberScheduled: 1, currentNumberScheduled: 1, "
       "updatedNumberScheduled: 1, numberAvailable: 1, numberReady: 0}",
       "InProgress LessReady: 0 of 1 pods ready"},
      {"done", "metadata: {generation: 1}\nstatus: {observedGeneration: 1, desiredNumberScheduled: 0}",
       "Current: All replicas scheduled as expected. Replicas: 0"},
  };
  Check("apiVersion: apps/v1\nkind: DaemonSet\n", kRows);
}

TEST(Status, ReplicaSet) {
  constexpr Row kRows[] = {
      {"failure", "spec: {replicas: 1}\nstatus: {conditions: [{type: ReplicaFailure, status: \"True\", message: exceeded quota}]}",
       "InProgress ReplicaFailure: exceeded quota"},
      {"creating", "spec: {replicas: 2}\nstatus: {fullyLabeledReplicas: 1}", "InProgress LessLabelled: 1 of 2 replicas created"},
      {"not available", "spec: {replicas: 2}\nstatus: {fullyLabeledReplicas: 2, availableReplicas: 1}",
       "InProgress LessAvailable: 1 of 2 replicas available"},
      {"not ready", "spec: {replicas: 2}\nstatus: {fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 1}",
       "InProgress LessReady: 1 of 2 replicas ready"},
      {"too many", "spec: {replicas: 1}\nstatus: {replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 2}",
       "InProgress ExtraPods: 1 replica pending termination"},
      {"done", "spec: {replicas: 0}\nstatus: {replicas: 0}", "Current: ReplicaSet is available. Replicas: 0"},
  };
  Check("apiVersion: apps/v1\nkind: ReplicaSet\n", kRows);
}

TEST(Status, Pod) {
  constexpr Row kRows[] = {
      {"not observed", "", "InProgress PodNotObserved: Pod phase not available"},
      {"pending", "status: {phase: Pending}", "InProgress PodPending: Pod is in the Pending phase"},
      {"just created",
       "metadata: {creationTimestamp: \"2026-01-31T11:59:50Z\"}\nstatus: {phase: Pending, conditions: [{type: PodScheduled, status: "
       "\"False\", reason: Unschedulable}]}",
       "InProgress PodNotScheduled: Pod has not been scheduled"},
      {"unschedulable",
       "metadata: {creationTimestamp: \"2026-01-31T11:59:45Z\"}\nstatus: {phase: Pending, conditions: [{type: PodScheduled, status: "
       "\"False\", reason: Unschedulable}]}",
       "Failed PodUnschedulable: Pod could not be scheduled"},
      {"running", "status: {phase: Running}", "InProgress PodRunningNotReady: Pod is running but is not Ready"},
      {"crash loop",
       "status: {phase: Running, containerStatuses: [{name: a, state: {waiting: {reason: CrashLoopBackOff}}}, {name: b, state: {running: "
       "{}}}, {name: c, state: {waiting: {reason: CrashLoopBackOff}}}]}",
       "Failed ContainerCrashLooping: Containers in CrashLoop state: a,c"},
      {"ready", "status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}", "Current: Pod is Ready"},
      {"succeeded", "status: {phase: Succeeded}", "Current: Pod has completed successfully"},
      {"failed", "status: {phase: Failed}", "Current: Pod has completed, but not successfully"},
      {"lost", "status: {phase: Unknown}", "Unknown: unknown phase Unknown"},
  };
  Check("apiVersion: v1\nkind: Pod\n", kRows);
}

TEST(Status, Job) {
  constexpr Row kRows[] = {
      {"not started", "", "InProgress JobNotStarted: Job not started"},
      {"running", "spec: {completions: 3}\nstatus: {startTime: \"2026-01-31T11:59:50Z\", active: 2, succeeded: 1}",
       "InProgress JobInProgress: 1 of 3 completions, 2 active, 0 failed"},
      {"complete", "spec: {parallelism: 2}\nstatus: {succeeded: 2, conditions: [{type: Complete, status: \"True\"}]}",
       "Current: Job Completed. succeeded: 2/2"},
      {"failed", "status: {failed: 1, conditions: [{type: Failed, status: \"True\"}]}", "Failed JobFailed: Job Failed. failed: 1/1"},
      {"suspended", "spec: {suspend: true}\nstatus: {conditions: [{type: Suspended, status: \"True\"}]}", "Current: Job is suspended"},
      {"was suspended", "spec: {suspend: false}\nstatus: {conditions: [{type: Suspended, status: \"True\"}]}",
       "InProgress JobNotStarted: Job not started"},
  };
  Check("apiVersion: batch/v1\nkind: Job\n", kRows);
}

TEST(Status, OtherBuiltInKinds) {
  constexpr Row kRows[] = {
      {"secret", "apiVersion: v1\nkind: Secret", "Current: Resource is always ready"},
      {"config map", "apiVersion: v1\nkind: ConfigMap", "Current: Resource is always ready"},
      {"cron job", "apiVersion: batch/v1\nkind: CronJob", "Current: Resource is always ready"},
      {"budget", "apiVersion: policy/v1\nkind: PodDisruptionBudget", "Current: AllowedDisruptions has been computed."},
      {"service", "apiVersion: v1\nkind: Service\nspec: {type: ClusterIP}", "Current: Service is ready"},
      {"load balancer", "apiVersion: v1\nkind: Service\nspec: {type: LoadBalancer}",
       "InProgress NoIPAssigned: ClusterIP not set. Service type: LoadBalancer"},
      {"load balancer with address", "apiVersion: v1\nkind: Service\nspec: {type: LoadBalancer, clusterIP: 10.0.0.1}",
       "Current: Service is ready"},
      {"foreign Service",
       "apiVersion: serving.knative.dev/v1\nkind: Service\nstatus: {conditions: [{type: Ready, status: \"False\", reason: R, message: m}]}",
       "InProgress R: m"},
      {"claim", "apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Pending}",
       "InProgress NotBound: PVC is not Bound. phase: Pending"},
      {"claim without phase", "apiVersion: v1\nkind: PersistentVolumeClaim", "InProgress NotBound: PVC is not Bound. phase: unknown"},
      {"bound claim", "apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Bound}", "Current: PVC is Bound"},
      {"old group", "apiVersion: extensions/v1beta1\nkind: Deployment\nspec: {replicas: 1}",
       "InProgress LessReplicas: 0 of 1 replicas created"},
      {"crd installing",
       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nstatus: {conditions: [{type: Established, status: \"False\", "
       "reason: Installing}]}",
       "InProgress Installing: Install in progress"},
      {"crd names",
       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nstatus: {conditions: [{type: NamesAccepted, status: "
       "\"False\", reason: NameConflict, message: taken}]}",
       "Failed NameConflict: taken"},
      {"crd refused",
       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nstatus: {conditions: [{type: Established, status: \"False\", "
       "reason: Bad, message: no}]}",
       "Failed Bad: no"},
      {"crd",
       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nstatus: {conditions: [{type: NamesAccepted, status: "
       "\"True\"}, {type: Established, status: \"True\"}]}",
       "Current: CRD is established"},
  };
  Check("", kRows);
}

TEST(Status, FailedPodsFailTheirSet) {
  const auto pods = YamlStream(
      "{apiVersion: v1, kind: Pod, status: {phase: Running, containerStatuses: [{name: a, state: {waiting: {reason: "
      "CrashLoopBackOff}}}]}}\n---\n"
      "{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}}\n");
  const auto set = Yaml("{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 1}}");
  EXPECT_EQ(Print(ComputeStatus(set, pods, kNow)), "Failed PodsFailed: 1 pods have failed");
  EXPECT_EQ(Print(ComputeStatus(set, std::span(pods).last(1), kNow)), "InProgress LessReady: 1 of 2 replicas ready");
  const auto deployment =
      Yaml("{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {replicas: 2, updatedReplicas: 2, availableReplicas: 1}}");
  EXPECT_EQ(Print(ComputeStatus(deployment, pods, kNow)), "InProgress LessAvailable: 1 of 2 updated replicas available");
  EXPECT_EQ(Print(NotFoundStatus()), "NotFound: Resource not found");
}

TEST(Status, OnlyAJobWithATtlVanishesWhenDone) {
  EXPECT_TRUE(VanishesWhenDone(Yaml("{apiVersion: batch/v1, kind: Job, spec: {ttlSecondsAfterFinished: 0}}")));
  EXPECT_FALSE(VanishesWhenDone(Yaml("{apiVersion: batch/v1, kind: Job, spec: {}}")));
  EXPECT_FALSE(VanishesWhenDone(Yaml("{apiVersion: v1, kind: Pod, spec: {ttlSecondsAfterFinished: 0}}")));
}

}  // namespace
}  // namespace sluice::rollout
