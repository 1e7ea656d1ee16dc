#include "rollout/cel/convert.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/clock.h"
#include "base/utf8.h"
#include "document/scalar.h"

namespace sluice::rollout::cel {
namespace {

constexpr std::int64_t kMinSeconds = -62135596800, kMaxSeconds = 253402300799;  // years 1 to 9999
constexpr std::int64_t kDay = 86400;

Val NoConversion(const Val& value, std::string_view to) {
  const std::string_view name = to == "timestamp" ? "google.protobuf.Timestamp" : to == "duration" ? "google.protobuf.Duration" : to;
  return Val::Error("type conversion error from '" + std::string(TypeName(value.kind())) + "' to '" + std::string(name) + "'");
}

Val NoOverload(const Val& value, std::string_view to) {
  return Val::Error("no such overload: " + std::string(to) + "(" + std::string(TypeName(value.kind())) + ")");
}

template <class T>
std::optional<T> ParseDecimal(std::string_view text) {
  if (std::is_signed_v<T> && text.starts_with("+") && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// Go's strconv.ParseBool.
std::optional<bool> ParseBool(std::string_view word) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Whether every `_` of `text` stands between digits.
bool SeparatesDigits(std::string_view text) {
  const auto is_digit = [&](std::size_t i) { return i < text.size() && std::isxdigit(static_cast<unsigned char>(text[i])) != 0; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && (i == 0 || !is_digit(i - 1) || !is_digit(i + 1))) return false;
  }
  return true;
}

/// Go's strconv.ParseFloat: decimal and hexadecimal floats, inf, infinity and nan in any case, `_` between digits. Too large is an error.
std::optional<double> ParseDouble(std::string_view written) {
  if (!SeparatesDigits(written)) return std::nullopt;
  std::string text(written);
  std::erase(text, '_');
  std::string word;
  for (char c : text) word += Lower(c);
  const bool negative = word.starts_with("-");
  const std::string_view digits = std::string_view(word).substr(negative || word.starts_with("+") ? 1 : 0);
  const double infinity = std::numeric_limits<double>::infinity();
  if (digits == "inf" || digits == "infinity") return negative ? -infinity : infinity;
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  const bool hex = digits.starts_with("0x");
  const std::string_view body = hex ? digits.substr(2) : digits;
  if (hex && body.find('p') == std::string_view::npos) return std::nullopt;
  if (body.empty() || body.starts_with("-") || body.starts_with("+") || body.starts_with("i") || body.starts_with("n")) return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(body.data(), body.data() + body.size(), value, hex ? std::chars_format::hex : std::chars_format::general);
  if (end != body.data() + body.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    const double read = std::strtod(word.c_str(), nullptr);
    if (std::isinf(read)) return std::nullopt;
    return read;
  }
  if (error != std::errc()) return std::nullopt;
  return negative ? -value : value;
}

std::optional<int> Digits(std::string_view text, std::size_t from, std::size_t count) {
  if (text.size() < from + count) return std::nullopt;
  int out = 0;
  for (const char c : text.substr(from, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

/// Days since 1970 of a day of the proleptic Gregorian calendar, month and day from 1 (H. Hinnant's days_from_civil).
std::int64_t DaysOf(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool IsLeap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysIn(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

/// Go's time.RFC3339 as time.Parse takes it: a fraction after the seconds is allowed, hours may have one digit.
std::optional<Instant> ParseTimestamp(std::string_view text) {
  const auto year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-' || text.size() < 11 || text[10] != 'T') return std::nullopt;
  std::size_t at = 11;
  auto hour = Digits(text, at, 2);
  at += 2;
  if (!hour) {
    hour = Digits(text, at - 2, 1);
    --at;
  }
  const auto minute = Digits(text, at + 1, 2), second = Digits(text, at + 4, 2);
  if (!hour || !minute || !second || text[at] != ':' || text[at + 3] != ':') return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > DaysIn(*year, *month) || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  at += 6;
  Instant out;
  if (at + 1 < text.size() && (text[at] == '.' || text[at] == ',') && text[at + 1] >= '0' && text[at + 1] <= '9') {
    int scale = 100'000'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) out.nanos += (text[at] - '0') * scale;
  }
  const std::string_view zone = text.substr(at);
  if (zone != "Z") {
    const auto hours = Digits(zone, 1, 2), minutes = Digits(zone, 4, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || !hours || !minutes || *hours > 24 || *minutes > 60)
      return std::nullopt;
    out.offset = (*hours * 60 + *minutes) * 60 * (zone[0] == '-' ? -1 : 1);
  }
  out.seconds = DaysOf(*year, *month, *day) * kDay + *hour * 3600 + *minute * 60 + *second - out.offset;
  return out;
}

Val DoubleToInt(double value) {
  if (std::isnan(value) || std::isinf(value) || value <= -0x1p63 || value >= 0x1p63) return Val::Error("integer overflow");
  return Val::Int(static_cast<std::int64_t>(value));
}

Val DoubleToUint(double value) {
  if (std::isnan(value) || std::isinf(value) || value < 0 || value >= 0x1p64) return Val::Error("unsigned integer overflow");
  return Val::Uint(static_cast<std::uint64_t>(value));
}

Val ToInt(const Val& value) {
  switch (value.kind()) {
    case Kind::Int: return value;
    case Kind::Uint:
      if (value.AsUint() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return Val::Error("integer overflow");
      return Val::Int(static_cast<std::int64_t>(value.AsUint()));
    case Kind::Double: return DoubleToInt(value.AsDouble());
    case Kind::Duration: return Val::Int(value.AsInt());
    case Kind::Timestamp: return Val::Int(value.AsTimestamp().seconds);
    case Kind::String:
      if (const auto parsed = ParseDecimal<std::int64_t>(value.text())) return Val::Int(*parsed);
      return NoConversion(value, "int");
    default: return NoOverload(value, "int");
  }
}

Val ToUint(const Val& value) {
  switch (value.kind()) {
    case Kind::Uint: return value;
    case Kind::Int:
      if (value.AsInt() < 0) return Val::Error("unsigned integer overflow");
      return Val::Uint(static_cast<std::uint64_t>(value.AsInt()));
    case Kind::Double: return DoubleToUint(value.AsDouble());
    case Kind::String:
      if (const auto parsed = ParseDecimal<std::uint64_t>(value.text())) return Val::Uint(*parsed);
      return NoConversion(value, "uint");
    default: return NoOverload(value, "uint");
  }
}

Val ToDouble(const Val& value) {
  switch (value.kind()) {
    case Kind::Double: return value;
    case Kind::Int: return Val::Double(static_cast<double>(value.AsInt()));
    case Kind::Uint: return Val::Double(static_cast<double>(value.AsUint()));
    case Kind::String:
      if (const auto parsed = ParseDouble(value.text())) return Val::Double(*parsed);
      return NoConversion(value, "double");
    default: return NoOverload(value, "double");
  }
}

Val ToString(const Val& value) {
  switch (value.kind()) {
    case Kind::String: return value;
    case Kind::Bool:
    case Kind::Int:
    case Kind::Uint:
    case Kind::Double:
    case Kind::Duration:
    case Kind::Timestamp: return Val::String(Printed(value));
    case Kind::Bytes:
      if (!base::IsUtf8(value.text())) return Val::Error("invalid UTF-8 in bytes, cannot convert to string");
      return Val::String(std::string(value.text()));
    default: return NoOverload(value, "string");
  }
}

Val ToTimestamp(const Val& value) {
  if (value.Is(Kind::Timestamp)) return value;
  if (value.Is(Kind::Int)) {
    return InTimeRange(value.AsInt()) ? Val::Timestamp({.seconds = value.AsInt()}) : Val::Error("timestamp overflow");
  }
  if (!value.Is(Kind::String)) return NoOverload(value, "timestamp");
  const auto parsed = ParseTimestamp(value.text());
  if (!parsed) return NoConversion(value, "timestamp");
  return InTimeRange(parsed->seconds) ? Val::Timestamp(*parsed) : Val::Error("timestamp overflow");
}

Val ToDuration(const Val& value) {
  if (value.Is(Kind::Duration)) return value;
  if (value.Is(Kind::Int)) return NoConversion(value, "duration");
  if (!value.Is(Kind::String)) return NoOverload(value, "duration");
  const auto parsed = base::ParseGoDuration(value.text());
  return parsed ? Val::Duration(parsed->count()) : NoConversion(value, "duration");
}

}  // namespace

Val Convert(const Val& value, std::string_view to) {
  if (to == "dyn") return value;
  if (to == "type") return Val::Type(std::string(TypeName(value.kind())));
  if (to == "int") return ToInt(value);
  if (to == "uint") return ToUint(value);
  if (to == "double") return ToDouble(value);
  if (to == "string") return ToString(value);
  if (to == "timestamp") return ToTimestamp(value);
  if (to == "duration") return ToDuration(value);
  if (to == "bytes") {
    if (value.Is(Kind::Bytes)) return value;
    return value.Is(Kind::String) ? Val::Bytes(std::string(value.text())) : NoOverload(value, to);
  }
  if (value.Is(Kind::Bool)) return value;
  if (!value.Is(Kind::String)) return NoOverload(value, to);
  const auto parsed = ParseBool(value.text());
  return parsed ? Val::Bool(*parsed) : NoConversion(value, to);
}

std::string FormatShortest(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  return document::GoYamlFloat(value);
}

std::string FormatFixedShortest(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  if (error != std::errc() || mark == std::string_view::npos) return FormatShortest(value);
  const bool negative = text.starts_with("-");
  std::string digits;
  for (const char c : text.substr(negative ? 1 : 0, mark - (negative ? 1 : 0))) {
    if (c != '.') digits += c;
  }
  const int exponent = std::atoi(std::string(text.substr(mark + 1)).c_str());
  const int point = exponent + 1;  // digits before the decimal point
  const int count = static_cast<int>(digits.size());
  std::string out = negative ? "-" : "";
  if (point <= 0) return out + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (point >= count) return out + digits + std::string(static_cast<std::size_t>(point - count), '0');
  return out + digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point));
}

bool InTimeRange(std::int64_t seconds) { return seconds >= kMinSeconds && seconds <= kMaxSeconds; }

Calendar CalendarAt(const Instant& time, std::int64_t offset) {
  const std::int64_t local = time.seconds + offset;
  const std::int64_t days = local >= 0 ? local / kDay : -((-local + kDay - 1) / kDay);
  const auto rest = static_cast<int>(local - days * kDay);
  const std::int64_t shifted = days + 719468;  // H. Hinnant's civil_from_days
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto month_from_march = static_cast<int>((5 * of_year + 2) / 153);
  Calendar out;
  out.day = static_cast<int>(of_year) - (153 * month_from_march + 2) / 5 + 1;
  out.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = rest / 3600;
  out.minute = rest / 60 % 60;
  out.second = rest % 60;
  out.milli = time.nanos / 1'000'000;
  out.weekday = static_cast<int>(((days % 7) + 11) % 7);  // 1970 began on a Thursday
  out.day_of_year = static_cast<int>(days - DaysOf(out.year, 1, 1));
  return out;
}

std::string TimestampText(const Instant& time) {
  const Calendar at = CalendarAt(time, time.offset);
  std::array<char, 48> buffer;
  int size = std::snprintf(buffer.data(), buffer.size(), "%04lld-%02d-%02dT%02d:%02d:%02d", static_cast<long long>(at.year), at.month,
                           at.day, at.hour, at.minute, at.second);
  std::string out(buffer.data(), static_cast<std::size_t>(size));
  if (time.nanos != 0) {
    size = std::snprintf(buffer.data(), buffer.size(), ".%09d", time.nanos);
    std::string fraction(buffer.data(), static_cast<std::size_t>(size));
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += fraction;
  }
  if (time.offset == 0) return out + "Z";
  const int minutes = std::abs(time.offset) / 60;
  size = std::snprintf(buffer.data(), buffer.size(), "%c%02d:%02d", time.offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return out + std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::string DurationText(std::int64_t nanos) {
  // As Go's Duration.Seconds(): whole seconds and the rest are added as doubles.
  const double seconds = static_cast<double>(nanos / 1'000'000'000) + static_cast<double>(nanos % 1'000'000'000) / 1e9;
  return FormatFixedShortest(seconds) + "s";
}

}  // namespace sluice::rollout::cel
