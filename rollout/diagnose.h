// rollout/diagnose.h: why does a workload not become ready? Its pods, replica sets and events become one cause: the most telling, with the
// evidence as the cluster gives it and what a person can do about it. Goes beyond kstatus and Flux, which only say that it is not ready.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "document/object.h"
#include "document/value.h"

namespace sluice::rollout {

struct Cause {
  std::string reason;         ///< in the kubelet's or scheduler's words: ImagePullBackOff, CrashLoopBackOff, OOMKilled, Unschedulable ...
  document::ObjectId object;  ///< whose trouble it is: a Pod, mostly
  std::string container;      ///< "" if it is not one container's
  std::string evidence;       ///< `Back-off pulling image "shop/web:2": not found`; one line, at most 1,024 bytes
  std::string remedy;         ///< `Check that the image exists and that the node may pull it.`; one sentence
  bool operator==(const Cause&) const = default;

  /// `Pod shop/web-7d4-abc: container app: ImagePullBackOff: Back-off pulling image "shop/web:2"`
  std::string ToString() const;
};

/// The label selector (`app=web,tier in (a,b)`) of the pods of a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job; "" for other kinds.
std::string PodSelector(const document::Value& workload);

/// Those of `pods` that belong to what `workload` is rolling out now: to the newest of its `replica_sets` (Deployment), to its update revision
/// (StatefulSet), to its newest template (DaemonSet), to itself (ReplicaSet, Job). All that it owns where that cannot be told.
std::vector<const document::Value*> NewestPods(const document::Value& workload, std::span<const document::Value> replica_sets,
                                               std::span<const document::Value> pods);

/// The most telling trouble of `workload`, nullopt if nothing is wrong yet. `pods` as from NewestPods; `replica_sets` tell why there are no pods
/// (quota, admission); `events` (core/v1, of the workload, replica sets and pods, perhaps none) add what no status says: failed mounts,
/// failing probes. `now` tells what is news from what has passed.
std::optional<Cause> Diagnose(const document::Value& workload, std::span<const document::Value* const> pods,
                              std::span<const document::Value> replica_sets, std::span<const document::Value> events, base::TimePoint now);

/// The same for one pod.
std::optional<Cause> DiagnosePod(const document::Value& pod, std::span<const document::Value> events, base::TimePoint now);

}  // namespace sluice::rollout
