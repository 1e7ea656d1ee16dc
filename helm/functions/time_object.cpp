#include "helm/functions/time_object.h"

#include <array>

#include "helm/template/function.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

constexpr std::int64_t kBillion = 1'000'000'000;

/// time.Month and time.Weekday: numbers that print as names.
class NamedNumber final : public Object {
 public:
  NamedNumber(std::string type, std::int64_t number, std::string_view name) : type_(std::move(type)), number_(number), name_(name) {}
  std::string TypeName() const override { return type_; }
  std::string KindName() const override { return "int"; }
  std::optional<std::string> Text() const override { return name_; }
  Value ToJson() const override { return Value::Int(number_); }
  bool Truth() const override { return number_ != 0; }
  std::optional<std::int64_t> AsInt() const override { return number_; }
  bool Equals(const Object& other) const override { return other.TypeName() == type_ && other.AsInt() == number_; }

 private:
  std::string type_;
  std::int64_t number_;
  std::string name_;
};

enum class Shape { None, Layout, Duration, Time, Dates };
struct MethodRow {
  std::string_view name;
  Shape shape;
};
constexpr MethodRow kTimeMethods[] = {
    {"Unix", Shape::None},         {"UnixMilli", Shape::None}, {"UnixMicro", Shape::None},  {"UnixNano", Shape::None},
    {"Year", Shape::None},         {"Month", Shape::None},     {"Day", Shape::None},        {"Hour", Shape::None},
    {"Minute", Shape::None},       {"Second", Shape::None},    {"Nanosecond", Shape::None}, {"Weekday", Shape::None},
    {"YearDay", Shape::None},      {"String", Shape::None},    {"UTC", Shape::None},        {"Local", Shape::None},
    {"IsZero", Shape::None},       {"Format", Shape::Layout},  {"Add", Shape::Duration},    {"Round", Shape::Duration},
    {"Truncate", Shape::Duration}, {"Sub", Shape::Time},       {"Before", Shape::Time},     {"After", Shape::Time},
    {"Equal", Shape::Time},        {"Compare", Shape::Time},   {"AddDate", Shape::Dates},
};
constexpr std::string_view kDurationMethods[] = {"Seconds",      "Minutes",     "Hours",  "Milliseconds",
                                                 "Microseconds", "Nanoseconds", "String", "Abs"};

const Signature* SignatureOf(Shape shape) {
  static const Signature kNone, kLayout{.parameters = {{.type = ParameterType::String}}},
      kDuration{.parameters = {{.type = ParameterType::Object, .object = "time.Duration"}}},
      kTimeArgument{.parameters = {{.type = ParameterType::Time}}},
      kDates{.parameters = {{.type = ParameterType::Int}, {.type = ParameterType::Int}, {.type = ParameterType::Int}}};
  switch (shape) {
    case Shape::None: return &kNone;
    case Shape::Layout: return &kLayout;
    case Shape::Duration: return &kDuration;
    case Shape::Time: return &kTimeArgument;
    case Shape::Dates: return &kDates;
  }
  return nullptr;
}

int Compare(const GoTime& left, const GoTime& right) {
  if (left.seconds != right.seconds) return left.seconds < right.seconds ? -1 : 1;
  return left.nanoseconds < right.nanoseconds ? -1 : left.nanoseconds > right.nanoseconds ? 1 : 0;
}

bool IsZero(const GoTime& time) { return time.seconds == GoTime().seconds && time.nanoseconds == 0; }

