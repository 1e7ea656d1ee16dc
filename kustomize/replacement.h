// kustomize/replacement.h: the value side of `replacements:`: what a source gives, and how it is written to a target. Which objects are source and targets
// is the caller's (it knows identities). Pure. Rules: kustomize api/filters/replacement.
#pragma once

#include <string_view>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/budget.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// What `source` reads from the object it selected. Errors: Invalid (field missing or empty, delimiter on a non-scalar, index out of range).
base::Result<document::Value> ReplacementValue(const document::Value& object, const ReplacementSource& source);

/// What a `sourceValue` stands for: text without a type.
document::Value LiteralReplacement(std::string_view text);

/// Writes `value` to every field path of `target` in `object`. `live` is the source if `object` is the object it was read from: kustomize holds on to the very
/// node there (unless a delimiter took a part of it), so that writing to it changes `value` for what is written next.
/// Errors: Invalid (field not found, bad path, delimiter on a non-scalar, text where a number is), TooLarge (`budget`, if there is one, pays for each place).
base::Result<void> WriteReplacement(document::Value& object, document::Value& value, const ReplacementTarget& target,
                                    const ReplacementSource* live = nullptr, Budget* budget = nullptr);

}  // namespace sluice::kustomize
