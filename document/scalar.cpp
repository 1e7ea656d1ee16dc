#include "document/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace sluice::document {

namespace {

constexpr std::uint64_t kInt64Min = std::uint64_t{1} << 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// `text` without `_`, in `scratch` if there are any.
std::string_view WithoutUnderscores(std::string_view text, std::string& scratch) {
  if (text.find('_') == std::string_view::npos) return text;
  scratch.assign(text);
  std::erase(scratch, '_');
  return scratch;
}

/// The base that a prefix names, which is then cut off `digits`. Go's base 0: a leading 0 alone means octal.
int CutBase(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  switch (digits[1]) {
    case 'x':
    case 'X': digits.remove_prefix(2); return 16;
    case 'o':
    case 'O': digits.remove_prefix(2); return 8;
    case 'b':
    case 'B': digits.remove_prefix(2); return 2;
    default: digits.remove_prefix(1); return 8;
  }
}

std::optional<std::uint64_t> ParseDigits(std::string_view digits, int base) {
  std::uint64_t value = 0;
  if (digits.empty()) return std::nullopt;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

/// go-yaml hands what follows 0b and 0o to a parser that takes a sign of its own: 0b-101 is -5.
bool HasInnerSign(std::string_view text) {
  return text.size() > 3 && text[0] == '0' && (text[1] == 'b' || text[1] == 'o') && (text[2] == '-' || text[2] == '+');
}

std::optional<Integer> ParseInnerSign(std::string_view text) {
  const auto magnitude = ParseDigits(text.substr(3), text[1] == 'b' ? 2 : 8);
  const bool minus = text[2] == '-';
  if (!magnitude || *magnitude > kInt64Min - (minus ? 0 : 1)) return std::nullopt;
  return Integer{.magnitude = *magnitude, .negative = minus && *magnitude != 0};
}

}  // namespace

std::optional<std::int64_t> Integer::AsInt64() const {
  if (negative) {
    if (magnitude > kInt64Min) return std::nullopt;
    return static_cast<std::int64_t>(~magnitude + 1);
  }
  if (magnitude >= kInt64Min) return std::nullopt;
  return static_cast<std::int64_t>(magnitude);
}

std::optional<std::uint64_t> Integer::AsUint64() const {
  if (negative) return std::nullopt;
  return magnitude;
}

std::optional<Integer> ParseInteger(std::string_view text) {
  std::string scratch;
  std::string_view digits = WithoutUnderscores(text, scratch);
  if (HasInnerSign(digits)) return ParseInnerSign(digits);
  const bool signed_text = !digits.empty() && (digits[0] == '-' || digits[0] == '+');
  const bool minus = signed_text && digits[0] == '-';
  if (signed_text) digits.remove_prefix(1);
  const int base = CutBase(digits);
  const auto magnitude = ParseDigits(digits, base);
  if (!magnitude) return std::nullopt;
  if (minus && *magnitude > kInt64Min) return std::nullopt;
  if (signed_text && !minus && *magnitude >= kInt64Min) return std::nullopt;  // ParseUint takes no sign
  return Integer{.magnitude = *magnitude, .negative = minus && *magnitude != 0};
}

namespace {

/// Letters of `.inf` and `.nan` come as go-yaml lists them: lower, capitalised, upper (.NaN, not .Nan).
std::optional<double> ParseSpecial(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::numeric_limits<double>::quiet_NaN();
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return minus ? -kInfinity : kInfinity;
  return std::nullopt;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool LooksLikeFloat(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    return i - start;
  };
  const auto sign = [&] {
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  };
  sign();
  const std::size_t whole = digits();
  std::size_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    sign();
    if (digits() == 0) return false;
  }
  return i == text.size();
}

}  // namespace

