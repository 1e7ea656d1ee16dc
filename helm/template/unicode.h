// helm/template/unicode.h: runes as Go's packages utf8 and unicode see them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::helm {

inline constexpr char32_t kRuneError = 0xFFFD;
inline constexpr char32_t kMaxRune = 0x10FFFF;

struct Rune {
  char32_t value = kRuneError;
  std::size_t size = 0;                                              ///< bytes it takes; 0 at the end of the text
  bool Invalid() const { return value == kRuneError && size == 1; }  ///< a byte that is no UTF-8
};

/// utf8.DecodeRuneInString: the first rune of `text`; an invalid byte is kRuneError of size 1.
Rune DecodeRune(std::string_view text);
/// utf8.DecodeLastRuneInString.
Rune DecodeLastRune(std::string_view text);
/// utf8.AppendRune: surrogates and what lies beyond U+10FFFF become U+FFFD.
void AppendRune(std::string& out, char32_t rune);
/// utf8.RuneCountInString: an invalid byte counts as one.
std::size_t RuneCount(std::string_view text);
/// utf8.ValidRune.
bool IsValidRune(char32_t rune);

bool IsLetter(char32_t rune);  ///< unicode.IsLetter
bool IsDigit(char32_t rune);   ///< unicode.IsDigit: decimal digits of any script
bool IsPrint(char32_t rune);   ///< strconv.IsPrint, which is unicode.IsPrint: the only blank is U+0020
bool IsSpace(char32_t rune);   ///< unicode.IsSpace
/// strings.TrimSpace, and its left half.
std::string_view TrimSpace(std::string_view text);
std::string_view TrimSpaceLeft(std::string_view text);

}  // namespace sluice::helm
