#include "helm/functions/letter.h"

#include "document/letter_case.h"
#include "helm/template/unicode.h"

namespace sluice::helm {

namespace {

char32_t Mapped(char32_t rune, std::string (*map)(std::string_view)) {
  std::string text;
  AppendRune(text, rune);
  return DecodeRune(map(text)).value;
}

}  // namespace

char32_t ToUpper(char32_t rune) {
  if (rune < 0x80) return rune >= 'a' && rune <= 'z' ? rune - 32 : rune;
  return Mapped(rune, document::ToUpper);
}

char32_t ToLower(char32_t rune) {
  if (rune < 0x80) return rune >= 'A' && rune <= 'Z' ? rune + 32 : rune;
  return Mapped(rune, document::ToLower);
}

char32_t ToTitle(char32_t rune) {
  if ((rune >= 0x01C4 && rune <= 0x01CC) || (rune >= 0x01F1 && rune <= 0x01F3)) {
    // Letters of two letters come as capital, title and small, in threes.
    const char32_t first = rune >= 0x01F1 ? 0x01F1 : 0x01C4;
    return rune - (rune - first) % 3 + 1;
  }
  const bool is_georgian = (rune >= 0x10D0 && rune <= 0x10FA) || (rune >= 0x10FD && rune <= 0x10FF);  // begins no word with a capital
  return is_georgian ? rune : ToUpper(rune);
}

bool IsPunct(char32_t rune) {
  if (rune < 0x80) return std::u32string_view(U"!\"#%&'()*,-./:;?@[\\]_{}").find(rune) != std::u32string_view::npos;
  if (rune < 0x100) return std::u32string_view(U"\u00A1\u00A7\u00AB\u00B6\u00B7\u00BB\u00BF").find(rune) != std::u32string_view::npos;
  if (rune >= 0x2010 && rune <= 0x205E) return (rune < 0x2028 || rune > 0x202F) && rune != 0x2044 && rune != 0x2052;
  return (rune >= 0x3001 && rune <= 0x3003) || (rune >= 0x3008 && rune <= 0x3011) || (rune >= 0x3014 && rune <= 0x301F) ||
         (rune >= 0xFF01 && rune <= 0xFF0F && rune != 0xFF04 && rune != 0xFF0B) || rune == 0xFF1A || rune == 0xFF1B || rune == 0xFF1F;
}

bool IsNumber(char32_t rune) {
  if (rune < 0x80) return rune >= '0' && rune <= '9';
  return IsDigit(rune) || rune == 0xB2 || rune == 0xB3 || rune == 0xB9 || (rune >= 0xBC && rune <= 0xBE) ||
         (rune >= 0x2150 && rune <= 0x2189) || (rune >= 0x2460 && rune <= 0x249B) || rune == 0x2070 || (rune >= 0x2074 && rune <= 0x2079) ||
         (rune >= 0x2080 && rune <= 0x2089);
}

std::u32string RunesOf(std::string_view text) {
  std::u32string runes;
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    runes += rune.value;
    text.remove_prefix(rune.size);
  }
  return runes;
}

std::string TextOfRunes(std::u32string_view runes) {
  std::string text;
  text.reserve(runes.size());
  for (const char32_t rune : runes) AppendRune(text, rune);
  return text;
}

}  // namespace sluice::helm
