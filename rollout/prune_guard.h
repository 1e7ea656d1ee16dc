// rollout/prune_guard.h: when is a removal so large, or so precious, that it waits for somebody to say yes? Beyond Flux (docs/architecture.md, "Prune guard").
// Pure: what the guard has to know of the cluster is looked up by the caller.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rollout/inventory.h"

namespace sluice::rollout {

struct PruneGuard {
  bool on = true;
  unsigned ratio_percent = 50;  ///< more than this share of an inventory is a mass removal …
  std::size_t min = 10;         ///< … of an inventory of at least so many
};

/// The annotation of a Kustomization by which somebody says yes: `true`, or the revision that may remove.
inline constexpr std::string_view kAllowPrune = "sluice.dev/allow-prune";

/// What there is to decide upon.
struct Removal {
  std::size_t inventory = 0;            ///< objects on record before this build
  std::size_t wanted = 0;               ///< objects of this build
  std::vector<InventoryEntry> entries;  ///< that would really be deleted: live, ours, and not opted out of pruning
};

/// Why all of `removal` is held; "" if it is not: `the build is empty and 12 objects would be removed`, `12 of 15 objects would be removed, more than 50 %`.
/// `held`: it was held before, so that the inventory has grown by what took the old objects' place; only a release ends that.
std::string WhyHeld(const PruneGuard& guard, const Removal& removal, bool held);

/// Kinds whose removal takes along what they hold: Namespace, CustomResourceDefinition, PersistentVolumeClaim.
bool IsContainer(const document::ObjectId& id);

/// Whether the annotation's value releases the removal while `revision` (`main@sha1:4f2a…`) is applied: "true" in any letter case, the revision, or what
/// stands behind its last colon.
bool IsReleased(std::string_view value, std::string_view revision);

/// `ConfigMap/shop/a, …`: at most `limit` names, and then how many more.
std::string ListNames(const std::vector<InventoryEntry>& entries, std::size_t limit);

}  // namespace sluice::rollout
