// kustomize/value_add.h: the value side of the ValueAddTransformer plugin. Pure. Rules: kustomize api/filters/valueadd.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Writes `value` at `field_path` ('/'-separated, created if missing) of `object`: replaces what is there or, with `file_path_position` > 0, inserts it as that
/// segment of the path the old text is. Errors: Invalid (empty path, a scalar in the middle).
base::Result<void> AddValue(document::Value& object, std::string_view value, std::string_view field_path, int file_path_position);

}  // namespace sluice::kustomize
