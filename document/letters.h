// document/letters.h: is a character a letter, or a digit?
#pragma once

#include <cstdint>

namespace sluice::document {

/// Go's unicode.IsLetter: general category L.
bool IsLetter(std::uint32_t code);

/// Go's unicode.IsDigit: general category Nd, decimal digits of any script.
bool IsDecimalDigit(std::uint32_t code);

}  // namespace sluice::document
