#include "helm/template/number_node.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "helm/template/number.h"
#include "helm/template/quote.h"

namespace sluice::helm::detail {
namespace {

using base::Result;

// Go's int64(f) == f, without the undefined conversions of C++.
std::optional<std::int64_t> ExactInt(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::uint64_t> ExactUint(double value) {
  if (!(value >= 0 && value < 18446744073709551616.0) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

// A float that is whole is an integer, too.
void AddIntegersOf(NumberNode& node, double value) {
  if (const auto exact = ExactInt(value)) {
    node.is_int = true;
    node.int_value = *exact;
  }
  if (const auto exact = ExactUint(value)) {
    node.is_uint = true;
    node.uint_value = *exact;
  }
}

Result<void> ReadCharacter(NumberNode& node) {
  std::string_view rest = node.text.substr(1);
  const auto rune = TakeUnquoted(rest, '\'');
  if (!rune) return base::Invalid("invalid syntax");
  if (rest != "'") return base::Invalid("malformed character constant: " + std::string(node.text));
  node.is_int = node.is_uint = node.is_float = true;
  node.int_value = static_cast<std::int64_t>(rune->value);
  node.uint_value = rune->value;
  node.float_value = static_cast<double>(rune->value);
  return {};
}

void SetComplex(NumberNode& node, double real, double imaginary) {
  node.is_complex = true;
  node.float_value = real;
  node.imaginary = imaginary;
  node.is_float = imaginary == 0;
  if (node.is_float) AddIntegersOf(node, real);
}

// 1+2i: the sign that separates the parts is the last one that belongs to no exponent.
Result<void> ReadComplex(NumberNode& node) {
  std::string_view text = node.text;
  text.remove_suffix(1);
  std::size_t split = text.size();
  while (--split > 0) {
    const char before = text[split - 1];
    const bool exponent = before == 'e' || before == 'E' || before == 'p' || before == 'P';
    if ((text[split] == '+' || text[split] == '-') && !exponent) break;
  }
  const auto real = ParseFloat(text.substr(0, split));
  const auto imaginary = ParseFloat(text.substr(split));
  if (split == 0 || !real || !imaginary) return base::Invalid("syntax error scanning complex number");
  SetComplex(node, *real, *imaginary);
  return {};
}

Result<void> ReadFloat(NumberNode& node) {
  const auto value = ParseFloat(node.text);
  if (!value) return base::Invalid("illegal number syntax: " + GoQuote(node.text));
  if (node.text.find_first_of(".eEpP") == std::string_view::npos) return base::Invalid("integer overflow: " + GoQuote(node.text));
  node.is_float = true;
  node.float_value = *value;
  AddIntegersOf(node, *value);
  return {};
}

Result<void> ReadNumber(NumberNode& node) {
  if (node.text.ends_with('i')) {
    if (const auto imaginary = ParseFloat(node.text.substr(0, node.text.size() - 1))) {
      SetComplex(node, 0, *imaginary);
      return {};
    }
  }
  if (const auto value = ParseUint(node.text, 0)) {
    node.is_uint = true;
    node.uint_value = *value;
  }
  if (const auto value = ParseInt(node.text, 0)) {
    node.is_int = true;
    node.int_value = *value;
    if (*value == 0) node.is_uint = true;
  }
  if (!node.is_int && !node.is_uint) return ReadFloat(node);
  node.is_float = true;
  node.float_value = node.is_int ? static_cast<double>(node.int_value) : static_cast<double>(node.uint_value);
  return {};
}

bool IsHexInteger(std::string_view text) {
  return text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && text.find_first_of("pP") == std::string_view::npos;
}

// The value where nothing asks for a type: the syntax decides. What overflows an int has none.
Value IdealConstant(const NumberNode& node) {
  if (node.is_complex) return Value::Complex(node.float_value, node.imaginary);
  const bool looks_float = node.text.find_first_of(".eEpP") != std::string_view::npos && !IsHexInteger(node.text) && node.text[0] != '\'';
  if (node.is_float && looks_float) return Value::Float64(node.float_value);
  return node.is_int ? Value::Int(node.int_value) : Value();
}

}  // namespace

Result<void> ReadNumberNode(NumberNode& node, TokenType type) {
  if (type == TokenType::CharConstant) {
    TRY(ReadCharacter(node));
  } else if (type == TokenType::Complex) {
    TRY(ReadComplex(node));
  } else {
    TRY(ReadNumber(node));
  }
  node.value = IdealConstant(node);
  return {};
}

}  // namespace sluice::helm::detail
