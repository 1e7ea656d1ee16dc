// document/natural_order.h: the order in which go-yaml prints the keys of a map.
#pragma once

#include <string_view>

#include "document/value.h"

namespace sluice::document {

/// go-yaml's keyList.Less for two strings: runs of digits by their value, letters after everything else, otherwise by code point.
/// No strict weak order: "5" < "1973" < "1a" < "5". A sort that needs one (std::sort) must not be given this.
bool NaturalLess(std::string_view left, std::string_view right);

/// The same for keys of any kind: numbers and booleans by value, before strings.
bool NaturalLess(const Member& left, const Member& right);

}  // namespace sluice::document
