// document/strategic_merge.h: Kubernetes' strategic merge patch, as the API server and kubectl apply it (apimachinery,
// pkg/util/strategicpatch). Kustomize's own flavour of it lives in kustomize/.
#pragma once

#include "base/result.h"
#include "document/merge_rules.h"
#include "document/value.h"

namespace sluice::document {

/// Merges `patch` into `object`; on an error `object` is unchanged. The rules are those of the object's kind.
/// Null removes a member; maps are merged; lists are replaced, or merged by their key where the kind says so. Directives: `$patch: replace |
/// delete` in a map, `$patch: delete` (with the merge key) and `$patch: replace` among the items of a list, `$deleteFromPrimitiveList/<field>`,
/// `$setElementOrder/<field>`, `$retainKeys`. None of them stays in the result.
/// Beyond apimachinery: a field that the kind does not have is merged without rules, where the API server refuses the patch.
/// Errors: Unsupported (no rules for this kind: CRDs take merge patches), Invalid (`spec.containers: an item has no merge key "name"`).
base::Result<void> ApplyStrategicMerge(Value& object, const Value& patch);

/// The same with given rules, for a part of an object.
base::Result<void> ApplyStrategicMerge(Value& target, const Value& patch, const MergeRules& rules);

}  // namespace sluice::document
