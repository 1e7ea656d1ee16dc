// helm/functions/go_time.h: Go's time.Time, its layouts and time.Duration's text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/functions/civil.h"
#include "helm/functions/zone.h"

namespace sluice::helm {

struct GoTime {
  std::int64_t seconds = -62135596800;  ///< since 1970 in UTC; by default Go's zero time, year 1
  std::int32_t nanoseconds = 0;         ///< 0 to 999999999
  std::shared_ptr<const Zone> zone = Zone::Utc();
  bool monotonic = false;  ///< from time.Now(): String() shows it
};

/// A time as its zone's calendar and clock show it.
struct ClockTime {
  CivilDay day;
  int weekday = 0, day_of_year = 1, hour = 0, minute = 0, second = 0;
  ZoneTime zone;
};
ClockTime ClockOf(const GoTime& time);

/// time.Format: `layout` shows how Mon Jan 2 15:04:05 MST 2006 would be written.
std::string FormatTime(const GoTime& time, std::string_view layout);
/// time.ParseInLocation. Errors: `parsing time "x" as "2006": cannot parse "x" as "2006"`.
base::Result<GoTime> ParseTime(std::string_view layout, std::string_view text, const std::shared_ptr<const Zone>& local);

/// `time` later by so many nanoseconds.
GoTime AddDuration(GoTime time, std::int64_t nanoseconds);
/// later - earlier in nanoseconds, at most what an int64 holds.
std::int64_t Since(const GoTime& later, const GoTime& earlier);

/// time.ParseDuration, in nanoseconds. Errors: `time: invalid duration "x"`, `time: missing unit in duration "1"`.
base::Result<std::int64_t> ParseGoDuration(std::string_view text);
/// time.Duration's String(): "1h15m30.918s".
std::string FormatDuration(std::int64_t nanoseconds);
/// time.Duration's Round and Truncate.
std::int64_t RoundDuration(std::int64_t nanoseconds, std::int64_t multiple);
std::int64_t TruncateDuration(std::int64_t nanoseconds, std::int64_t multiple);

/// A piece of a layout: text that stands for itself, then an element ("2006", ".000"), "" at the end.
struct LayoutPiece {
  std::string_view text, element;
};
/// Takes the next piece off `layout`.
LayoutPiece NextPiece(std::string_view& layout);

inline constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                               "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::string_view kWeekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

}  // namespace sluice::helm
