// kustomize/json6902.h: JSON patches as kustomize applies them (evanphx/json-patch behind YAML -> JSON -> YAML). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

struct JsonPatchOperation {
  std::string op, path, from;
  bool has_value = false;
  document::Value value;
};
using JsonPatch = std::vector<JsonPatchOperation>;

/// Text that begins with '[' must be JSON, other text is YAML. Errors: Invalid (not a list of operations, an operation that names no op or path).
base::Result<JsonPatch> ParseJsonPatch(std::string_view text);

/// Applies every operation in order; `object` is unchanged on an error. Afterwards its scalars are as JSON would have them (1.0 is 1, dates are strings,
/// integers beyond 2^53 lose precision, styles are gone). Errors: Invalid, naming the operation (`remove operation does not apply: ...`).
base::Result<void> ApplyJsonPatch(document::Value& object, const JsonPatch& patch);

}  // namespace sluice::kustomize
