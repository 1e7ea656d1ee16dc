// document/pointer.h: JSON Pointers (RFC 6901), the paths of JSON patches: /spec/containers/0/image.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::document {

/// `token` as it stands in a pointer: ~ is ~0, / is ~1.
std::string EscapePointerToken(std::string_view token);

/// The tokens of `pointer`, unescaped; none for "", which is the whole document.
/// Errors: Invalid (text that does not begin with /, a ~ that is followed by neither 0 nor 1).
base::Result<std::vector<std::string>> ParsePointer(std::string_view pointer);

/// The position that a token means in a list: digits without leading zeros. nullopt for anything else.
std::optional<std::size_t> ListIndex(std::string_view token);

/// The node at `pointer`. Errors: Invalid (as ParsePointer), NotFound (`no /spec/x: no member "x"`).
base::Result<const Value*> ResolvePointer(const Value& root, std::string_view pointer);

}  // namespace sluice::document
