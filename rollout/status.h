// rollout/status.h: has a live object finished rolling out and, if it cannot, why not?
// Pure: the same arguments give the same answer. The rules are kstatus's (cli-utils, pkg/kstatus/status) with its words for phases and reasons,
// and Flux's where flux-contract 6.9 differs from it (a Job must be Complete; failed pods fail a StatefulSet or ReplicaSet).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "document/value.h"

namespace sluice::rollout {

enum class Phase : std::uint8_t { Unknown, NotFound, InProgress, Current, Failed, Terminating };
std::string_view ToString(Phase phase);  ///< "InProgress", as in `[Deployment/shop/web status: 'InProgress']`

struct Status {
  Phase phase = Phase::Unknown;
  std::string reason;   ///< kstatus's word ("LessAvailable"), or the condition's reason; "" where there is none
  std::string message;  ///< what is missing, without the object's name: `1 of 3 updated replicas available`
  bool operator==(const Status&) const = default;
};

/// What `object`, as the server has it, is doing at `now`. Cannot fail: an object without `status` is judged by kstatus's rule for it (mostly
/// InProgress for workloads, Current for others), one whose fields have the wrong type is Unknown and the message says which.
/// Phases and reasons are kstatus's; the messages of InProgress are ours and say which count is short.
Status ComputeStatus(const document::Value& object, base::TimePoint now);

/// The same for a StatefulSet or ReplicaSet whose `pods` are known: InProgress becomes Failed when one of them has failed or is in a crash loop
/// (`2 pods have failed`). Other kinds: as above.
Status ComputeStatus(const document::Value& object, std::span<const document::Value> pods, base::TimePoint now);

/// What an absent object is doing.
Status NotFoundStatus();

/// Whether the end of `desired` is its success: a Job with `ttlSecondsAfterFinished`, which the server deletes once it is done.
bool VanishesWhenDone(const document::Value& desired);

}  // namespace sluice::rollout
