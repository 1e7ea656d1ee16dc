// document/three_way_merge.h: what a client-side apply makes of a live object (kubectl's and Helm's three-way merge): the changes from what was applied
// last to what is applied now, made to what is there. Pure.
#pragma once

#include <optional>

#include "document/merge_rules.h"
#include "document/value.h"

namespace sluice::document {

/// `live` with everything that `target` sets, and without what `original` sets and `target` does not. What neither names stays. With `rules` (those of the
/// object's kind) lists are merged by their keys, or as sets, where the kind says so; without, and where it does not, a list replaces. Instead of a
/// strategic merge patch it makes its result, so that one merge patch from `live` says the same. Cannot fail.
Value ThreeWayMerge(const Value& original, const Value& target, const Value& live, const std::optional<MergeRules>& rules);

}  // namespace sluice::document
