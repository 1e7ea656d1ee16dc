// controller/kustomization/prune.h: what was applied once and is no longer wanted is deleted. A deletion is never decided from memory: the live
// object is read with the tenant's rights, must still carry the labels of its owner, and is deleted only as it was seen (UID and resourceVersion go
// along as preconditions): another owner may be taking it over at this moment.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "kube/index.h"
#include "rollout/inventory.h"

namespace sluice::controller::kustomization {

struct PruneRequest {
  std::vector<rollout::InventoryEntry> entries;  ///< in apply order; deleted in the reverse one
  kube::Impersonate as;
  kube::Owner owner;
  std::size_t concurrent = 8;
};

struct PruneResult {
  std::vector<kube::ObjectRef> deleted;       ///< in the order of deletion
  std::vector<kube::ObjectRef> skipped;       ///< that are not the owner's (any more), or ask to be kept
  std::vector<kube::ObjectRef> terminating;   ///< deleted earlier, and still there (finalizers)
  std::vector<rollout::InventoryEntry> left;  ///< that could not be deleted, and stay in the inventory
  std::optional<base::Error> error;  ///< all failures, in Flux's words: `delete failed, errors: ConfigMap/shop/a delete failed: …;…;`
};

/// Background propagation. What is gone already, is not the owner's any more, or asks to be kept, is passed over.
net::Task<PruneResult> Prune(kube::Client& client, kube::OwnedIndex& index, PruneRequest request);

}  // namespace sluice::controller::kustomization
