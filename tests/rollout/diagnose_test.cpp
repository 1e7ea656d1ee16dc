#include "rollout/diagnose.h"

#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;

const base::TimePoint kNow = At("2026-01-31T12:00:00Z");

std::string Print(const std::optional<Cause>& cause) { return cause ? cause->ToString() + " | " + cause->remedy : "nothing"; }

std::string Pod(const std::string& status) {
  return "{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop, uid: p1}, status: " + status + "}";
}

TEST(Diagnose, PodsByTheirStatus) {
  struct Row {
    std::string_view rule, status, want;
  };
  constexpr Row kRows[] = {
      {"nothing wrong",
       "{phase: Running, conditions: [{type: Ready, status: \"True\"}], containerStatuses: [{name: c, ready: true, state: {running: {}}}]}",
       "nothing"},
      {"creating", "{phase: Pending, containerStatuses: [{name: c, state: {waiting: {reason: ContainerCreating}}}]}", "nothing"},
      {"image",
       "{phase: Pending, containerStatuses: [{name: c, image: 'shop/web:2', state: {waiting: {reason: ImagePullBackOff, message: 'Back-off "
       "pulling image \"shop/web:2\"'}}}]}",
       "Pod shop/web-1: container c: ImagePullBackOff: Back-off pulling image \"shop/web:2\" | "
       "Check that the image and its tag exist and that the node may pull it (imagePullSecrets, registry)."},
      {"image without message",
       "{phase: Pending, containerStatuses: [{name: c, image: 'shop/web:2', state: {waiting: {reason: ErrImagePull}}}]}",
       "Pod shop/web-1: container c: ErrImagePull: image \"shop/web:2\" | Check that the image and its tag exist and that the node may "
       "pull it (imagePullSecrets, registry)."},
      {"image name",
       "{phase: Pending, containerStatuses: [{name: c, image: 'A:B:C', state: {waiting: {reason: InvalidImageName, message: 'couldn''t "
       "parse image'}}}]}",
       "Pod shop/web-1: container c: InvalidImageName: couldn't parse image | Correct the image's name."},
      {"configuration",
       "{phase: Pending, containerStatuses: [{name: c, state: {waiting: {reason: CreateContainerConfigError, message: 'secret \"x\" not "
       "found'}}}]}",
       "Pod shop/web-1: container c: CreateContainerConfigError: secret \"x\" not found | Create the ConfigMap, Secret or key that it "
       "names, or correct the reference."},
      {"crash loop",
       "{phase: Running, containerStatuses: [{name: c, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff, message: back-off}}, "
       "lastState: {terminated: {exitCode: 2, reason: Error}}}]}",
       "Pod shop/web-1: container c: CrashLoopBackOff: restarted 4 times, exit code 2 | Read the log of its last run (kubectl logs "
       "--previous)."},
      {"crash loop with a message",
       "{phase: Running, containerStatuses: [{name: c, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: "
       "{terminated: {exitCode: 1, reason: Error, message: \"no\\n  database\"}}}]}",
       "Pod shop/web-1: container c: CrashLoopBackOff: restarted 1 time, exit code 1: no database | Read the log of its last run (kubectl "
       "logs --previous)."},
      {"crash loop of a program that ends",
       "{phase: Running, containerStatuses: [{name: c, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: "
       "{terminated: {exitCode: 0, reason: Completed}}}]}",
       "Pod shop/web-1: container c: CrashLoopBackOff: restarted 4 times, exit code 0, Completed | Its program ends by itself; give it one "
       "that keeps running."},
      {"no such program",
       "{phase: Running, containerStatuses: [{name: c, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: "
       "{terminated: {exitCode: 127, reason: ContainerCannotRun}}}]}",
       "Pod shop/web-1: container c: CrashLoopBackOff: restarted 4 times, exit code 127, ContainerCannotRun | Correct the command: the "
       "image has no such program."},
      {"out of memory",
       "{phase: Running, containerStatuses: [{name: c, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, lastState: "
       "{terminated: {exitCode: 137, reason: OOMKilled}}}]}",
       "Pod shop/web-1: container c: OOMKilled: restarted 2 times, exit code 137, OOMKilled | Raise its memory limit, or let it use less."},
      {"ended", "{phase: Running, containerStatuses: [{name: c, state: {terminated: {exitCode: 3, reason: Error, signal: 9}}}]}",
       "Pod shop/web-1: container c: Error: restarted 0 times, exit code 3, signal 9 | Read the log of its last run (kubectl logs "
       "--previous)."},
      {"restarted and not ready",
       "{phase: Running, containerStatuses: [{name: c, ready: false, restartCount: 1, state: {running: {}}, lastState: {terminated: "
       "{exitCode: 143, reason: Error}}}]}",
       "Pod shop/web-1: container c: Restarted: restarted 1 time, exit code 143 | It was asked to stop: check its liveness probe."},
      {"restarted and ready",
       "{phase: Running, containerStatuses: [{name: c, ready: true, restartCount: 1, state: {running: {}}, lastState: {terminated: "
       "{exitCode: 143}}}]}",
       "nothing"},
      {"init container",
       "{phase: Pending, initContainerStatuses: [{name: i, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: "
       "{terminated: {exitCode: 1}}}], containerStatuses: [{name: c, state: {waiting: {reason: PodInitializing}}}]}",
       "Pod shop/web-1: container i: CrashLoopBackOff: restarted 3 times, exit code 1 | Read the log of its last run (kubectl logs "
       "--previous)."},
      {"finished init container",
       "{phase: Pending, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 0, reason: Completed}}}]}", "nothing"},
      {"unschedulable",
       "{phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable, message: '0/3 nodes are available: 3 "
       "Insufficient cpu.'}]}",
       "Pod shop/web-1: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu. | "
       "Give the cluster a node that fits, or ask for less (requests, node selectors, taints, volumes)."},
      {"gated",
       "{phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: SchedulingGated, message: 'Scheduling is blocked'}]}",
       "Pod shop/web-1: SchedulingGated: Scheduling is blocked | Something must lift the pod's schedulingGates."},
      {"evicted", "{phase: Failed, reason: Evicted, message: 'The node was low on resource: memory.'}",
       "Pod shop/web-1: Evicted: The node was low on resource: memory. | The pod was ended from outside; see the reason."},
      {"silent, not yet long",
       "{phase: Running, startTime: \"2026-01-31T11:59:45Z\", conditions: [{type: Ready, status: \"False\", reason: ContainersNotReady, "
       "message: 'containers with unready status: [c]'}]}",
       "nothing"},
      {"silent",
       "{phase: Running, startTime: \"2026-01-31T11:59:00Z\", conditions: [{type: Ready, status: \"False\", reason: ContainersNotReady, "
       "message: 'containers with unready status: [c]'}]}",
       "Pod shop/web-1: NotReady: containers with unready status: [c] | Check its readiness probe and its log."},
      {"an image tells more than a crash",
       "{phase: Running, containerStatuses: [{name: a, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: "
       "{terminated: {exitCode: 1}}}, "
       "{name: b, image: x, state: {waiting: {reason: ImagePullBackOff, message: m}}}]}",
       "Pod shop/web-1: container b: ImagePullBackOff: m | Check that the image and its tag exist and that the node may pull it "
       "(imagePullSecrets, registry)."},
  };
  for (const Row& row : kRows) EXPECT_EQ(Print(DiagnosePod(Yaml(Pod(std::string(row.status))), {}, kNow)), row.want) << row.rule;
  EXPECT_EQ(
      Print(DiagnosePod(
          Yaml("{kind: Pod, metadata: {name: a, deletionTimestamp: \"2026-01-31T11:00:00Z\"}, status: {phase: Failed, reason: Evicted}}"),
          {}, kNow)),
      "nothing");
}

