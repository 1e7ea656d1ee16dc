// base/paths.h: paths that people write, as they are meant inside of a tree. Lexical, pure; base/files.h has the ones of `Files`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::base {

/// As NormalizePath, of a path whose root is the top of all: slashes in front and a `..` too many change nothing. nullopt: it holds a NUL.
std::optional<std::string> NormalizeBelowRoot(std::string_view path);

}  // namespace sluice::base
