// base/utf8.h: the few questions about UTF-8 that all floors ask.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::base {

/// Length (1-4) of the well-formed UTF-8 character that `text` starts with; 0 if it starts with none (no overlong forms, no surrogates, nothing
/// above U+10FFFF: Unicode table 3-7).
std::size_t Utf8Length(std::string_view text);
bool IsUtf8(std::string_view text);

}  // namespace sluice::base
