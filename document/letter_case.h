// document/letter_case.h: upper and lower case of texts, one character for one.
#pragma once

#include <string>
#include <string_view>

namespace sluice::document {

/// Go's strings.ToUpper and ToLower: the simple case mappings of Unicode. Bytes that are no UTF-8 become U+FFFD, as there.
std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);

/// The same text but for the case of A to Z.
bool EqualWithoutCase(std::string_view left, std::string_view right);

}  // namespace sluice::document
