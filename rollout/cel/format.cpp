#include "rollout/cel/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/result.h"
#include "rollout/cel/convert.h"

namespace sluice::rollout::cel {
namespace {

using base::Invalid;
using base::Result;

constexpr int kDefaultPrecision = 6, kMaxPrecision = 100;

/// One `%.3f`: the letter and what stands between it and the percent sign.
struct Clause {
  char letter = 0;
  int precision = kDefaultPrecision;
  std::size_t size = 0;  ///< of its text, percent sign included
};

/// `text` starts with a percent sign that has something behind it.
Result<Clause> ParseClause(std::string_view text) {
  Clause out;
  std::size_t at = 1;
  const std::string failed = "could not parse formatting clause: ";
  if (text[at] == '.') {
    const std::string no_precision = failed + "error while parsing precision: ";
    const std::size_t begin = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == text.size()) return Invalid(no_precision + "could not find end of precision specifier");
    const std::string digits(text.substr(begin, at - begin));
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.precision);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      const std::string why = digits.empty() ? "invalid syntax" : "value out of range";
      return Invalid(no_precision + "error while converting precision to integer: strconv.Atoi: parsing \"" + digits + "\": " + why);
    }
    if (out.precision > kMaxPrecision) {
      return Invalid(no_precision + "precision " + digits + " exceeds maximum allowed precision " + std::to_string(kMaxPrecision));
    }
  }
  out.letter = text[at];
  out.size = at + 1;
  if (std::string_view("sdfebxXo").find(out.letter) == std::string_view::npos)
    return Invalid(failed + "unrecognized formatting clause \"" + std::string(1, out.letter) + "\"");
  return out;
}

/// Why a value of `kind` cannot be written by `letter`; "" if it can.
std::string WhyNot(char letter, Kind kind) {
  const bool is_integer = kind == Kind::Int || kind == Kind::Uint;
  const bool is_number = is_integer || kind == Kind::Double;
  const bool is_text = kind == Kind::String || kind == Kind::Bytes;
  std::string_view rule;
  if (letter == 's' && (kind == Kind::Optional || kind == Kind::Error))
    rule = "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps";
  if (letter == 'd' && !is_number) rule = "decimal clause can only be used on ints, uints, and doubles";
  if (letter == 'f' && !is_number) rule = "fixed-point clause can only be used on ints, uints, and doubles";
  if (letter == 'e' && !is_number) rule = "scientific clause can only be used on ints, uints, and doubles";
  if (letter == 'b' && !is_integer && kind != Kind::Bool) rule = "only ints, uints, and bools can be formatted as binary";
  if ((letter == 'x' || letter == 'X') && !is_integer && !is_text) rule = "only ints, uints, bytes, and strings can be formatted as hex";
  if (letter == 'o' && !is_integer) rule = "octal clause can only be used on ints and uints";
  if (rule.empty()) return "";
  return "error during formatting: " + std::string(rule) + ", was given " + std::string(TypeName(kind));
}

std::optional<std::string> NotFinite(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return std::nullopt;
}

double AsDouble(const Val& value) {
  return value.Is(Kind::Int)    ? static_cast<double>(value.AsInt())
         : value.Is(Kind::Uint) ? static_cast<double>(value.AsUint())
                                : value.AsDouble();
}

std::string Printf(const char* format, int precision, double value) {
  std::string out(512, '\0');
  const int size = std::snprintf(out.data(), out.size(), format, precision, value);
  out.resize(static_cast<std::size_t>(std::max(size, 0)));
  return out;
}

std::string InBase(const Val& value, int base) {
  std::array<char, 72> buffer;
  const auto result = value.Is(Kind::Int) ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.AsInt(), base)
                                          : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.AsUint(), base);
  return std::string(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
}

