#include "rollout/helm_ready.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;

Value Yaml(std::string_view text) { return document::ParseYaml(text).value(); }

struct Row {
  std::string_view rule, object, want;
};
const Row kRows[] = {
    {"a pod that is ready", "{kind: Pod, status: {conditions: [{type: Ready, status: 'True'}]}}", "Current"},
    {"a pod that ended well is not", "{kind: Pod, status: {phase: Succeeded}}", "InProgress: the pod is not ready"},
    {"a Job", "{apiVersion: batch/v1, kind: Job, spec: {completions: 2}, status: {succeeded: 1}}", "InProgress: 1 of 2 completions"},
    {"a Job that is done", "{apiVersion: batch/v1, kind: Job, spec: {completions: 1}, status: {succeeded: 1}}", "Current"},
    {"a Job that failed", "{apiVersion: batch/v1, kind: Job, spec: {completions: 1, backoffLimit: 0}, status: {failed: 1}}",
     "Failed: it has failed 1 times"},
    {"a paused Deployment", "{apiVersion: apps/v1, kind: Deployment, spec: {paused: true}}", "Current"},
    {"a Deployment without a ReplicaSet", "{apiVersion: apps/v1, kind: Deployment, metadata: {uid: d}, spec: {template: {x: 9}}}",
     "InProgress: no ReplicaSet has its template yet"},
    {"of 4 pods 1 may be missing",
     "{apiVersion: apps/v1, kind: Deployment, metadata: {uid: d}, spec: {replicas: 4, template: {x: 3, metadata: {labels: {app: a}}}, "
     "strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 25%, maxSurge: 1}}}}",
     "Current"},
    {"of 4 pods none may be missing",
     "{apiVersion: apps/v1, kind: Deployment, metadata: {uid: d}, spec: {replicas: 4, template: {x: 3, metadata: {labels: {app: a}}}, "
     "strategy: {type: Recreate}}}",
     "InProgress: 3 of 4 pods ready"},
    {"percentages are rounded down, and one is let off without a surge",
     "{apiVersion: apps/v1, kind: Deployment, metadata: {uid: d}, spec: {replicas: 4, template: {x: 3, metadata: {labels: {app: a}}}, "
     "strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 24%, maxSurge: 0}}}}",
     "Current"},
    {"a Deployment that nobody looked at",
     "{apiVersion: apps/v1, kind: Deployment, metadata: {uid: d, generation: 2}, spec: {template: {x: 3, metadata: {labels: {app: a}}}}, "
     "status: {observedGeneration: 1}}",
     "InProgress: generation 2 is not observed yet, only 1"},
    {"a StatefulSet with a partition",
     "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}}, "
     "status: {updatedReplicas: 1, readyReplicas: 3, currentRevision: a, updateRevision: b}}",
     "Current"},
    {"a StatefulSet in between",
     "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1, updateStrategy: {type: RollingUpdate}}, status: {updatedReplicas: 1, "
     "readyReplicas: 1, currentRevision: a, updateRevision: b}}",
     "InProgress: its update is not over"},
    {"a StatefulSet with too many",
     "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1, updateStrategy: {type: RollingUpdate}}, status: {updatedReplicas: 1, "
     "readyReplicas: 2}}",
     "InProgress: 2 of 1 pods ready"},
    {"a StatefulSet that is updated by hand", "{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {type: OnDelete}}}",
     "Current"},
    {"a DaemonSet",
     "{apiVersion: apps/v1, kind: DaemonSet, spec: {updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 10%}}}, status: "
     "{desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 2}}",
     "Current"},
    {"a DaemonSet whose limit is none",
     "{apiVersion: apps/v1, kind: DaemonSet, spec: {updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: x}}}, status: "
     "{desiredNumberScheduled: 3, updatedNumberScheduled: 3}}",
     "Current"},
    {"a DaemonSet that is not updated",
     "{apiVersion: apps/v1, kind: DaemonSet, spec: {updateStrategy: {type: RollingUpdate}}, status: {desiredNumberScheduled: 3, "
     "updatedNumberScheduled: 2}}",
     "InProgress: 2 of 3 pods updated"},
    {"a ReplicaSet", "{apiVersion: apps/v1, kind: ReplicaSet}", "InProgress: 1 of 2 pods ready"},
    {"a claim", "{kind: PersistentVolumeClaim, status: {phase: Pending}}", "InProgress: it is not bound"},
    {"a headless Service", "{kind: Service, spec: {clusterIP: None}}", "Current"},
    {"a Service without an address", "{kind: Service, spec: {type: ClusterIP}}", "InProgress: it has no cluster IP"},
    {"a name of elsewhere", "{kind: Service, spec: {type: ExternalName}}", "Current"},
    {"a load balancer", "{kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}, status: {loadBalancer: {}}}",
     "InProgress: its load balancer has no address"},
    {"a load balancer with an address",
     "{kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}, status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}", "Current"},
    {"a load balancer from outside", "{kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1, externalIPs: [1.2.3.4]}}", "Current"},
    {"a CRD", "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition}", "InProgress: it is not established"},
    {"a CRD whose name is taken",
     "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: NamesAccepted, status: "
     "'False'}]}}",
     "Current"},
    {"a kind without a rule", "{apiVersion: x/v1, kind: Widget, metadata: {generation: 2}, status: {observedGeneration: 1}}", "Current"},
};

TEST(HelmReady, Rules) {
  const std::vector<Value> sets{
      Yaml("{metadata: {uid: a, ownerReferences: [{uid: other}]}, spec: {template: {x: 9}}, status: {readyReplicas: 9}}"),
      Yaml("{metadata: {uid: b, ownerReferences: [{uid: d}]}, spec: {template: {x: 3, metadata: {labels: {app: a, pod-template-hash: "
           "h}}}}, status: {readyReplicas: 3}}"),
      Yaml("{metadata: {uid: c, ownerReferences: [{uid: d}]}, spec: {template: {x: 2}}, status: {readyReplicas: 4}}")};
  const std::vector<Value> pods{Yaml("{status: {conditions: [{type: Ready, status: 'True'}]}}"), Yaml("{status: {phase: Pending}}")};
  for (const Row& row : kRows) {
    const Status status = HelmStatus(Yaml(row.object), {.jobs = true, .replica_sets = sets, .pods = pods});
    const std::string got(ToString(status.phase));
    EXPECT_EQ(status.phase == Phase::Current ? got : got + ": " + status.message, row.want) << row.rule;
  }
  EXPECT_EQ(
      HelmStatus(Yaml("{apiVersion: batch/v1, kind: Job, spec: {completions: 1}}"), {.jobs = false, .replica_sets = {}, .pods = {}}).phase,
      Phase::Current);
}

}  // namespace
}  // namespace sluice::rollout
