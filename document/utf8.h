// document/utf8.h: the little UTF-8 that parsers and emitters share. What is not UTF-8 is treated byte by byte, as Go does.
// Whether a text is UTF-8 at all: base/utf8.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::document {

constexpr std::uint32_t kReplacementCharacter = 0xFFFD;

/// A code point and the number of bytes it was read from; `valid` is false for a byte that starts no character (then size is 1).
struct CodePoint {
  std::uint32_t value = kReplacementCharacter;
  std::size_t size = 1;
  bool valid = false;
};

/// The code point that `text` (not empty) starts with. Overlong forms, surrogates and what lies above U+10FFFF are invalid.
CodePoint DecodeUtf8(std::string_view text);

/// Appends `code`, which must be a valid code point.
void AppendUtf8(std::uint32_t code, std::string& out);

/// Appends the first character of `text`, or U+FFFD for a bad byte; returns how many bytes that took.
std::size_t AppendCleanUtf8(std::string_view text, std::string& out);

/// `text` with U+FFFD for each bad byte.
std::string CleanUtf8(std::string_view text);

}  // namespace sluice::document