std::optional<double> ParseFloat(std::string_view text) {
  if (const auto special = ParseSpecial(text)) return special;
  std::string scratch;
  std::string_view plain = WithoutUnderscores(text, scratch);
  if (!LooksLikeFloat(plain)) return std::nullopt;
  if (plain[0] == '+') plain.remove_prefix(1);
  double value = 0;
  const auto [rest, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (error == std::errc()) return value;
  // from_chars refuses both ends of the range; Go refuses only what is too large.
  value = std::strtod(std::string(plain).c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return value;
}

bool IsTrueWord(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] == 't' || text[0] == 'T' || text[0] == 'y' || text[0] == 'Y') return true;
  return text.size() == 2 && (text == "on" || text == "On" || text == "ON");
}

namespace {

/// Shortest decimal digits of |value| with the point after the first: 12345e-2 gives digits "12345", exponent 2 ("1.2345e2").
struct Decimal {
  std::string digits;
  int exponent = 0;
};

template <class Float>
Decimal ShortestDecimal(Float value) {
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(value), std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = text.find('e');
  Decimal out;
  for (const char c : text.substr(0, e))
    if (c != '.') out.digits += c;
  std::string_view exponent = text.substr(e + 1);
  if (exponent[0] == '+') exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.exponent);
  return out;
}

std::string Scientific(const Decimal& decimal, bool negative, std::size_t min_exponent_digits) {
  std::string out = negative ? "-" : "";
  out += decimal.digits[0];
  if (decimal.digits.size() > 1) out.append(".").append(decimal.digits, 1);
  out += decimal.exponent < 0 ? "e-" : "e+";
  const std::string exponent = std::to_string(std::abs(decimal.exponent));
  if (exponent.size() < min_exponent_digits) out.append(min_exponent_digits - exponent.size(), '0');
  return out + exponent;
}

std::string Positional(const Decimal& decimal, bool negative) {
  std::string out = negative ? "-" : "";
  const auto count = static_cast<int>(decimal.digits.size());
  if (decimal.exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-decimal.exponent - 1), '0').append(decimal.digits);
  } else if (count <= decimal.exponent + 1) {
    out.append(decimal.digits).append(static_cast<std::size_t>(decimal.exponent + 1 - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(decimal.exponent + 1);
    out.append(decimal.digits, 0, whole).append(".").append(decimal.digits, whole);
  }
  return out;
}

}  // namespace

namespace {

template <class Float>
std::string ShortestG(Float value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  const Decimal decimal = ShortestDecimal(value);
  // Go's shortest %g takes an exponent below 1e-4 and from 1e6 on, however many digits there are (only %v waits until 1e21).
  if (decimal.exponent < -4 || decimal.exponent >= 6) return Scientific(decimal, std::signbit(value), 2);
  return Positional(decimal, std::signbit(value));
}

}  // namespace

std::string GoYamlFloat(double value) { return ShortestG(value); }
std::string GoYamlFloat32(double value) { return ShortestG(static_cast<float>(value)); }

std::string GoYamlNumber(double value) {
  // JSON text lies between: it has digits alone up to 1e21, and go-yaml reads those as an integer if 64 bits hold them.
  if (value == 0) return "0";
  if (std::isfinite(value) && std::trunc(value) == value) {
    const std::string digits = Positional(ShortestDecimal(value), std::signbit(value));
    if (ParseInteger(digits)) return digits;
  }
  return GoYamlFloat(value);
}

std::string GoJsonFloat(double value) {
  if (!std::isfinite(value)) return "null";
  const Decimal decimal = ShortestDecimal(value);
  const double size = std::fabs(value);
  if (size != 0 && (size < 1e-6 || size >= 1e21)) return Scientific(decimal, std::signbit(value), 1);
  return Positional(decimal, std::signbit(value));
}

NumberText::NumberText(std::int64_t value) {
  size_ = static_cast<std::size_t>(std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr - text_.data());
}

NumberText::NumberText(std::uint64_t value) {
  size_ = static_cast<std::size_t>(std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr - text_.data());
}

NumberText::NumberText(const Integer& value) {
  text_[0] = '-';
  char* start = text_.data() + (value.negative ? 1 : 0);
  size_ = static_cast<std::size_t>(std::to_chars(start, text_.data() + text_.size(), value.magnitude).ptr - text_.data());
}

}  // namespace sluice::document
