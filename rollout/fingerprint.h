// rollout/fingerprint.h: the heart of "an unchanged object costs no request". A hash of the fields of a live object that a manager owns, and the
// same hash of a desired object: equal means that the live object holds exactly what would be applied, and that nobody took one of its fields.
//
// What is behind it: after a server-side apply, the manager's entry in metadata.managedFields names just the fields it sent. Whoever changes one
// of them takes it out of that entry; what others add beside them is not in it. So hash(live projected onto our entry) == hash(desired) exactly when
// a repeated apply would change nothing. Where the server rewrites what we send (defaults inside of atomic fields, quantities), the
// projection is made alike on both sides as far as we know the rule (fingerprint_rules.cpp). Where we do not, the hashes differ though nothing
// would change; the caller asks the server once (dry run) and remembers the pair, see rollout::Settled in plan.h. They are never equal by mistake.
#pragma once

#include <cstdint>
#include <string_view>

#include "document/value.h"

namespace sluice::rollout {

/// Of the fields that the Apply entry of `manager` owns in `live`, as the server sent it, managedFields included. 0: there is no such entry.
/// Allocates next to nothing; linear in the size of the entry and what it covers.
std::uint64_t FingerprintLive(const document::Value& live, std::string_view manager);

/// Of `desired` as NormalizeDesired left it. Never 0.
std::uint64_t FingerprintDesired(const document::Value& desired);

}  // namespace sluice::rollout
