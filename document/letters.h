// document/letters.h: is a character a letter?
#pragma once

#include <cstdint>

namespace sluice::document {

/// Go's unicode.IsLetter: general category L.
bool IsLetter(std::uint32_t code);

}  // namespace sluice::document
