// Diagnoses of what a real kubelet, scheduler and controller wrote: testdata/diagnose (capture.sh).
#include <algorithm>

#include "document/object.h"
#include "rollout/diagnose.h"
#include "rollout/status.h"
#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;

struct Captured {
  Value deployment;
  std::vector<Value> replica_sets, pods, events;
  base::TimePoint now;
};

void Sort(const Value& document, Captured& captured) {
  const std::string_view kind = document.StringAt({"kind"});
  if (kind == "Deployment") captured.deployment = document;
  if (kind == "ReplicaSet") captured.replica_sets.push_back(document);
  if (kind == "Pod") captured.pods.push_back(document);
  if (kind == "Event") captured.events.push_back(document);
  if (kind != "List") return;
  for (const Value& item : document.Find("items")->items()) Sort(item, captured);
}

Captured Load(const std::string& name) {
  Captured captured;
  for (const Value& document : TestData("diagnose/" + name + ".yaml")) Sort(document, captured);
  captured.now = At(std::string(captured.deployment.StringAt({"metadata", "creationTimestamp"}))) + std::chrono::seconds(120);
  return captured;
}

// The names of pods end in what the server made up.
std::string Print(const Captured& captured) {
  const auto pods = NewestPods(captured.deployment, captured.replica_sets, captured.pods);
  const auto cause = Diagnose(captured.deployment, pods, captured.replica_sets, captured.events, captured.now);
  if (!cause) return "nothing";
  return cause->object.kind + " " + cause->container + ": " + cause->reason + ": " + cause->evidence;
}

TEST(DiagnoseReal, NamesTheCause) {
  struct Row {
    std::string name, status, want;
  };
  const Row rows[] = {
      {"healthy", "Current: Deployment is available. Replicas: 1", "nothing"},
      {"image", "InProgress: 0 of 1 updated replicas available",
       "Pod app: ImagePullBackOff: Back-off pulling image \"registry.test/app:no\": ErrImagePull: rpc error: code = NotFound desc = failed "
       "to pull and unpack image \"registry.test/app:no\": failed to resolve reference \"registry.test/app:no\": registry.test/app:no: not "
       "found"},
      {"crash", "InProgress: 0 of 1 updated replicas available", "Pod app: CrashLoopBackOff: restarted 4 times, exit code 3: no database"},
      {"ends", "InProgress: 0 of 1 updated replicas available", "Pod app: CrashLoopBackOff: restarted 4 times, exit code 0, Completed"},
      {"command", "InProgress: 0 of 1 updated replicas available",
       "Pod app: CrashLoopBackOff: restarted 4 times, exit code 128, StartError: failed to create containerd task: failed to create shim "
       "task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"no-such-program\": executable file "
       "not found in $PATH: unknown"},
      {"config", "InProgress: 0 of 1 updated replicas available", "Pod app: CreateContainerConfigError: configmap \"missing\" not found"},
      {"oom", "InProgress: 0 of 1 updated replicas available", "Pod app: OOMKilled: restarted 4 times, exit code 137, OOMKilled"},
      {"unschedulable", "InProgress: 0 of 1 updated replicas available",
       "Pod : Unschedulable: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are "
       "available: 1 Preemption is not helpful for scheduling."},
      {"mount", "InProgress: 0 of 1 updated replicas available",
       "Pod : FailedMount: MountVolume.SetUp failed for volume \"v\" : secret \"missing\" not found"},
      {"probe", "InProgress: 0 of 1 updated replicas available",
       "Pod : Unhealthy: Readiness probe failed: Get \"http://10.200.1.19:8080/\": dial tcp 10.200.1.19:8080: connect: connection refused"},
      {"liveness", "InProgress: 0 of 1 updated replicas available",
       "Pod app: CrashLoopBackOff: restarted 5 times, exit code 137; Liveness probe failed: Get \"http://10.200.1.18:8080/\": dial tcp "
       "10.200.1.18:8080: connect: connection refused"},
      {"init", "InProgress: 0 of 1 updated replicas available", "Pod migrate: CrashLoopBackOff: restarted 4 times, exit code 7"},
      {"quota", "InProgress: 0 of 1 replicas created",
       "ReplicaSet : FailedCreate: pods \"quota-84fd56b97c-htkhn\" is forbidden: exceeded quota: small, requested: requests.memory=1Gi, "
       "used: requests.memory=16Mi, limited: requests.memory=100Mi"},
  };
  for (const Row& row : rows) {
    const Captured captured = Load(row.name);
    const Status status = ComputeStatus(captured.deployment, captured.now);
    EXPECT_EQ(std::string(ToString(status.phase)) + ": " + status.message, row.status) << row.name;
    EXPECT_EQ(Print(captured), row.want) << row.name;
  }
}

}  // namespace
}  // namespace sluice::rollout
