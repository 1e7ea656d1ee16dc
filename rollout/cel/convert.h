// rollout/cel/convert.h: CEL's conversions between types (`int(x)`, `string(x)` ...) and the texts of numbers, times and durations: cel-go's
// rules, which are those of Go's strconv and time. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rollout/cel/val.h"

namespace sluice::rollout::cel {

/// `value` as the type that `to` names (a conversion function: "int", "string", "timestamp" ...). An Error says why it cannot be.
Val Convert(const Val& value, std::string_view to);

std::string FormatShortest(double value);        ///< Go's %g: "1e+06", "0.5", "NaN", "+Inf"
std::string FormatFixedShortest(double value);   ///< Go's strconv 'f' with the fewest digits: "1000000", "0.5"
std::string TimestampText(const Instant& time);  ///< RFC 3339 with the offset it was written with
std::string DurationText(std::int64_t nanos);    ///< seconds: "5400s", "1.5s"

/// Whether `seconds` is within the years 1 to 9999.
bool InTimeRange(std::int64_t seconds);

/// A time as a calendar shows it, `offset` seconds east of UTC.
struct Calendar {
  std::int64_t year = 0;
  int month = 0, day = 0;  ///< from 1
  int hour = 0, minute = 0, second = 0, milli = 0;
  int weekday = 0;      ///< Sunday is 0
  int day_of_year = 0;  ///< from 0
};
Calendar CalendarAt(const Instant& time, std::int64_t offset);

}  // namespace sluice::rollout::cel
