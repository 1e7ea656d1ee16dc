// rollout/takeover.h: what others left on an object before us (or beside us) and what is to be undone: the fields of `kubectl apply`, of Flux before it
// applied on the server's side, and of managers that are overridden by a flag. Their entries in managedFields are written into ours, so that the next
// apply removes what we do not want; a few annotations and labels go as well. Rules: flux-contract 6.7, "Managed-field cleanup before apply".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/value.h"

namespace sluice::rollout {

struct TakeoverRules {
  std::string manager = "kustomize-controller";  ///< who takes over, as its Apply entry; its own Update entries as well
  std::vector<std::string> overridden;           ///< --override-manager: prefixes of further managers, of both operations
};

/// Whether `live` (with managedFields) holds anything that is to be taken over. An object with `ssa: Merge` is the caller's to leave alone.
bool HasLeftovers(const document::Value& live, const TakeoverRules& rules);

/// The JSON Patch that takes all of it over; nullopt if there is nothing. It holds only for the resourceVersion of `live` (else Conflict).
std::optional<document::Value> TakeoverPatch(const document::Value& live, const TakeoverRules& rules);

/// The JSON Patch that writes every entry of managedFields as of `api_version` (gate MigrateAPIVersion); nullopt if they all are.
std::optional<document::Value> MigrationPatch(const document::Value& live, std::string_view api_version);

/// The fields that either tree (fieldsV1) names.
document::Value UnionOfFields(const document::Value& left, const document::Value& right);

}  // namespace sluice::rollout
