// document/merge_patch.h: JSON Merge Patch (RFC 7386), applied and made. Status updates are sent as such patches.
#pragma once

#include "document/value.h"

namespace sluice::document {

/// MergePatch() of RFC 7386, section 2: null removes a member, maps are merged, anything else replaces. Cannot fail.
void ApplyMergePatch(Value& target, const Value& patch);

/// The least patch that turns `from` into `to`, an empty mapping if they are equal as data. A member that is null in `to` cannot be said by such
/// a patch: it is left out of the result. Lists that differ are replaced whole. If either is no mapping the patch is `to` itself.
Value CreateMergePatch(const Value& from, const Value& to);

}  // namespace sluice::document
