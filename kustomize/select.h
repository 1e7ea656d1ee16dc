// kustomize/select.h: which objects of a list a target means (contract §6), and what to say when it means none.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kustomize/resmap.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// Objects in order whose current kind, original or current name, original or current namespace, labels and annotations fit.
/// Errors: Invalid (bad regular expression or selector).
base::Result<std::vector<Resource*>> Select(const ResMap& map, const Selector& selector);

/// Whether Select looks at every object: the target names none.
bool WalksAll(const Selector& selector);

/// `no Deployment "web" in namespace "shop"; did you mean "web-api" (apps/web.yaml:3:1)?`
base::Error NoSuchObject(const ResMap& map, const ResourceId& wanted);

}  // namespace sluice::kustomize
