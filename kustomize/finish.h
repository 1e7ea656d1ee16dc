// kustomize/finish.h: what happens once, after everything is accumulated: local objects go, the rest is sorted, and kustomize's own
// annotations give way to those a user asked for (contract §3, §18, §23).
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "kustomize/budget.h"
#include "kustomize/build.h"
#include "kustomize/kustomization.h"
#include "kustomize/resmap.h"

namespace sluice::kustomize {

/// Drops objects annotated `config.kubernetes.io/local-config`. Errors: Invalid (an object that lost its kind or name, two with one id).
base::Result<void> DropLocal(ResMap& map);

/// Errors: Invalid (unknown order, options that do not go together).
base::Result<void> SortObjects(ResMap& map, const std::optional<SortOptions>& options, Reorder reorder);

/// Sets the label app.kubernetes.io/managed-by.
base::Result<void> AddManagedBy(ResMap& map, const std::string& version, Budget& budget);

/// Removes internal annotations and empty maps of them, makes the values of the others strings, and writes those about origins that
/// `build_metadata` asks for.
void FinishAnnotations(ResMap& map, const std::vector<std::string>& build_metadata);

/// What YAML or JSON cannot say. Errors: Invalid (a key that is no string, an infinite number).
base::Result<void> CheckPrintable(const ResMap& map);

}  // namespace sluice::kustomize
