#include <algorithm>
#include <cstdint>
#include <limits>

#include "helm/functions/go_time.h"
#include "helm/template/quote.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

constexpr std::uint64_t kMax = std::uint64_t{1} << 63;
constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max(), kInt64Min = std::numeric_limits<std::int64_t>::min();

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {{"ns", 1},         {"us", 1000},         {"\xC2\xB5s", 1000},   {"\xCE\xBCs", 1000},
                           {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

bool IsDigit(std::string_view text) { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }

/// Digits off the front; false if they do not fit 63 bits.
bool TakeWhole(std::string_view& text, std::uint64_t& out) {
  for (; IsDigit(text); text.remove_prefix(1)) {
    if (out > kMax / 10) return false;
    out = out * 10 + static_cast<std::uint64_t>(text[0] - '0');
    if (out > kMax) return false;
  }
  return true;
}

/// A fraction: its digits as a number, and what divides it. Digits that no longer fit are dropped.
void TakeFraction(std::string_view& text, std::uint64_t& out, double& scale) {
  bool full = false;
  for (; IsDigit(text); text.remove_prefix(1)) {
    if (full) continue;
    const std::uint64_t next = out * 10 + static_cast<std::uint64_t>(text[0] - '0');
    full = out > (kMax - 1) / 10 || next > kMax;
    if (full) continue;
    out = next;
    scale *= 10;
  }
}

}  // namespace

Result<std::int64_t> ParseGoDuration(std::string_view text) {
  const auto invalid = [&] { return Invalid("time: invalid duration " + GoQuote(text)); };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty()) return invalid();
  std::uint64_t total = 0;
  while (!rest.empty()) {
    if (rest[0] != '.' && !IsDigit(rest)) return invalid();
    std::uint64_t whole = 0, fraction = 0;
    double scale = 1;
    const std::size_t before = rest.size();
    if (!TakeWhole(rest, whole)) return invalid();
    bool digits = rest.size() != before;
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      const std::size_t point = rest.size();
      TakeFraction(rest, fraction, scale);
      digits = digits || rest.size() != point;
    }
    if (!digits) return invalid();
    const std::size_t end = std::min(rest.find_first_of(".0123456789"), rest.size());
    if (end == 0) return Invalid("time: missing unit in duration " + GoQuote(text));
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(end);
    const auto* unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == std::end(kUnits)) return Invalid("time: unknown unit " + GoQuote(name) + " in duration " + GoQuote(text));
    if (whole > kMax / unit->nanoseconds) return invalid();
    whole *= unit->nanoseconds;
    if (fraction > 0) whole += static_cast<std::uint64_t>(static_cast<double>(fraction) * (static_cast<double>(unit->nanoseconds) / scale));
    if (whole > kMax) return invalid();
    total += whole;
    if (total > kMax) return invalid();
  }
  if (negative) return static_cast<std::int64_t>(~total + 1);
  if (total > kMax - 1) return invalid();
  return static_cast<std::int64_t>(total);
}

namespace {

/// `value` over 10^places without trailing zeros.
std::string WithFraction(std::uint64_t value, int places) {
  std::uint64_t unit = 1;
  for (int i = 0; i < places; ++i) unit *= 10;
  std::string out = std::to_string(value / unit), digits = std::to_string(value % unit);
  digits.insert(0, static_cast<std::size_t>(places) - std::min<std::size_t>(static_cast<std::size_t>(places), digits.size()), '0');
  while (digits.ends_with('0')) digits.pop_back();
  return digits.empty() ? out : out + "." + digits;
}

std::uint64_t Magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

}  // namespace

std::string FormatDuration(std::int64_t nanoseconds) {
  const std::uint64_t size = Magnitude(nanoseconds);
  const std::string sign = nanoseconds < 0 ? "-" : "";
  if (size == 0) return "0s";
  if (size < 1000) return sign + std::to_string(size) + "ns";
  if (size < 1'000'000) return sign + WithFraction(size, 3) + "\xC2\xB5s";
  if (size < 1'000'000'000) return sign + WithFraction(size, 6) + "ms";
  const std::uint64_t minutes = size / 60'000'000'000;
  std::string out = WithFraction(size % 60'000'000'000, 9) + "s";
  if (minutes > 0) out.insert(0, std::to_string(minutes % 60) + "m");
  if (minutes >= 60) out.insert(0, std::to_string(minutes / 60) + "h");
  return sign + out;
}

std::int64_t TruncateDuration(std::int64_t nanoseconds, std::int64_t multiple) {
  return multiple <= 0 ? nanoseconds : nanoseconds - nanoseconds % multiple;
}

std::int64_t RoundDuration(std::int64_t nanoseconds, std::int64_t multiple) {
  if (multiple <= 0) return nanoseconds;
  const bool negative = nanoseconds < 0;
  const std::int64_t rest = nanoseconds % multiple;  // with the sign of the duration
  const std::uint64_t size = Magnitude(rest);
  if (size + size < static_cast<std::uint64_t>(multiple)) return nanoseconds - rest;
  std::int64_t out = 0;
  const std::int64_t step = negative ? -(multiple - static_cast<std::int64_t>(size)) : multiple - static_cast<std::int64_t>(size);
  if (__builtin_add_overflow(nanoseconds, step, &out)) return negative ? kInt64Min : kInt64Max;
  return out;
}

std::int64_t Since(const GoTime& later, const GoTime& earlier) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  std::int64_t seconds = 0, out = 0;
  const bool before = later.seconds < earlier.seconds;
  if (__builtin_sub_overflow(later.seconds, earlier.seconds, &seconds) || __builtin_mul_overflow(seconds, kBillion, &out) ||
      __builtin_add_overflow(out, later.nanoseconds - earlier.nanoseconds, &out)) {
    return before ? kInt64Min : kInt64Max;
  }
  return out;
}

}  // namespace sluice::helm
