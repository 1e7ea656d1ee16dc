// controller/kustomization/claims.h: which objects other Kustomizations are about to apply, so that an object which moves from one to another (or a Kustomization
// that is renamed) is handed over and never deleted. A Kustomization claims what its newest intent builds, until it has applied that; then the labels
// of the objects say whose they are. Rule of ours; Flux deletes and creates anew.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/files.h"
#include "controller/kustomization/builder.h"
#include "controller/kustomization/spec.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/work_queue.h"
#include "document/object.h"

namespace sluice::controller::kustomization {

/// One that may have something to claim.
struct Claimer {
  Key key;
  Spec spec;
  std::shared_ptr<const SourceArtifact> source;
  std::optional<base::ReadSet> reads;      ///< of its last build, if its spec is still the same
  std::set<document::ObjectId> on_record;  ///< what it claims if these files are unchanged: what it has applied already
};

/// The ids of what the `claimers` build. One that cannot be built claims nothing, also if that costs it a process.
net::Task<std::set<document::ObjectId>> ClaimsOf(Services& services, Builder& builder, std::vector<Claimer> claimers);

}  // namespace sluice::controller::kustomization
