// kustomize/json6902.h: JSON patches as kustomize applies them: the object becomes JSON, evanphx/json-patch v4 patches it, and the result becomes
// YAML again. Pure. Where that library departs from RFC 6902 is named in json6902.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

struct JsonPatchOperation {
  std::string op;                          ///< "unknown" for none, or one that is no string
  std::optional<std::string> path, from;   ///< absent also when it is no string
  std::optional<document::Value> value;    ///< as JSON has it
  std::optional<document::Value> spelled;  ///< of a `test` in JSON text: the same tree with each scalar as the text spells it
};

struct JsonPatch {
  std::vector<JsonPatchOperation> operations;
  std::size_t bytes = 0;  ///< of its text and the nodes in it, aliases expanded
  bool copies = false;    ///< an operation copies or moves, so that the object may grow by more than that
};

/// Text that begins with '[' must be JSON, other text is YAML (its first document). What is wrong with a single operation shows only when it is
/// applied. Errors: Invalid (not a list of mappings).
base::Result<JsonPatch> ParseJsonPatch(std::string_view text);

/// Applies every operation in order; `object` is unchanged on an error. Afterwards its scalars are as JSON would have them: 1.0 is 1, dates are strings,
/// integers beyond 2^53 lose precision, and numbers from 1e6 on have a text with an exponent.
/// Errors: Invalid, naming the operation: `operation 2 (remove /spec/x): ...`; TooLarge (copies that grow without end).
base::Result<void> ApplyJsonPatch(document::Value& object, const JsonPatch& patch);

/// A tree as JSON has it: numbers in Go's JSON spelling, timestamps as strings. Errors: Invalid, a key that is no string, or a number that JSON
/// lacks, with its `line:column`.
base::Result<document::Value> ToJson(const document::Value& value);
/// A tree as kustomize reads it back from JSON: every number a float64, strings quoted where YAML needs it.
document::Value FromJson(const document::Value& value);

}  // namespace sluice::kustomize
