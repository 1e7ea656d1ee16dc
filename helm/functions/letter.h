// helm/functions/letter.h: one rune's case and class, as Go's package unicode sees them.
#pragma once

#include <string>
#include <string_view>

namespace sluice::helm {

char32_t ToUpper(char32_t rune);
char32_t ToLower(char32_t rune);
char32_t ToTitle(char32_t rune);
inline bool IsUpper(char32_t rune) { return ToLower(rune) != rune; }
inline bool IsLower(char32_t rune) { return ToUpper(rune) != rune; }
bool IsPunct(char32_t rune);
bool IsNumber(char32_t rune);

/// []rune(text): an invalid byte is U+FFFD.
std::u32string RunesOf(std::string_view text);
std::string TextOfRunes(std::u32string_view runes);

}  // namespace sluice::helm
