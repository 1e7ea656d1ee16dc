// kustomize/merge.h: the strategic merge as kustomize does it (kyaml merge2), which differs from the API server's in many corners.
// Pure. What differs is named in merge.cpp where it happens.
#pragma once

#include "base/result.h"
#include "document/value.h"
#include "kustomize/budget.h"
#include "kustomize/schema.h"

namespace sluice::kustomize {

/// Merges `patch` into `object`. The schema is looked up by the object's own apiVersion and kind. Returns false when nothing is left of the object
/// (`$patch: delete` at its top, or an empty result): it is then to be dropped. Name, kind and namespace are merged like anything else; putting them
/// back is the caller's.
/// Errors: Invalid (a mapping against a list or scalar, an unknown `$patch` word), naming the field's path; TooLarge (`budget`, if there is one, pays for lists whose elements are searched).
base::Result<bool> StrategicMerge(document::Value& object, const document::Value& patch, const Schema& schema = Schema::Builtin(),
                                  Budget* budget = nullptr);

}  // namespace sluice::kustomize