std::optional<Value> CalendarPart(std::string_view name, const GoTime& time) {
  const ClockTime clock = ClockOf(time);
  if (name == "Year") return Value::Int(clock.day.year);
  if (name == "Month") return Value::Of(MakeRef<NamedNumber>("time.Month", clock.day.month, kMonths[clock.day.month - 1]));
  if (name == "Weekday") return Value::Of(MakeRef<NamedNumber>("time.Weekday", clock.weekday, kWeekdays[clock.weekday]));
  if (name == "Day") return Value::Int(clock.day.day);
  if (name == "YearDay") return Value::Int(clock.day_of_year);
  if (name == "Hour") return Value::Int(clock.hour);
  if (name == "Minute") return Value::Int(clock.minute);
  if (name == "Second") return Value::Int(clock.second);
  if (name == "Nanosecond") return Value::Int(time.nanoseconds);
  return std::nullopt;
}

std::optional<Value> UnixPart(std::string_view name, const GoTime& time) {
  if (name == "Unix") return Value::Int64(time.seconds);
  const auto scaled = [&](std::int64_t by) {
    return Value::Int64(static_cast<std::int64_t>(static_cast<std::uint64_t>(time.seconds) * static_cast<std::uint64_t>(by) +
                                                  static_cast<std::uint64_t>(time.nanoseconds / (kBillion / by))));
  };
  if (name == "UnixMilli") return scaled(1000);
  if (name == "UnixMicro") return scaled(1'000'000);
  if (name == "UnixNano") return scaled(kBillion);
  return std::nullopt;
}

Value Compared(std::string_view name, const GoTime& left, const GoTime& right) {
  const int order = Compare(left, right);
  if (name == "Before") return Value::Bool(order < 0);
  if (name == "After") return Value::Bool(order > 0);
  if (name == "Equal") return Value::Bool(order == 0);
  if (name == "Compare") return Value::Int(order);
  return NewDuration(Since(left, right));
}

/// AddDate: months roll over into years, days into months.
Result<Value> AddDate(GoTime time, std::span<const Value> arguments) {
  constexpr std::int64_t kFar = 1'000'000'000;
  for (const Value& argument : arguments) {
    if (argument.AsSigned() > kFar || argument.AsSigned() < -kFar) return Invalid("a date more than 1000000000 years, months or days away");
  }
  const ClockTime clock = ClockOf(time);
  const std::int64_t months = clock.day.year * 12 + clock.day.month - 1 + arguments[0].AsSigned() * 12 + arguments[1].AsSigned();
  const std::int64_t year = FloorDivide(months, 12);
  const std::int64_t days = DaysFromCivil(year, static_cast<int>(months - year * 12) + 1, clock.day.day) + arguments[2].AsSigned();
  const std::int64_t second = clock.hour * 3600 + clock.minute * 60 + clock.second;
  std::int64_t shown = 0;
  if (__builtin_mul_overflow(days, kSecondsPerDay, &shown)) return Invalid("a date out of range");
  shown = WrappingAdd(shown, second);
  time.seconds = WrappingAdd(shown, -time.zone->At(WrappingAdd(shown, -clock.zone.offset)).offset);
  time.monotonic = false;
  return NewTime(std::move(time));
}

/// Rounding counts from year 1.
Value Rounded(std::string_view name, GoTime time, std::int64_t by) {
  time.monotonic = false;
  if (by <= 0) return NewTime(std::move(time));
  const auto since = (static_cast<__int128>(time.seconds) - GoTime().seconds) * kBillion + time.nanoseconds;
  const auto rest = static_cast<std::int64_t>(since % by);
  const bool up = name == "Round" && rest >= by - rest;
  return NewTime(AddDuration(std::move(time), up ? by - rest : -rest));
}

}  // namespace

const Signature* TimeObject::Method(std::string_view name) const {
  for (const MethodRow& row : kTimeMethods) {
    if (row.name == name) return SignatureOf(row.shape);
  }
  return nullptr;
}

