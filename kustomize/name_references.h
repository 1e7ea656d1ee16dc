// kustomize/name_references.h: objects that name other objects follow them when they are renamed (contract §16).
#pragma once

#include <vector>

#include "base/result.h"
#include "kustomize/budget.h"
#include "kustomize/resmap.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// Runs once, at the end of a build: in every object, every field that `rules` say names another object gets that object's new name.
/// Errors: Invalid (several objects could be meant; a rule's field is no name).
base::Result<void> FixNameReferences(ResMap& map, const std::vector<NameReference>& rules, const Budget& budget);

}  // namespace sluice::kustomize
