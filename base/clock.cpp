#include "base/clock.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

namespace sluice::base {

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

std::string FormatSeconds(TimePoint time) {
  const auto second = std::chrono::floor<seconds>(time);  // the first day of all begins before the first nanosecond
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  std::array<char, 64> text;
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                    static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

// Reads from the front of `text`; every step says whether what it wants was there.
struct Scanner {
  std::string_view text;

  bool Skip(char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
  }

  std::optional<int> Digits(std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
  }

  // The digits after a decimal point, as nanoseconds; further digits are read and dropped.
  std::optional<nanoseconds> Fraction() {
    std::int64_t value = 0, unit = 100'000'000;
    std::size_t count = 0;
    for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count, unit /= 10) value += (text[count] - '0') * unit;
    if (count == 0) return std::nullopt;
    text.remove_prefix(count);
    return nanoseconds(value);
  }
};

std::optional<std::chrono::sys_days> ParseDate(Scanner& in) {
  const auto year = in.Digits(4);
  if (!year || !in.Skip('-')) return std::nullopt;
  const auto month = in.Digits(2);
  if (!month || !in.Skip('-')) return std::nullopt;
  const auto day = in.Digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<seconds> ParseHoursMinutes(Scanner& in) {
  const auto hour = in.Digits(2);
  if (!hour || *hour > 23 || !in.Skip(':')) return std::nullopt;
  const auto minute = in.Digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute);
}

std::optional<seconds> ParseOffset(Scanner& in) {
  if (in.Skip('Z')) return seconds(0);
  const bool plus = in.Skip('+');
  if (!plus && !in.Skip('-')) return std::nullopt;
  const auto offset = ParseHoursMinutes(in);
  if (!offset) return std::nullopt;
  return plus ? *offset : -*offset;
}

// A TimePoint counts nanoseconds in 64 bits, the years 1678 to 2261; what lies beyond becomes the end of that range.
TimePoint Clamp(std::chrono::sys_seconds time, nanoseconds fraction) {
  constexpr auto kFirst = std::chrono::ceil<seconds>(TimePoint::min().time_since_epoch());
  constexpr auto kLast = std::chrono::floor<seconds>(TimePoint::max().time_since_epoch()) - seconds(1);
  if (time.time_since_epoch() < kFirst) return TimePoint::min();
  if (time.time_since_epoch() > kLast) return TimePoint::max();
  return TimePoint(time.time_since_epoch()) + fraction;
}

struct Unit {
  std::string_view name;
  std::uint64_t nanos;
};
constexpr Unit kUnits[] = {{"ns", 1},         {"us", 1'000},        {"\u00b5s", 1'000},    {"\u03bcs", 1'000},
                           {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr std::uint64_t kMaxDuration = std::uint64_t{1} << 63;  // its negative still fits

std::size_t CountDigits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

// One `1.5h` of a duration, in nanoseconds.
std::optional<std::uint64_t> ParseTerm(std::string_view& text) {
  const std::size_t whole_digits = CountDigits(text);
  std::uint64_t whole = 0;
  if (whole_digits > 0 && std::from_chars(text.data(), text.data() + whole_digits, whole).ec != std::errc()) return std::nullopt;
  text.remove_prefix(whole_digits);
  std::string_view fraction;
  if (!text.empty() && text.front() == '.') {
    fraction = text.substr(1, CountDigits(text.substr(1)));
    text.remove_prefix(1 + fraction.size());
  }
  if (whole_digits + fraction.size() == 0) return std::nullopt;
  std::size_t length = 0;
  while (length < text.size() && text[length] != '.' && (text[length] < '0' || text[length] > '9')) ++length;
  for (const Unit& unit : kUnits) {
    if (text.substr(0, length) != unit.name) continue;
    text.remove_prefix(length);
    if (whole > kMaxDuration / unit.nanos) return std::nullopt;
    double scale = static_cast<double>(unit.nanos), part = 0;
    for (const char digit : fraction) part += (digit - '0') * (scale /= 10);
    return whole * unit.nanos + static_cast<std::uint64_t>(part + 1e-6);
  }
  return std::nullopt;
}

// `value` in units of 10^`digits`, without trailing zeros: Decimal(1500, 3) is "1.5".
std::string Decimal(std::uint64_t value, int digits) {
  std::string fraction;
  for (int i = 0; i < digits; ++i, value /= 10) fraction.insert(fraction.begin(), static_cast<char>('0' + value % 10));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return std::to_string(value) + (fraction.empty() ? "" : "." + fraction);
}

}  // namespace

std::string FormatRfc3339(TimePoint time) { return FormatSeconds(time) + "Z"; }

std::string FormatRfc3339Micro(TimePoint time) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time) - std::chrono::floor<seconds>(time);
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), ".%06dZ", static_cast<int>(micros.count()));
  return FormatSeconds(time) + text.data();
}

std::optional<TimePoint> ParseRfc3339(std::string_view text) {
  Scanner in{text};
  const auto day = ParseDate(in);
  if (!day || !in.Skip('T')) return std::nullopt;
  const auto clock = ParseHoursMinutes(in);
  if (!clock || !in.Skip(':')) return std::nullopt;
  const auto second = in.Digits(2);
  if (!second || *second > 59) return std::nullopt;
  nanoseconds fraction(0);
  if (in.Skip('.')) {
    const auto read = in.Fraction();
    if (!read) return std::nullopt;
    fraction = *read;
  }
  const auto offset = ParseOffset(in);
  if (!offset || !in.text.empty()) return std::nullopt;
  return Clamp(*day + *clock + seconds(*second) - *offset, fraction);
}

std::optional<Duration> ParseGoDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto term = ParseTerm(text);
    if (!term || *term > kMaxDuration - total) return std::nullopt;
    total += *term;
  }
  if (negative) return Duration(static_cast<std::int64_t>(~total + 1));
  if (total == kMaxDuration) return std::nullopt;
  return Duration(static_cast<std::int64_t>(total));
}

std::string FormatGoDuration(Duration duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  const std::string sign = count < 0 ? "-" : "";
  const std::uint64_t nanos = count < 0 ? ~static_cast<std::uint64_t>(count) + 1 : static_cast<std::uint64_t>(count);
  if (nanos < 1'000) return sign + std::to_string(nanos) + "ns";
  if (nanos < 1'000'000) return sign + Decimal(nanos, 3) + "\u00b5s";
  if (nanos < 1'000'000'000) return sign + Decimal(nanos, 6) + "ms";
  const std::uint64_t minutes = nanos / 60'000'000'000;
  std::string text = sign;
  if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
  if (minutes > 0) text += std::to_string(minutes % 60) + "m";
  return text + Decimal(nanos % 60'000'000'000, 9) + "s";
}

}  // namespace sluice::base
