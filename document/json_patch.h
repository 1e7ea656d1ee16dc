// document/json_patch.h: JSON Patch (RFC 6902), strictly, or as evanphx/json-patch v4 applies it, which the API server and kubectl use.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::document {

enum class PatchRules {
  Rfc6902,  ///< to the letter
  Evanphx,  ///< indices may be negative (from the end); `replace` creates a missing member; a missing member equals null in `test`, `copy` and
            ///< `add` without a value; what stands before the first / of a path is ignored
};

struct PatchOperation {
  enum class Op { Add, Remove, Replace, Move, Copy, Test };
  Op op = Op::Add;
  std::string path;
  std::string from = {};            ///< of Move and Copy
  std::optional<Value> value = {};  ///< of Add, Replace and Test
};

struct JsonPatchOptions {
  PatchRules rules = PatchRules::Rfc6902;
  std::size_t max_copied_nodes = 1'000'000;  ///< by all `copy` operations together: each may double the document
};

/// The operations in `patch`, a list of mappings as RFC 6902 describes them; unknown members are ignored.
/// Errors: Invalid (`operation 2: unknown op "ad"`).
base::Result<std::vector<PatchOperation>> ParseJsonPatch(const Value& patch);

/// Applies every operation in order, or none: on an error `target` is unchanged.
/// Errors: Invalid (`operation 2 (remove /spec/x): no member "x"`), TooLarge (copies).
base::Result<void> ApplyJsonPatch(Value& target, const std::vector<PatchOperation>& patch, const JsonPatchOptions& options = {});
base::Result<void> ApplyJsonPatch(Value& target, const Value& patch, const JsonPatchOptions& options = {});

}  // namespace sluice::document
