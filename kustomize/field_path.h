// kustomize/field_path.h: the dotted paths of replacements (`spec.containers.[name=web].image`, `data.a\.yaml.server.port`), which may lead
// into YAML or JSON text held by a scalar. Pure. Rules: kustomize api/filters/replacement and kyaml's PathGetter and PathMatcher.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Splits at '.', `\.` is a dot inside a key, and `[a.b/c]` brackets a key with dots. "" gives nothing.
std::vector<std::string> SplitFieldPathDots(std::string_view path);

/// The node a source names: fields, list indexes, `-` (last), `[key=value]` and `[=value]` (exact). nullptr if it is not there or null.
/// Errors: Invalid (an index into a mapping, a field of a list, a scalar on the way).
base::Result<const document::Value*> GetField(const document::Value& object, const std::vector<std::string>& path);

/// Every node a target names: also `*`, and `[key=value]` whose value is an unanchored regular expression.
/// With `create`, missing mappings, `[key=value]` elements and the element just behind a list's end are made, the leaf as `leaf` kind.
/// Nothing found is an empty list. Errors: Invalid.
base::Result<std::vector<document::Value*>> MatchFields(document::Value& object, const std::vector<std::string>& path, bool create, document::Kind leaf);

}  // namespace sluice::kustomize
