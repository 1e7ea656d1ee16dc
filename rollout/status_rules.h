// rollout/status_rules.h: kstatus's rule for each built-in kind. For status.cpp; what holds for all kinds has been looked at before.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"
#include "rollout/status.h"

namespace sluice::rollout {

Status InProgress(std::string_view reason, std::string message);
Status Failed(std::string_view reason, std::string message);
Status Current(std::string message);

// Errors: Invalid, a field of the wrong type.
base::Result<Status> DeploymentStatus(const document::Value& object);
base::Result<Status> ReplicaSetStatus(const document::Value& object);
base::Result<Status> StatefulSetStatus(const document::Value& object);
base::Result<Status> DaemonSetStatus(const document::Value& object);
base::Result<Status> PodStatus(const document::Value& object, base::TimePoint now);
base::Result<Status> JobStatus(const document::Value& object);

}  // namespace sluice::rollout