TEST(Diagnose, EventsAddWhatNoStatusSays) {
  const std::string about = "involvedObject: {kind: Pod, namespace: shop, name: web-1, uid: p1}, ";
  struct Row {
    std::string_view rule;
    std::string event;
    std::string_view want;
  };
  const Row rows[] = {
      {"mount", about + "type: Warning, reason: FailedMount, message: 'configmap \"x\" not found', lastTimestamp: \"2026-01-31T11:59:00Z\"",
       "Pod shop/web-1: FailedMount: configmap \"x\" not found | Create the volume, ConfigMap or Secret that it mounts, or correct the "
       "reference."},
      {"probe",
       about + "type: Warning, reason: Unhealthy, message: 'Readiness probe failed: 503', series: {lastObservedTime: "
               "\"2026-01-31T11:59:00.000000Z\"}",
       "Pod shop/web-1: Unhealthy: Readiness probe failed: 503 | Check that the program answers its probe, and in time."},
      {"old news", about + "type: Warning, reason: FailedMount, message: m, lastTimestamp: \"2026-01-31T11:49:59Z\"", "nothing"},
      {"of another pod",
       "involvedObject: {kind: Pod, namespace: shop, name: web-1, uid: p2}, type: Warning, reason: FailedMount, message: m, lastTimestamp: "
       "\"2026-01-31T11:59:00Z\"",
       "nothing"},
      {"by name",
       "involvedObject: {kind: Pod, namespace: shop, name: web-1}, type: Warning, reason: FailedMount, message: m, eventTime: "
       "\"2026-01-31T11:59:00Z\"",
       "Pod shop/web-1: FailedMount: m | Create the volume, ConfigMap or Secret that it mounts, or correct the reference."},
      {"another reason", about + "type: Warning, reason: Whatever, message: m, lastTimestamp: \"2026-01-31T11:59:00Z\"", "nothing"},
  };
  for (const Row& row : rows) {
    const auto events = YamlStream("{" + row.event + "}");
    EXPECT_EQ(Print(DiagnosePod(Yaml(Pod("{phase: Pending}")), events, kNow)), row.want) << row.rule;
  }
}

