#include "helm/functions/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::helm {

namespace {

using base::Result;

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> TableOf(std::string_view alphabet) {
  std::array<std::uint8_t, 256> table{};
  for (auto& entry : table) entry = kNone;
  for (std::size_t i = 0; i < alphabet.size(); ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}

constexpr auto kBase64Values = TableOf(kBase64), kBase32Values = TableOf(kBase32);

/// `bits` bits a character, padded with = to whole groups of `group` characters.
std::string Encode(std::string_view bytes, std::string_view alphabet, int bits, std::size_t group) {
  std::string out;
  out.reserve(bytes.size() * 8 / static_cast<std::size_t>(bits) + group);
  std::uint32_t held = 0;
  int count = 0;
  const std::uint32_t mask = (1u << bits) - 1;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= bits) {
      count -= bits;
      out += alphabet[(held >> count) & mask];
    }
  }
  if (count > 0) out += alphabet[(held << (bits - count)) & mask];
  while (out.size() % group != 0) out += '=';
  return out;
}

base::Error Corrupt(std::string_view what, std::size_t at) {
  return base::Invalid("illegal " + std::string(what) + " data at input byte " + std::to_string(at));
}

bool IsBreak(char c) { return c == '\n' || c == '\r'; }

/// What stands at the end of base64: `digits` of the last group have been read, and the = at `at`.
Result<void> CheckBase64Padding(std::string_view text, std::size_t at, std::size_t digits) {
  if (digits < 2) return Corrupt("base64", at);
  std::size_t i = at + 1;
  const auto skip_breaks = [&] {
    while (i < text.size() && IsBreak(text[i])) ++i;
  };
  if (digits == 2) {
    skip_breaks();
    if (i == text.size()) return Corrupt("base64", text.size());
    if (text[i] != '=') return Corrupt("base64", i - 1);
    ++i;
  }
  skip_breaks();
  if (i < text.size()) return Corrupt("base64", i);
  return {};
}

/// The place that Go names in a base32 text whose padding begins after `digits` of a group, with `rest` following the first =. nullopt-like: npos.
std::size_t BadBase32Padding(std::string_view rest, std::size_t digits, std::size_t size) {
  if (rest.size() + digits < 7) return size;
  for (std::size_t k = 0; k < 7 - digits; ++k) {
    if (rest.size() > k && rest[k] != '=') return size - rest.size() + k - 1;
  }
  if (digits == 3 || digits == 6) return size - rest.size() - 1;
  return std::string_view::npos;
}

}  // namespace

std::string Base64Encode(std::string_view bytes) { return Encode(bytes, kBase64, 6, 4); }
std::string Base32Encode(std::string_view bytes) { return Encode(bytes, kBase32, 5, 8); }

Result<std::string> Base64Decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t held = 0;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t value = kBase64Values[static_cast<unsigned char>(text[i])];
    if (value == kNone) {
      if (IsBreak(text[i])) continue;
      if (text[i] != '=') return Corrupt("base64", i);
      TRY(CheckBase64Padding(text, i, digits));
      held <<= 6 * (4 - digits);
      out += static_cast<char>((held >> 16) & 0xFF);
      if (digits == 3) out += static_cast<char>((held >> 8) & 0xFF);
      return out;
    }
    held = (held << 6) | value;
    if (++digits < 4) continue;
    for (const int shift : {16, 8, 0}) out += static_cast<char>((held >> shift) & 0xFF);
    held = 0;
    digits = 0;
  }
  if (digits > 0) return Corrupt("base64", text.size() - digits);
  return out;
}

Result<std::string> Base32Decode(std::string_view text) {
  std::string src(text);
  std::erase_if(src, IsBreak);
  std::string out;
  std::uint64_t held = 0;
  std::size_t digits = 0;
  const auto flush = [&](std::size_t bytes) {
    for (std::size_t b = 0; b < bytes; ++b) out += static_cast<char>((held >> (32 - 8 * b)) & 0xFF);
    held = 0;
    digits = 0;
  };
  for (std::size_t i = 0; i < src.size(); ++i) {
    const std::string_view rest = std::string_view(src).substr(i + 1);
    if (src[i] == '=' && digits >= 2 && rest.size() < 8) {
      const std::size_t bad = BadBase32Padding(rest, digits, src.size());
      if (bad != std::string_view::npos) return Corrupt("base32", bad);
      held <<= 5 * (8 - digits);
      flush(digits * 5 / 8);
      return out;
    }
    const std::uint8_t value = kBase32Values[static_cast<unsigned char>(src[i])];
    if (value == kNone) return Corrupt("base32", i);
    held = (held << 5) | value;
    if (++digits == 8) flush(5);
  }
  if (digits > 0) return Corrupt("base32", src.size() - digits);
  return out;
}

}  // namespace sluice::helm
