// controller/suspension.h: what a status says of an object that was suspended while a run was under way. Flux lets such a run end, and what it ends with is in the status;
// ours is cancelled, so that it is put right here: nobody waits for what does not go on. Pure.
#pragma once

#include <string_view>

#include "controller/conditions.h"

namespace sluice::controller {

inline constexpr std::string_view kSuspendedReason = "Suspended";

/// Whether `condition` (null: no) is of a run under way, not of one that failed and will be tried again.
bool IsOfRunUnderWay(const Condition* condition);

/// Takes out of `conditions` of a `kind` what is of a run under way: Reconciling goes, and a Ready that waited for the run's end is False, `Suspended`. All else stays as
/// it was reported, as in Flux. True: there was something.
bool EndRunUnderWay(Conditions& conditions, std::string_view kind, std::int64_t generation, base::TimePoint now);

}  // namespace sluice::controller
