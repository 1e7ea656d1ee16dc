#include "helm/template/unicode.h"

#include <algorithm>
#include <span>

namespace sluice::helm {
namespace {

struct Range {
  char32_t first, last;
};

#include "helm/template/unicode_tables.inc"

bool Contains(std::span<const Range> ranges, char32_t rune) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), rune, [](char32_t r, const Range& range) { return r < range.first; });
  return after != ranges.begin() && rune <= std::prev(after)->last;
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The least and greatest second byte that a first byte of three or four bytes allows: no overlong forms, surrogates or runes beyond U+10FFFF.
bool SecondByteFits(unsigned char first, unsigned char second) {
  switch (first) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;
    case 0xED: return second >= 0x80 && second <= 0x9F;
    case 0xF0: return second >= 0x90 && second <= 0xBF;
    case 0xF4: return second >= 0x80 && second <= 0x8F;
    default: return IsContinuation(second);
  }
}

}  // namespace

Rune DecodeRune(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xC2 && first <= 0xDF ? 2 : first >= 0xE0 && first <= 0xEF ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
  if (size == 0 || text.size() < size || !SecondByteFits(first, byte(1))) return {kRuneError, 1};
  char32_t rune = first & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!IsContinuation(byte(i))) return {kRuneError, 1};
    rune = (rune << 6) | (byte(i) & 0x3Fu);
  }
  return {rune, size};
}

Rune DecodeLastRune(std::string_view text) {
  if (text.empty()) return {};
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    const std::string_view tail = text.substr(text.size() - size);
    if (IsContinuation(static_cast<unsigned char>(tail[0]))) continue;
    const Rune rune = DecodeRune(tail);
    return rune.size == size ? rune : Rune{kRuneError, 1};
  }
  return {kRuneError, 1};
}

bool IsValidRune(char32_t rune) { return rune < 0xD800 || (rune > 0xDFFF && rune <= kMaxRune); }

void AppendRune(std::string& out, char32_t rune) {
  if (!IsValidRune(rune)) rune = kRuneError;
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (rune < 0x80) return put(rune);
  if (rune < 0x800) {
    put(0xC0 | (rune >> 6));
  } else if (rune < 0x10000) {
    put(0xE0 | (rune >> 12));
    put(0x80 | ((rune >> 6) & 0x3F));
  } else {
    put(0xF0 | (rune >> 18));
    put(0x80 | ((rune >> 12) & 0x3F));
    put(0x80 | ((rune >> 6) & 0x3F));
  }
  put(0x80 | (rune & 0x3F));
}

std::size_t RuneCount(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(DecodeRune(text).size);
  return count;
}

bool IsLetter(char32_t rune) {
  if (rune < 0x80) return (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
  return Contains(kLetters, rune);
}

bool IsDigit(char32_t rune) {
  if (rune < 0x80) return rune >= '0' && rune <= '9';
  return Contains(kDigits, rune);
}

bool IsPrint(char32_t rune) {
  if (rune < 0x80) return rune >= 0x20 && rune < 0x7F;
  return Contains(kPrintable, rune);
}

bool IsSpace(char32_t rune) {
  switch (rune) {
    case '\t':
    case '\n':
    case '\v':
    case '\f':
    case '\r':
    case ' ':
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000: return true;
    default: return rune >= 0x2000 && rune <= 0x200A;
  }
}

std::string_view TrimSpaceLeft(std::string_view text) {
  for (Rune rune = DecodeRune(text); rune.size > 0 && IsSpace(rune.value); rune = DecodeRune(text)) text.remove_prefix(rune.size);
  return text;
}

std::string_view TrimSpace(std::string_view text) {
  for (Rune rune = DecodeLastRune(text); rune.size > 0 && IsSpace(rune.value); rune = DecodeLastRune(text)) text.remove_suffix(rune.size);
  return TrimSpaceLeft(text);
}

}  // namespace sluice::helm
