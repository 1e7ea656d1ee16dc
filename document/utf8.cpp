#include "document/utf8.h"

namespace sluice::document {

namespace {

/// Length by the first byte and the least value that needs that length; 0 for a byte that starts nothing.
struct Form {
  std::size_t size;
  std::uint32_t least;
  std::uint32_t bits;
};

Form FormOf(unsigned char first) {
  if (first < 0x80) return {1, 0, first};
  if (first >= 0xC2 && first < 0xE0) return {2, 0x80, first & 0x1Fu};
  if (first >= 0xE0 && first < 0xF0) return {3, 0x800, first & 0x0Fu};
  if (first >= 0xF0 && first < 0xF5) return {4, 0x10000, first & 0x07u};
  return {0, 0, 0};
}

}  // namespace

CodePoint DecodeUtf8(std::string_view text) {
  const Form form = FormOf(static_cast<unsigned char>(text[0]));
  if (form.size == 0 || form.size > text.size()) return {};
  std::uint32_t value = form.bits;
  for (std::size_t i = 1; i < form.size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    value = (value << 6) | (next & 0x3Fu);
  }
  if (value < form.least || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {};
  return {.value = value, .size = form.size, .valid = true};
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(0xE0 | (code >> 12));
    } else {
      put(0xF0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3F));
    }
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

std::size_t AppendCleanUtf8(std::string_view text, std::string& out) {
  const CodePoint point = DecodeUtf8(text);
  if (point.valid) {
    out.append(text.substr(0, point.size));
  } else {
    AppendUtf8(kReplacementCharacter, out);
  }
  return point.size;
}

std::string CleanUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) text.remove_prefix(AppendCleanUtf8(text, out));
  return out;
}

}  // namespace sluice::document
