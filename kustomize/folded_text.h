// kustomize/folded_text.h: what becomes of a folded block of text (`>`) on its way through kustomize. Pure.
#pragma once

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Before kustomize prints an object or sends it through a JSON patch, it writes it as YAML in the styles it was read with and reads that again. Of all styles only the
/// folded one is not read back as it was: go-yaml puts an empty line behind every line that begins with no blank, also where lines that are indented deeper follow, and there
/// an empty line stays. So such texts gain lines; ones that begin with a blank get no empty lines at all, and lose breaks.
/// Changes every folded text in `value` so, at any depth, and marks it as literal, so that it happens once.
/// Errors: Invalid, if what go-yaml writes cannot be read.
base::Result<void> RereadFoldedTexts(document::Value& value);

}  // namespace sluice::kustomize
