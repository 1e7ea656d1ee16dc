// controller/kustomization/removal.h: which of the objects that are no longer wanted may be deleted now: what another Kustomization is about to take over
// stays, and what the prune guard holds stays until somebody says yes (rollout/prune_guard.h). Asks the server only where there is a doubt.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kube/client.h"
#include "kube/index.h"
#include "rollout/inventory.h"
#include "rollout/prune_guard.h"

namespace sluice::controller::kustomization {

struct RemovalRequest {
  std::vector<rollout::InventoryEntry> stale;  ///< in apply order
  std::set<document::ObjectId> claimed;        ///< by other Kustomizations that have not applied them yet
  std::size_t inventory = 0, wanted = 0;       ///< as in rollout::Removal
  bool held = false;                           ///< a mass removal was held before
  bool released = false;
  kube::Impersonate as;
  kube::Owner owner;
  rollout::PruneGuard guard;
  std::size_t concurrent = 8;
};

struct RemovalDecision {
  std::vector<rollout::InventoryEntry> remove;  ///< to be pruned, in apply order
  std::vector<rollout::InventoryEntry> handed;  ///< claimed by others: stay in the inventory until they are theirs
  std::vector<rollout::InventoryEntry> held;    ///< by the guard: stay in the inventory
  bool mass = false;                            ///< all are held, not only those that hold something
  std::string why;                              ///< of `held`, for people
};

/// Reads live, with the tenant's rights. What cannot be looked at counts as an object that would be deleted, and as one that holds something.
net::Task<RemovalDecision> DecideRemoval(kube::Client& client, kube::OwnedIndex& index, RemovalRequest request);

/// Without the namespace that a transformer gave to objects of cluster-wide kinds, as far as the kinds are known.
net::Task<void> DropFalseNamespaces(kube::Client& client, std::vector<rollout::InventoryEntry>& entries);

/// Why the live object at `entry` (a Namespace, CustomResourceDefinition or PersistentVolumeClaim) takes something along that is not in `leaving`; "" if it does
/// not. What belongs to a Kustomization or HelmRelease in `leaving` leaves with it.
net::Task<std::string> WhatItHolds(kube::Client& client, rollout::InventoryEntry entry, std::set<document::ObjectId> leaving,
                                   kube::Impersonate as);

}  // namespace sluice::controller::kustomization
