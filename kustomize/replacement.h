// kustomize/replacement.h: the value side of `replacements:`: what a source gives, and how it is written to a target. Which objects are source and targets
// is the caller's (it knows identities). Pure. Rules: kustomize api/filters/replacement.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/selector.h"

namespace sluice::kustomize {

struct ReplacementOptions {
  std::string delimiter;
  int index = 0;
  bool create = false;
  std::string encoding;  ///< read and ignored, as kustomize does
};

struct ReplacementSource {
  std::string group, version, kind, name, ns;  ///< exact; "" any
  std::string field_path;                      ///< "" is metadata.name
  ReplacementOptions options;
};

struct ReplacementTarget {
  std::optional<SelectorArgs> select;
  std::vector<SelectorArgs> reject;
  std::vector<std::string> field_paths;  ///< none is metadata.name
  ReplacementOptions options;
};

struct Replacement {
  std::optional<ReplacementSource> source;
  std::optional<std::string> source_value;
  std::vector<ReplacementTarget> targets;
};

/// What `source` reads from the object it selected. Errors: Invalid (field missing or empty, delimiter on a non-scalar, index out of range).
base::Result<document::Value> ReplacementValue(const document::Value& object, const ReplacementSource& source);

/// Writes `value` to every field path of `target` in `object`. Errors: Invalid (field not found, bad path, delimiter on a non-scalar).
base::Result<void> WriteReplacement(document::Value& object, const document::Value& value, const ReplacementTarget& target);

}  // namespace sluice::kustomize