Result<Value> TimeObject::Call(std::string_view name, std::span<const Value> arguments) {
  if (auto part = CalendarPart(name, time_)) return *part;
  if (auto part = UnixPart(name, time_)) return *part;
  if (name == "String") return Value::String(*Text());
  if (name == "IsZero") return Value::Bool(IsZero(time_));
  if (name == "Format") return Value::String(FormatTime(time_, arguments[0].AsString()));
  if (name == "AddDate") return AddDate(time_, arguments);
  if (name == "UTC" || name == "Local") {
    GoTime time = time_;
    if (name == "UTC") time.zone = Zone::Utc();
    return NewTime(std::move(time));
  }
  if (name == "Add" || name == "Round" || name == "Truncate") {
    const std::int64_t by = arguments[0].IsObject() ? arguments[0].object()->AsInt().value_or(0) : arguments[0].AsSigned();
    return name == "Add" ? NewTime(AddDuration(time_, by)) : Rounded(name, time_, by);
  }
  return Compared(name, time_, TimeOf(arguments[0]));
}

std::optional<std::string> TimeObject::Text() const {
  // What the monotonic clock shows depends on when the process began: here it has just done so.
  return FormatTime(time_, "2006-01-02 15:04:05.999999999 -0700 MST") + (time_.monotonic ? " m=+0.000000001" : "");
}

Value TimeObject::ToJson() const { return Value::String(FormatTime(time_, "2006-01-02T15:04:05.999999999Z07:00")); }

bool TimeObject::Equals(const Object& other) const {
  const auto* time = dynamic_cast<const TimeObject*>(&other);
  return time != nullptr && Compare(time_, time->time_) == 0;
}

const Signature* DurationObject::Method(std::string_view name) const {
  for (const std::string_view method : kDurationMethods) {
    if (method == name) return SignatureOf(Shape::None);
  }
  return name == "Round" || name == "Truncate" ? SignatureOf(Shape::Duration) : nullptr;
}

Result<Value> DurationObject::Call(std::string_view name, std::span<const Value> arguments) {
  const auto real = static_cast<double>(nanoseconds_ / kBillion) + static_cast<double>(nanoseconds_ % kBillion) / 1e9;
  if (name == "Seconds") return Value::Float64(real);
  if (name == "Minutes")
    return Value::Float64(static_cast<double>(nanoseconds_ / 60'000'000'000) + static_cast<double>(nanoseconds_ % 60'000'000'000) / 60e9);
  if (name == "Hours")
    return Value::Float64(static_cast<double>(nanoseconds_ / 3'600'000'000'000) +
                          static_cast<double>(nanoseconds_ % 3'600'000'000'000) / 3600e9);
  if (name == "Milliseconds") return Value::Int64(nanoseconds_ / 1'000'000);
  if (name == "Microseconds") return Value::Int64(nanoseconds_ / 1000);
  if (name == "Nanoseconds") return Value::Int64(nanoseconds_);
  if (name == "String") return Value::String(FormatDuration(nanoseconds_));
  if (name == "Abs") return NewDuration(nanoseconds_ < 0 ? -(nanoseconds_ + (nanoseconds_ == INT64_MIN ? 1 : 0)) : nanoseconds_);
  const std::int64_t by = arguments[0].IsObject() ? arguments[0].object()->AsInt().value_or(0) : arguments[0].AsSigned();
  return NewDuration(name == "Round" ? RoundDuration(nanoseconds_, by) : TruncateDuration(nanoseconds_, by));
}

bool DurationObject::Equals(const Object& other) const {
  const auto* duration = dynamic_cast<const DurationObject*>(&other);
  return duration != nullptr && duration->nanoseconds_ == nanoseconds_;
}

Value NewTime(GoTime time) { return Value::Of(MakeRef<TimeObject>(std::move(time))); }
Value NewDuration(std::int64_t nanoseconds) { return Value::Of(MakeRef<DurationObject>(nanoseconds)); }

GoTime TimeOf(const Value& value) {
  const auto* time = value.IsObject() ? dynamic_cast<const TimeObject*>(value.object()) : nullptr;
  return time != nullptr ? time->time() : GoTime();
}

}  // namespace sluice::helm