TEST(Diagnose, AWorkloadWithoutPods) {
  const Value deployment = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: d1}}");
  const auto sets = YamlStream(
      "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, namespace: shop, uid: r1}, status: {conditions: [{type: "
      "ReplicaFailure, status: \"True\", reason: FailedCreate, "
      "message: 'pods \"web-1-x\" is forbidden: exceeded quota: small'}]}}");
  EXPECT_EQ(Print(Diagnose(deployment, {}, sets, {}, kNow)),
            "ReplicaSet shop/web-1: FailedCreate: pods \"web-1-x\" is forbidden: exceeded quota: small | Raise the quota or correct the "
            "pod template, as the message says.");
  const Value set = Yaml("{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop, uid: s1}}");
  const auto events =
      YamlStream("{involvedObject: {uid: s1}, type: Warning, reason: FailedCreate, message: no, lastTimestamp: \"2026-01-31T11:59:00Z\"}");
  EXPECT_EQ(Print(Diagnose(set, {}, {}, events, kNow)),
            "StatefulSet shop/db: FailedCreate: no | Raise the quota or correct the pod template, as the message says.");
  EXPECT_EQ(Print(Diagnose(deployment, {}, {}, {}, kNow)), "nothing");
}

TEST(Diagnose, TheMostTellingPodWinsAndEqualsDoNotFlicker) {
  const auto pods = YamlStream(
      "{kind: Pod, metadata: {name: c}, status: {phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: "
      "Unschedulable, message: full}]}}\n---\n"
      "{kind: Pod, metadata: {name: b}, status: {containerStatuses: [{name: x, image: i, state: {waiting: {reason: ErrImagePull, message: "
      "two}}}]}}\n---\n"
      "{kind: Pod, metadata: {name: a}, status: {containerStatuses: [{name: x, image: i, state: {waiting: {reason: ImagePullBackOff, "
      "message: one}}}]}}\n");
  const Value* forward[] = {&pods[0], &pods[1], &pods[2]};
  const Value* backward[] = {&pods[2], &pods[1], &pods[0]};
  for (const auto& order : {forward, backward}) {
    EXPECT_EQ(Diagnose(Value::Mapping(), std::span(order, 3), {}, {}, kNow)->ToString(), "Pod a: container x: ImagePullBackOff: one");
  }
}

