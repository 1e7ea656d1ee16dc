// kustomize/apply_patches.h: patches, patchesStrategicMerge and patchesJson6902: what kind a patch is, which objects it is for, and what of an
// object stays as it was (contract §12). The merging itself is in merge.h and json6902.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kustomize/context.h"
#include "kustomize/kustomization.h"
#include "kustomize/loader.h"
#include "kustomize/step.h"

namespace sluice::kustomize {

/// Where an entry is configured: its file, and how messages name the entry.
struct Where {
  std::string file, place;
};

/// Reads one `patches:` entry. `context` outlives the transform.
/// Errors: Invalid (neither or both of path and patch, neither kind of patch), or the loader's.
base::Result<Transform> PatchStep(const PatchEntry& entry, const Where& where, const Loader& loader, const Context& context);

/// `patchesStrategicMerge`: each item is inline YAML or else a file; then `more`, inline YAML. Errors: as above, and Invalid when there is nothing
/// in them.
base::Result<Transform> StrategicMergeStep(const std::vector<Entry>& items, std::string_view more, const Where& where, const Loader& loader,
                                           const Context& context);

/// One `patchesJson6902` entry. Errors: as above, Invalid (no target name, empty patch).
base::Result<Transform> Json6902Step(const PatchEntry& entry, const Where& where, const Loader& loader, const Context& context);

}  // namespace sluice::kustomize
