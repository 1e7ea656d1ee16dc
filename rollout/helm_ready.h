// rollout/helm_ready.h: is a live object ready by the rules of Helm's legacy waiter (helm-contract 15.1), which are those of Helm 3? Pure.
#pragma once

#include <span>

#include "document/value.h"
#include "rollout/status.h"

namespace sluice::rollout {

/// What else is looked at: objects as the server has them.
struct HelmFacts {
  bool jobs = true;                               ///< Jobs must have completed; else they are ready as they are
  std::span<const document::Value> replica_sets;  ///< of a Deployment: those that its selector selects
  std::span<const document::Value> pods;          ///< of a ReplicaSet or ReplicationController: those that its selector selects
};

/// Current: it is ready. InProgress: the message says what is missing. Failed: a Job that has failed more often than it may. Kinds without a rule are ready.
Status HelmStatus(const document::Value& live, const HelmFacts& facts);

}  // namespace sluice::rollout