TEST(Diagnose, EvidenceIsOneShortLine) {
  const std::string message(3000, 'x');
  const auto cause = DiagnosePod(
      Yaml(Pod("{containerStatuses: [{name: c, state: {waiting: {reason: RunContainerError, message: " + message + "}}}]}")), {}, kNow);
  ASSERT_TRUE(cause);
  EXPECT_EQ(cause->evidence, std::string(1021, 'x') + "...");
}

TEST(Diagnose, SelectorOfPods) {
  EXPECT_EQ(PodSelector(Yaml("{kind: Deployment, spec: {selector: {matchLabels: {app: web, tier: front}, matchExpressions: [{key: a, "
                             "operator: In, values: [x, y]}, "
                             "{key: b, operator: NotIn, values: [z]}, {key: c, operator: Exists}, {key: d, operator: DoesNotExist}]}}}")),
            "app=web,tier=front,a in (x,y),b notin (z),c,!d");
  EXPECT_EQ(PodSelector(Yaml("{kind: Service, spec: {selector: {app: web}}}")), "");
  EXPECT_EQ(PodSelector(Yaml("{kind: Job, spec: {}}")), "");
}

std::string Names(const std::vector<const Value*>& pods) {
  std::string names;
  for (const Value* pod : pods) names += std::string(pod->StringAt({"metadata", "name"})) + " ";
  return names;
}

TEST(Diagnose, NewestPods) {
  const auto sets = YamlStream(
      "{metadata: {uid: r1, ownerReferences: [{uid: d1}], labels: {pod-template-hash: h1}, annotations: "
      "{deployment.kubernetes.io/revision: \"1\"}}}\n---\n"
      "{metadata: {uid: r2, ownerReferences: [{uid: d1}], labels: {pod-template-hash: h2}, annotations: "
      "{deployment.kubernetes.io/revision: \"2\"}}}\n");
  const auto pods = YamlStream(
      "{metadata: {name: old, ownerReferences: [{uid: r1}], labels: {pod-template-hash: h1}}}\n---\n{metadata: {name: new, "
      "ownerReferences: [{uid: r2}], labels: {pod-template-hash: h2}}}\n---\n"
      "{metadata: {name: other, ownerReferences: [{uid: r9}], labels: {pod-template-hash: h2}}}\n");
  const auto deployment = [](const std::string& revision) {
    return Yaml("{kind: Deployment, metadata: {uid: d1, annotations: {deployment.kubernetes.io/revision: " + revision + "}}}");
  };
  EXPECT_EQ(Names(NewestPods(deployment("\"2\""), sets, pods)), "new ");
  EXPECT_EQ(Names(NewestPods(deployment("\"1\""), sets, pods)), "old ");
  EXPECT_EQ(Names(NewestPods(deployment("\"3\""), sets, pods)), "old new ");

  const auto stateful = YamlStream(
      "{metadata: {name: db-0, ownerReferences: [{uid: s1}], labels: {controller-revision-hash: a}}}\n---\n{metadata: {name: db-1, "
      "ownerReferences: [{uid: s1}], labels: {controller-revision-hash: b}}}\n");
  EXPECT_EQ(Names(NewestPods(Yaml("{kind: StatefulSet, metadata: {uid: s1}, status: {updateRevision: b}}"), {}, stateful)), "db-1 ");
  EXPECT_EQ(Names(NewestPods(Yaml("{kind: StatefulSet, metadata: {uid: s1}}"), {}, stateful)), "db-0 db-1 ");
  EXPECT_EQ(Names(NewestPods(Yaml("{kind: StatefulSet, metadata: {uid: s2}}"), {}, stateful)), "");

  const auto daemons = YamlStream(
      "{metadata: {name: n1, ownerReferences: [{uid: e1}], labels: {pod-template-generation: \"1\"}}}\n---\n{metadata: {name: n2, "
      "ownerReferences: [{uid: e1}], labels: {pod-template-generation: \"2\"}}}\n");
  EXPECT_EQ(Names(NewestPods(Yaml("{kind: DaemonSet, metadata: {uid: e1, annotations: {deprecated.daemonset.template.generation: \"2\"}}}"),
                             {}, daemons)),
            "n2 ");
}

}  // namespace
}  // namespace sluice::rollout
