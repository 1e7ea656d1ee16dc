#include "helm/template/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace sluice::helm {
namespace {

// A finite number as decimal digits d1 d2 d3..., standing for 0.d1d2d3... * 10^point; no digits is zero.
struct Decimal {
  std::string digits;
  int point = 0;
};

// Reads what std::to_chars writes in scientific form, "1.25e+03", without its trailing zeros.
Decimal ReadScientific(std::string_view text) {
  Decimal decimal;
  const std::size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c != '.') decimal.digits.push_back(c);
  }
  std::string_view exponent = text.substr(e + 1);
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.point);
  ++decimal.point;
  while (!decimal.digits.empty() && decimal.digits.back() == '0') decimal.digits.pop_back();
  if (decimal.digits.empty()) decimal.point = 0;
  return decimal;
}

// `magnitude` to `digits` significant digits; 0 and less: the shortest that reads back.
Decimal ToDecimal(double magnitude, int digits, int bits) {
  std::array<char, 32> small{};
  if (digits <= 0) {
    const auto end =
        bits == 32 ? std::to_chars(small.data(), small.data() + small.size(), static_cast<float>(magnitude), std::chars_format::scientific)
                   : std::to_chars(small.data(), small.data() + small.size(), magnitude, std::chars_format::scientific);
    return ReadScientific({small.data(), end.ptr});
  }
  digits = std::min(digits, 800);  // a double has at most 767
  std::string buffer(static_cast<std::size_t>(digits) + 16, '\0');
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, std::chars_format::scientific, digits - 1);
  return ReadScientific({buffer.data(), end.ptr});
}

char DigitAt(const Decimal& decimal, int index) {
  return index >= 0 && index < static_cast<int>(decimal.digits.size()) ? decimal.digits[static_cast<std::size_t>(index)] : '0';
}

void AppendExponent(std::string& out, char letter, int exponent) {
  out.push_back(letter);
  out.push_back(exponent < 0 ? '-' : '+');
  const std::string digits = std::to_string(std::abs(exponent));
  if (digits.size() < 2) out.push_back('0');
  out += digits;
}

void AppendScientific(std::string& out, const Decimal& decimal, int precision, char letter) {
  out.push_back(DigitAt(decimal, 0));
  if (precision > 0) out.push_back('.');
  for (int i = 1; i <= precision; ++i) out.push_back(DigitAt(decimal, i));
  AppendExponent(out, letter, decimal.digits.empty() ? 0 : decimal.point - 1);
}

void AppendFixed(std::string& out, const Decimal& decimal, int precision) {
  if (decimal.point <= 0) out.push_back('0');
  for (int i = 0; i < decimal.point; ++i) out.push_back(DigitAt(decimal, i));
  if (precision > 0) out.push_back('.');
  for (int i = 0; i < precision; ++i) out.push_back(DigitAt(decimal, decimal.point + i));
}

// %g: fixed for exponents from -4 up to the precision (6 when it is the shortest), else scientific; trailing zeros never.
void AppendGeneral(std::string& out, double magnitude, int precision, int bits, char letter) {
  const bool shortest = precision < 0;
  if (precision == 0) precision = 1;
  const Decimal decimal = ToDecimal(magnitude, precision, bits);
  const int digits = static_cast<int>(decimal.digits.size());
  if (shortest) precision = digits;
  int limit = precision > digits && digits >= decimal.point ? digits : precision;
  if (shortest) limit = 6;
  const int exponent = decimal.point - 1;
  if (exponent < -4 || exponent >= limit) return AppendScientific(out, decimal, std::min(precision, digits) - 1, letter);
  AppendFixed(out, decimal, std::max((precision > decimal.point ? digits : precision) - decimal.point, 0));
}

void AppendExact(std::string& out, double magnitude, std::chars_format format, int precision) {
  std::string buffer(static_cast<std::size_t>(precision) + 350, '\0');
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, format, precision);
  out.append(buffer.data(), end.ptr);
}

// %b: the mantissa and the power of two, "4503599627370496p-52".
void AppendBinary(std::string& out, double magnitude, int bits) {
  const int mantissa_bits = bits == 32 ? 24 : 53;
  const int least = bits == 32 ? -149 : -1074;
  int exponent = 0;
  const double fraction = std::frexp(magnitude, &exponent);
  int power = magnitude == 0 ? least : std::max(exponent - mantissa_bits, least);
  out += FormatUint(static_cast<std::uint64_t>(std::ldexp(fraction, exponent - power)));
  out.push_back('p');
  if (power >= 0) out.push_back('+');
  out += std::to_string(power);
}

