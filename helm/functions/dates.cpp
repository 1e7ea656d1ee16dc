// Dates: sprig's date.go. Whatever is no time, int, int32 or int64 means now.
#include <fstream>
#include <iterator>

#include "helm/functions/registry.h"
#include "helm/functions/time_object.h"
#include "helm/template/number.h"

namespace sluice::helm {

namespace {

using base::Result;

/// What the functions of this family share.
class Dates {
 public:
  explicit Dates(const FunctionOptions& options) : options_(options), local_(Load(options.local_zone).value_or(Zone::Utc())) {}

  const std::shared_ptr<const Zone>& local() const { return local_; }

  GoTime Now() const {
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(options_.now().time_since_epoch()).count();
    GoTime time = AddDuration(AtUnix(0), since);
    time.monotonic = true;
    return time;
  }

  GoTime AtUnix(std::int64_t seconds) const {
    GoTime time;
    time.seconds = seconds;
    time.zone = local_;
    return time;
  }

  GoTime TimeFrom(const Value& value, bool int32_too) const {
    if (value.IsObject()) {
      if (const auto* time = dynamic_cast<const TimeObject*>(value.object())) return time->time();
    }
    const bool unix = value.type() == Type::Int || value.type() == Type::Int64 || (int32_too && value.type() == Type::Int32);
    return unix ? AtUnix(value.AsSigned()) : Now();
  }

  /// time.LoadLocation; UTC for what is not known.
  std::shared_ptr<const Zone> ZoneNamed(const std::string& name) const {
    if (name == "Local") return local_;
    return Load(name).value_or(Zone::Utc());
  }

  Value Format(const std::string& layout, const Value& date, const std::string& zone) const {
    GoTime time = TimeFrom(date, true);
    time.zone = ZoneNamed(zone);
    return Value::String(FormatTime(time, layout));
  }

 private:
  std::optional<std::shared_ptr<const Zone>> Load(const std::string& name) const {
    if (name.empty() || name == "UTC") return Zone::Utc();
    if (name.starts_with('/') || name.find("..") != std::string::npos || name.find('\\') != std::string::npos) return std::nullopt;
    const auto data = options_.zone(name);
    auto zone = data ? Zone::FromTzif(*data) : nullptr;
    if (!zone) return std::nullopt;
    return zone;
  }

  FunctionOptions options_;
  std::shared_ptr<const Zone> local_;
};

/// `durationRound`: the largest unit that fits more than once, rounded down.
std::string RoundedDuration(std::int64_t nanoseconds) {
  constexpr std::uint64_t kHour = 3'600'000'000'000;
  struct Row {
    std::uint64_t unit;
    std::string_view name;
  };
  constexpr Row kRows[] = {{kHour * 24 * 365, "y"}, {kHour * 24 * 30, "mo"}, {kHour * 24, "d"}, {kHour, "h"},
                           {kHour / 60, "m"},       {kHour / 3600, "s"}};
  const std::uint64_t size = nanoseconds < 0 ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
  for (const auto& [unit, name] : kRows) {
    if (size > unit) return std::to_string(size / unit).append(name);
  }
  return "0s";
}

Value DurationOfSeconds(const Value& value) {
  std::int64_t seconds = 0;
  if (value.IsString()) seconds = ParseClamped(value.AsString());
  if (value.type() == Type::Int64) seconds = value.AsSigned();
  return Value::String(FormatDuration(static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) * 1'000'000'000u)));
}

using Shared = std::shared_ptr<const Dates>;

void AddFormatting(FunctionMap& map, const Shared& dates) {
  constexpr const char* kHtml = "2006-01-02";
  Add(map, {"now"}, {}, [dates](Arguments) { return NewTime(dates->Now()); });
  Add(map, {"date"}, {kString, kAny}, [dates](Arguments a) { return dates->Format(a[0].AsString(), a[1], "Local"); });
  Add(map, {"dateInZone", "date_in_zone"}, {kString, kAny, kString},
      [dates](Arguments a) { return dates->Format(a[0].AsString(), a[1], a[2].AsString()); });
  Add(map, {"htmlDate"}, {kAny}, [dates](Arguments a) { return dates->Format(kHtml, a[0], "Local"); });
  Add(map, {"htmlDateInZone"}, {kAny, kString}, [dates](Arguments a) { return dates->Format(kHtml, a[0], a[1].AsString()); });
  Add(map, {"unixEpoch"}, {kTime}, [](Arguments a) { return Value::String(std::to_string(TimeOf(a[0]).seconds)); });
}

void AddReading(FunctionMap& map, const Shared& dates) {
  Add(map, {"toDate"}, {kString, kString},
      [dates](Arguments a) { return NewTime(ParseTime(a[0].AsString(), a[1].AsString(), dates->local()).value_or(GoTime())); });
  Add(map, {"mustToDate"}, {kString, kString}, [dates](Arguments a) -> Result<Value> {
    TRY(GoTime time, ParseTime(a[0].AsString(), a[1].AsString(), dates->local()));
    return NewTime(std::move(time));
  });
}

void AddChanging(FunctionMap& map) {
  Add(map, {"dateModify", "date_modify"}, {kString, kTime}, [](Arguments a) {
    const auto by = ParseGoDuration(a[0].AsString());
    return by ? NewTime(AddDuration(TimeOf(a[1]), *by)) : a[1];
  });
  Add(map, {"mustDateModify", "must_date_modify"}, {kString, kTime}, [](Arguments a) -> Result<Value> {
    TRY(const std::int64_t by, ParseGoDuration(a[0].AsString()));
    return NewTime(AddDuration(TimeOf(a[1]), by));
  });
}

void AddSpans(FunctionMap& map, const Shared& dates) {
  Add(map, {"ago"}, {kAny}, [dates](Arguments a) {
    const std::int64_t since = Since(dates->Now(), dates->TimeFrom(a[0], false));
    return Value::String(FormatDuration(RoundDuration(since, 1'000'000'000)));
  });
  Add(map, {"duration"}, {kAny}, [](Arguments a) { return DurationOfSeconds(a[0]); });
  Add(map, {"durationRound"}, {kAny}, [dates](Arguments a) {
    std::int64_t nanoseconds = 0;
    if (a[0].IsString()) nanoseconds = ParseGoDuration(a[0].AsString()).value_or(0);
    if (a[0].type() == Type::Int64) nanoseconds = a[0].AsSigned();
    if (a[0].IsObject() && a[0].object()->TypeName() == "time.Time") nanoseconds = Since(dates->Now(), TimeOf(a[0]));
    return Value::String(RoundedDuration(nanoseconds));
  });
}

}  // namespace

void AddDates(FunctionMap& map, const FunctionOptions& options) {
  const Shared dates = std::make_shared<const Dates>(options);
  AddFormatting(map, dates);
  AddReading(map, dates);
  AddChanging(map);
  AddSpans(map, dates);
}

std::optional<std::string> ReadSystemZone(std::string_view name) {
  if (name.empty() || name.starts_with('/') || name.find("..") != std::string_view::npos) return std::nullopt;
  std::ifstream file("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace sluice::helm