std::string Hex(const Val& value, bool upper) {
  std::string out;
  if (value.IsNumber()) {
    out = InBase(value, 16);
  } else {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const char c : value.text()) {
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  if (upper)
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

/// `%s`. False, and `error`: a value inside cannot be written.
bool AppendText(const Val& value, std::size_t max_bytes, std::string& out, std::string& error) {
  switch (value.kind()) {
    case Kind::Double: out += NotFinite(value.AsDouble()).value_or(FormatFixedShortest(value.AsDouble())); break;
    case Kind::Timestamp: {
      Instant utc = value.AsTimestamp();
      utc.offset = 0;
      out += TimestampText(utc);
      break;
    }
    case Kind::List:
      out += "[";
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i > 0) out += ", ";
        if (!AppendText(value.At(i), max_bytes, out, error)) return false;
      }
      out += "]";
      break;
    case Kind::Map: {
      std::vector<std::pair<std::string, std::string>> entries;
      for (std::size_t i = 0; i < value.size(); ++i) {
        const auto [key, item] = value.EntryAt(i);
        auto& [name, text] = entries.emplace_back();
        if (!AppendText(key, max_bytes, name, error) || !AppendText(item, max_bytes - std::min(max_bytes, out.size()), text, error))
          return false;
      }
      std::sort(entries.begin(), entries.end());
      out += "{";
      for (std::size_t i = 0; i < entries.size(); ++i) out += (i > 0 ? ", " : "") + entries[i].first + ": " + entries[i].second;
      out += "}";
      break;
    }
    case Kind::Error:
    case Kind::Optional: error = WhyNot('s', value.kind()); return false;
    default: out += Printed(value);
  }
  if (out.size() <= max_bytes) return true;
  error = "the formatted text is too long";
  return false;
}

Result<std::string> Write(const Clause& clause, const Val& value, std::size_t max_bytes) {
  if (std::string why = WhyNot(clause.letter, value.kind()); !why.empty()) return Invalid(std::move(why));
  switch (clause.letter) {
    case 'd':
      if (value.Is(Kind::Double)) return NotFinite(value.AsDouble()).value_or(FormatFixedShortest(value.AsDouble()));
      return Printed(value);
    case 'f':
    case 'e': return NotFinite(AsDouble(value)).value_or(Printf(clause.letter == 'f' ? "%.*f" : "%.*e", clause.precision, AsDouble(value)));
    case 'b': return value.Is(Kind::Bool) ? std::string(value.AsBool() ? "1" : "0") : InBase(value, 2);
    case 'x':
    case 'X': return Hex(value, clause.letter == 'X');
    case 'o': return InBase(value, 8);
    default: break;
  }
  std::string out, error;
  if (!AppendText(value, max_bytes, out, error)) return Invalid(std::move(error));
  return out;
}

/// Calls `text(piece)` and `argument(index, clause)` for what `format` consists of; an error of either ends it.
template <class Text, class Argument>
Result<void> Walk(std::string_view format, std::size_t count, Text text, Argument argument) {
  std::size_t index = 0;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      const std::size_t next = std::min(format.find('%', at), format.size());
      text(format.substr(at, next - at));
      at = next;
      continue;
    }
    if (format.substr(at, 2) == "%%") {
      text("%");
      at += 2;
      continue;
    }
    if (index < count && at + 1 == format.size()) return Invalid("unexpected end of string");
    if (index >= count) return Invalid("index " + std::to_string(index) + " out of range");
    TRY(const Clause clause, ParseClause(format.substr(at)));
    TRY(argument(index++, clause));
    at += clause.size;
  }
  return {};
}

}  // namespace

Val Format(std::string_view format, const Val& arguments, std::size_t max_bytes) {
  std::string out;
  const auto text = [&out](std::string_view piece) { out += piece; };
  const auto argument = [&](std::size_t index, const Clause& clause) -> Result<void> {
    TRY(const std::string written, Write(clause, arguments.At(index), max_bytes));
    out += written;
    if (out.size() > max_bytes) return Invalid("the formatted text is too long");
    return {};
  };
  const Result<void> done = Walk(format, arguments.size(), text, argument);
  return done ? Val::String(std::move(out)) : Val::Error(done.error().message);
}

FormatCheck CheckFormat(std::string_view format, std::span<const Kind> arguments) {
  FormatCheck out;
  out.argument = arguments.size();
  const auto argument = [&](std::size_t index, const Clause& clause) -> Result<void> {
    out.used = index + 1;
    if (arguments[index] == Kind::Error) return {};
    if (std::string why = WhyNot(clause.letter, arguments[index]); !why.empty()) {
      out.argument = index;
      return Invalid(std::move(why));
    }
    return {};
  };
  const Result<void> done = Walk(format, arguments.size(), [](std::string_view) {}, argument);
  if (!done) out.error = done.error().message;
  return out;
}

}  // namespace sluice::rollout::cel