// %x: "0x1.8p+00".
void AppendHexadecimal(std::string& out, double magnitude, int precision, bool upper) {
  int exponent = 0;
  double fraction = std::frexp(magnitude, &exponent);  // in [0.5, 1)
  std::string buffer(static_cast<std::size_t>(std::max(precision, 0)) + 32, '\0');
  char* begin = buffer.data();
  char* const limit = begin + buffer.size();
  const double leading = fraction * 2;  // one digit, then the rest
  const auto end = precision < 0 ? std::to_chars(begin, limit, leading, std::chars_format::hex)
                                 : std::to_chars(begin, limit, leading, std::chars_format::hex, precision);
  std::string_view text(begin, end.ptr);
  const std::size_t p = text.find('p');
  std::string digits(text.substr(0, p));
  int power = magnitude == 0 ? 0 : exponent - 1;
  if (!digits.empty() && digits[0] == '2') {  // rounded up to the next power of two
    digits[0] = '1';
    ++power;
  }
  std::string shown = "0x" + digits;
  AppendExponent(shown, 'p', power);
  if (upper)
    std::ranges::transform(shown, shown.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  out += shown;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = Lower(c);
  return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

// '_' must stand between digits, or between a base prefix and a digit.
bool UnderscoresFit(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const char base = text.size() >= 2 && text[0] == '0' ? Lower(text[1]) : '\0';
  const bool prefixed = base == 'b' || base == 'o' || base == 'x';
  if (prefixed) text.remove_prefix(2);
  char before = prefixed ? '0' : '^';
  for (const char c : text) {
    const bool digit = (c >= '0' && c <= '9') || (base == 'x' && Lower(c) >= 'a' && Lower(c) <= 'f');
    if (c == '_' ? before != '0' : (!digit && before == '_')) return false;
    before = digit ? '0' : c == '_' ? '_' : '!';
  }
  return before != '_';
}

// Takes the prefix of `text` that names its base.
int TakeBase(std::string_view& text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  const char letter = text.size() >= 3 ? Lower(text[1]) : '\0';
  const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  text.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

bool IsHexadecimal(std::string_view text) { return text.size() > 2 && text[0] == '0' && Lower(text[1]) == 'x'; }

std::optional<double> ParseSpecial(std::string_view text) {
  double sign = 1;
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  if (has_sign && text[0] == '-') sign = -1;
  std::string word;
  for (const char c : text.substr(has_sign ? 1 : 0)) word.push_back(Lower(c));
  if (word == "inf" || word == "infinity") return sign * std::numeric_limits<double>::infinity();
  if (word == "nan" && !has_sign) return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

// Whether `text`, without sign and underscores, is a number: digits with at most one '.', then an exponent that hexadecimal must have.
bool IsFloatSyntax(std::string_view text) {
  const bool hex = IsHexadecimal(text);
  if (hex) text.remove_prefix(2);
  std::size_t i = 0, digits = 0;
  for (bool point = false; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (DigitValue(text[i]) < (hex ? 16 : 10)) {
      ++digits;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  if (i == text.size()) return !hex;
  if (Lower(text[i]) != (hex ? 'p' : 'e')) return false;
  ++i;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  if (i == text.size()) return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string FormatFloat(double value, char format, int precision, int bits) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::string out;
  if (std::signbit(value)) out.push_back('-');
  const double magnitude = std::fabs(value);
  switch (format) {
    case 'e':
    case 'E':
      if (precision < 0) {
        const Decimal decimal = ToDecimal(magnitude, 0, bits);
        AppendScientific(out, decimal, static_cast<int>(decimal.digits.size()) - 1, format);
      } else {
        AppendExact(out, magnitude, std::chars_format::scientific, precision);
        if (format == 'E') std::ranges::replace(out, 'e', 'E');
      }
      break;
    case 'f':
    case 'F':
      if (precision < 0) {
        const Decimal decimal = ToDecimal(magnitude, 0, bits);
        AppendFixed(out, decimal, std::max(static_cast<int>(decimal.digits.size()) - decimal.point, 0));
      } else {
        AppendExact(out, magnitude, std::chars_format::fixed, precision);
      }
      break;
    case 'g':
    case 'G': AppendGeneral(out, magnitude, precision, bits, format == 'g' ? 'e' : 'E'); break;
    case 'b': AppendBinary(out, magnitude, bits); break;
    case 'x':
    case 'X': AppendHexadecimal(out, magnitude, precision, format == 'X'); break;
    default: return std::string("%") + format;
  }
  return out;
}

std::string FormatInt(std::int64_t value, int base) {
  std::array<char, 66> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base).ptr};
}

std::string FormatUint(std::uint64_t value, int base) {
  std::array<char, 66> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base).ptr};
}

std::optional<std::uint64_t> ParseUint(std::string_view text, int base) {
  if (text.empty()) return std::nullopt;
  std::string plain;
  if (base == 0) {
    if (text.find('_') != std::string_view::npos) {
      if (!UnderscoresFit(text)) return std::nullopt;
      for (const char c : text) {
        if (c != '_') plain.push_back(c);
      }
      text = plain;
    }
    base = TakeBase(text);
  }
  if (text.empty() || DigitValue(text[0]) >= base) return std::nullopt;
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> ParseInt(std::string_view text, int base) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::optional<std::uint64_t> magnitude = ParseUint(text, base);
  const std::uint64_t limit = std::uint64_t{1} << 63;
  if (!magnitude || *magnitude > limit || (*magnitude == limit && !negative)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? ~*magnitude + 1 : *magnitude);
}

std::optional<double> ParseFloat(std::string_view text) {
  if (const std::optional<double> special = ParseSpecial(text)) return special;
  if (text.find('_') != std::string_view::npos && !UnderscoresFit(text)) return std::nullopt;
  std::string plain;
  for (const char c : text) {
    if (c != '_') plain.push_back(c);
  }
  std::string_view number = plain;
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  if (!IsFloatSyntax(number)) return std::nullopt;
  const double value = std::strtod(number.data(), nullptr);  // `plain` ends in a zero byte; beyond the range it is HUGE_VAL
  if (std::isinf(value)) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace sluice::helm
