#include "document/natural_order.h"

#include <cstdint>
#include <optional>

#include "document/letters.h"
#include "document/utf8.h"

namespace sluice::document {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The digits of `text` from `i` on: where they end and what they are worth on top of `start` (wrapping, as Go's int64 does).
struct Run {
  std::size_t end = 0;
  std::int64_t value = 0;
};

Run DigitsFrom(std::string_view text, std::size_t i, std::int64_t start) {
  auto value = static_cast<std::uint64_t>(start);
  while (i < text.size() && IsDigit(text[i])) value = value * 10 + static_cast<std::uint64_t>(text[i++] - '0');
  return {.end = i, .value = static_cast<std::int64_t>(value)};
}

/// Whether the digits right before `i` include another than 0: then a 0 at `i` stands inside a number, not in front of it.
bool InsideNumber(std::string_view text, std::size_t i) {
  while (i > 0 && IsDigit(text[i - 1]))
    if (text[--i] != '0') return true;
  return false;
}

/// Both texts are equal before `i` and differ there.
bool LessAt(std::string_view left, std::string_view right, std::size_t i) {
  const std::uint32_t a = DecodeUtf8(left.substr(i)).value, b = DecodeUtf8(right.substr(i)).value;
  const bool a_letter = IsLetter(a), b_letter = IsLetter(b);
  if (a_letter && b_letter) return a < b;
  if (a_letter || b_letter) return b_letter;
  const std::int64_t start = (a == '0' || b == '0') && InsideNumber(left, i) ? 1 : 0;
  const Run x = DigitsFrom(left, i, start), y = DigitsFrom(right, i, start);
  if (x.value != y.value) return x.value < y.value;
  if (x.end != y.end) return x.end < y.end;
  return a < b;
}

/// What a key that is a number or a boolean is worth.
std::optional<double> NumberOf(const Member& member) {
  switch (member.key_kind) {
    case Kind::Bool: return Value::Scalar(Kind::Bool, member.key).AsBool() == true ? 1 : 0;
    case Kind::Int:
    case Kind::Float: return Value::Scalar(member.key_kind, member.key).AsDouble();
    default: return std::nullopt;
  }
}

}  // namespace

bool NaturalLess(std::string_view left, std::string_view right) {
  const std::size_t shared = left.size() < right.size() ? left.size() : right.size();
  std::size_t i = 0;
  while (i < shared && left[i] == right[i]) ++i;
  while (i > 0 && i < shared && (static_cast<unsigned char>(left[i]) & 0xC0) == 0x80) --i;  // back to a character's first byte
  if (i == left.size() || i == right.size()) return left.size() < right.size();
  return LessAt(left, right, i);
}

bool NaturalLess(const Member& left, const Member& right) {
  if (left.key_kind == Kind::String && right.key_kind == Kind::String) return NaturalLess(left.key, right.key);
  const auto a = NumberOf(left), b = NumberOf(right);
  if (a && b && *a != *b) return *a < *b;
  if (left.key_kind != right.key_kind) return left.key_kind < right.key_kind;
  return NaturalLess(left.key, right.key);
}

}  // namespace sluice::document
