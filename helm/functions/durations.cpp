// What helm 4 adds on durations. They come as Go's text ("1h2m"), as seconds in text or as any number, or as a duration.
#include <cmath>

#include "helm/functions/registry.h"
#include "helm/functions/time_object.h"
#include "helm/template/number.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kMaxSeconds = INT64_MAX / kBillion;

Result<std::int64_t> FromFloat(double seconds) {
  if (!std::isfinite(seconds)) return Invalid("invalid duration seconds: " + FormatFloat(seconds, 'g'));
  if (std::fabs(seconds) > static_cast<double>(INT64_MAX) / 1e9) return Invalid("duration seconds overflow: " + FormatFloat(seconds, 'g'));
  const double nanoseconds = seconds * 1e9;
  if (nanoseconds >= 0x1p63) return INT64_MIN;  // what Go's conversion gives on amd64
  return static_cast<std::int64_t>(nanoseconds);
}

Result<std::int64_t> FromText(const std::string& given) {
  const std::string_view text = TrimSpace(given);
  if (text.empty()) return Invalid("empty duration");
  if (const auto duration = ParseGoDuration(text)) return *duration;
  if (const auto number = ParseFloat(text)) return FromFloat(*number);
  return Invalid("could not parse duration " + GoQuote(given));
}

Result<std::int64_t> AsDuration(const Value& value) {
  if (value.IsNil()) return Invalid("invalid duration");
  if (value.IsString()) return FromText(value.AsString());
  if (value.IsObject() && value.object()->TypeName() == "time.Duration") return value.object()->AsInt().value_or(0);
  if (value.type() == Type::Float64) return FromFloat(value.AsFloat());
  const bool fits = value.IsSigned()     ? value.AsSigned() <= kMaxSeconds && value.AsSigned() >= INT64_MIN / kBillion
                    : value.IsUnsigned() ? value.AsUnsigned() <= static_cast<std::uint64_t>(kMaxSeconds)
                                         : false;
  if (!value.IsInteger()) return Invalid("unsupported duration type " + TypeName(value));
  if (!fits) return Invalid("duration seconds overflow: " + Sprint(value));
  return value.AsSigned() * kBillion;
}

/// A number that a duration's method gives, over `divisors`; 0 for what is no duration.
void AddNumber(FunctionMap& map, std::string_view name, std::string_view method, double divisor, Value zero) {
  Add(map, {name}, {kAny}, [method, divisor, zero](Arguments a) -> Result<Value> {
    const auto duration = AsDuration(a[0]);
    if (!duration) return zero;
    TRY(Value number, DurationObject(*duration).Call(method, {}));
    if (number.type() == Type::Float64) return Value::Float64(number.AsFloat() / divisor);
    return number;
  });
}

Value Stepped(Arguments a, std::int64_t (*step)(std::int64_t, std::int64_t)) {
  const auto duration = AsDuration(a[0]);
  if (!duration) return NewDuration(0);
  const auto multiple = AsDuration(a[1]);
  return NewDuration(multiple ? step(*duration, *multiple) : *duration);
}

}  // namespace

void AddDurations(FunctionMap& map, const FunctionOptions& options) {
  if (options.dialect != Dialect::Helm4) return;
  Add(map, {"mustToDuration"}, {kAny}, [](Arguments a) -> Result<Value> {
    TRY(const std::int64_t duration, AsDuration(a[0]));
    return NewDuration(duration);
  });
  const Value kReal = Value::Float64(0), kWhole = Value::Int64(0);
  AddNumber(map, "durationSeconds", "Seconds", 1, kReal);
  AddNumber(map, "durationMinutes", "Minutes", 1, kReal);
  AddNumber(map, "durationHours", "Hours", 1, kReal);
  AddNumber(map, "durationDays", "Hours", 24, kReal);
  Add(map, {"durationWeeks"}, {kAny}, [](Arguments a) -> Result<Value> {
    const auto duration = AsDuration(a[0]);
    if (!duration) return Value::Float64(0);
    TRY(const Value hours, DurationObject(*duration).Call("Hours", {}));
    return Value::Float64(hours.AsFloat() / 24.0 / 7.0);
  });
  AddNumber(map, "durationMilliseconds", "Milliseconds", 1, kWhole);
  AddNumber(map, "durationMicroseconds", "Microseconds", 1, kWhole);
  AddNumber(map, "durationNanoseconds", "Nanoseconds", 1, kWhole);
  Add(map, {"durationRoundTo"}, {kAny, kAny}, [](Arguments a) { return Stepped(a, RoundDuration); });
  Add(map, {"durationTruncateTo"}, {kAny, kAny}, [](Arguments a) { return Stepped(a, TruncateDuration); });
}

}  // namespace sluice::helm
