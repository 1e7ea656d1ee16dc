#include "helm/template/format.h"

#include <algorithm>
#include <utility>

#include "helm/template/number.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

constexpr std::string_view kLowerDigits = "0123456789abcdefx";
constexpr std::string_view kUpperDigits = "0123456789ABCDEFX";

void MakeUpper(std::string& text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
}

// The '#' flag of %e %f %g: a decimal point always, and the zeros that %g drops.
std::string WithPoint(std::string number, char verb, int precision) {
  int digits = 0;
  if (verb == 'g' || verb == 'G' || verb == 'x') digits = precision == -1 ? 6 : precision;
  const bool hex = verb == 'x' || verb == 'X';
  const std::size_t tail_at = number.find_first_of(hex ? "pP" : "eEpP");
  const std::string tail = tail_at == std::string::npos ? "" : number.substr(tail_at);
  if (tail_at != std::string::npos) number.resize(tail_at);
  bool has_point = false, significant = false;
  for (const char c : std::string_view(number).substr(1)) {  // after the sign
    if (c == '.') {
      has_point = true;
      continue;
    }
    significant = significant || c != '0';
    if (significant) --digits;
  }
  if (!has_point) {
    if (number.size() == 2 && number[1] == '0') --digits;
    number.push_back('.');
  }
  if (digits > 0) number.append(static_cast<std::size_t>(digits), '0');
  return number + tail;
}

}  // namespace

void Formatter::Fill(int count) {
  if (count > 0) out_.append(static_cast<std::size_t>(count), flags.zero && !flags.minus ? '0' : ' ');
}

void Formatter::Pad(std::string_view text) {
  const int missing = flags.has_width && flags.width > 0 ? flags.width - static_cast<int>(RuneCount(text)) : 0;
  if (!flags.minus) Fill(missing);
  out_.append(text);
  if (flags.minus) Fill(missing);
}

void Formatter::PadWithBlanks(std::string_view text) {
  const bool zero = std::exchange(flags.zero, false);
  Pad(text);
  flags.zero = zero;
}

std::string_view Formatter::Truncated(std::string_view text) const {
  if (!flags.has_precision) return text;
  std::size_t end = 0;
  for (int left = flags.precision; left > 0 && end < text.size(); --left) end += DecodeRune(text.substr(end)).size;
  return text.substr(0, end);
}

void Formatter::String(std::string_view text) { Pad(Truncated(text)); }

void Formatter::Quoted(std::string_view text) {
  text = Truncated(text);
  if (flags.sharp && CanBackquote(text)) return Pad("`" + std::string(text) + "`");
  Pad(GoQuote(text, flags.plus));
}

void Formatter::HexString(std::string_view bytes, bool upper) {
  const std::string_view digits = upper ? kUpperDigits : kLowerDigits;
  if (flags.has_precision) bytes = bytes.substr(0, static_cast<std::size_t>(flags.precision));
  if (bytes.empty()) {
    if (flags.has_width) Fill(flags.width);
    return;
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (flags.space && i > 0) text.push_back(' ');
    if (flags.sharp && (flags.space || i == 0)) text.append({'0', digits[16]});
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text.append({digits[byte >> 4], digits[byte & 0xF]});
  }
  const int missing = flags.has_width ? flags.width - static_cast<int>(text.size()) : 0;
  if (!flags.minus) Fill(missing);
  out_ += text;
  if (flags.minus) Fill(missing);
}

void Formatter::Integer(std::uint64_t value, int base, bool is_signed, char32_t verb, bool upper) {
  const bool negative = is_signed && static_cast<std::int64_t>(value) < 0;
  if (negative) value = ~value + 1;
  const bool has_sign = negative || flags.plus || flags.space;
  int least_digits = 0;
  if (flags.has_precision) {
    least_digits = flags.precision;
    if (least_digits == 0 && value == 0) {  // nothing but the padding
      if (flags.has_width && flags.width > 0) out_.append(static_cast<std::size_t>(flags.width), ' ');
      return;
    }
  } else if (flags.zero && !flags.minus && flags.has_width) {
    least_digits = flags.width - (has_sign ? 1 : 0);
  }
  std::string digits = FormatUint(value, base);
  if (upper) MakeUpper(digits);
  if (static_cast<int>(digits.size()) < least_digits) digits.insert(0, static_cast<std::size_t>(least_digits) - digits.size(), '0');
  std::string text;
  if (has_sign) text.push_back(negative ? '-' : flags.plus ? '+' : ' ');
  if (verb == 'O') text += "0o";
  if (flags.sharp && base == 2) text += "0b";
  if (flags.sharp && base == 8 && digits[0] != '0') text += "0";
  if (flags.sharp && base == 16) text += upper ? "0X" : "0x";
  PadWithBlanks(text + digits);
}

void Formatter::Character(std::uint64_t value) {
  std::string text;
  AppendRune(text, value > kMaxRune ? kRuneError : static_cast<char32_t>(value));
  Pad(text);
}

void Formatter::QuotedCharacter(std::uint64_t value) {
  Pad(GoQuoteRune(value > kMaxRune ? kRuneError : static_cast<char32_t>(value), flags.plus));
}

void Formatter::CodePoint(std::uint64_t value) {
  std::string digits = FormatUint(value, 16);
  MakeUpper(digits);
  const std::size_t least = flags.has_precision && flags.precision > 4 ? static_cast<std::size_t>(flags.precision) : 4;
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  std::string text = "U+" + digits;
  if (flags.sharp && value <= kMaxRune && IsPrint(static_cast<char32_t>(value))) {
    text += " '";
    AppendRune(text, static_cast<char32_t>(value));
    text.push_back('\'');
  }
  PadWithBlanks(text);
}

void Formatter::Float(double value, char verb, int precision) {
  if (flags.has_precision) precision = flags.precision;
  std::string number = FormatFloat(value, verb, precision);
  if (number[0] != '-' && number[0] != '+') number.insert(0, "+");
  if (flags.space && number[0] == '+' && !flags.plus) number[0] = ' ';
  if (number[1] == 'I' || number[1] == 'N') {
    const bool bare = number[1] == 'N' && !flags.space && !flags.plus;
    return PadWithBlanks(std::string_view(number).substr(bare ? 1 : 0));
  }
  if (flags.sharp && verb != 'b') number = WithPoint(std::move(number), verb, precision);
  if (!flags.plus && number[0] == '+') return Pad(std::string_view(number).substr(1));
  if (flags.zero && !flags.minus && flags.has_width && flags.width > static_cast<int>(number.size())) {
    out_.push_back(number[0]);
    Fill(flags.width - static_cast<int>(number.size()));
    out_.append(number, 1);
    return;
  }
  Pad(number);
}

void Formatter::Pointer(std::uint64_t address, bool with_prefix) {
  const bool sharp = std::exchange(flags.sharp, with_prefix);
  Integer(address, 16, false, 'v', false);
  flags.sharp = sharp;
}

}  // namespace sluice::helm
