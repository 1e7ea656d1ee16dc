// kustomize/apply_replacements.h: replacements over a list of objects: which one is the source, which are targets (contract §15). Reading and
// writing fields is in replacement.h.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kustomize/context.h"
#include "kustomize/kustomization.h"
#include "kustomize/loader.h"
#include "kustomize/step.h"

namespace sluice::kustomize {

/// The inline entries stand in `file`, for messages; those with a path are read from their files: one replacement or a list of them.
/// Errors: Invalid (path and inline together, not a replacement), or the loader's; when it runs, TooLarge. `context` outlives the transform.
base::Result<Transform> ReplacementStep(const std::vector<ReplacementEntry>& entries, const std::string& file, const Loader& loader,
                                        const Context& context);

}  // namespace sluice::kustomize
