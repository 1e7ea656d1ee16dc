// POSIX TZ texts: std offset [dst [offset] , start [/time] , end [/time]], with M month.week.day, J n and n as dates.
#include <algorithm>

#include "helm/functions/civil.h"
#include "helm/functions/zone.h"

namespace sluice::helm {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Three letters or more, or <...>.
  std::optional<std::string> Name() {
    if (Take('<')) {
      const std::size_t end = rest_.find('>');
      if (end == std::string_view::npos) return std::nullopt;
      std::string name(rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
      return name;
    }
    const std::size_t end = std::min(rest_.find_first_of("0123456789,-+"), rest_.size());
    if (end < 3) return std::nullopt;
    std::string name(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return name;
  }

  std::optional<std::int64_t> Number(std::int64_t min, std::int64_t max) {
    std::int64_t value = 0;
    std::size_t size = 0;
    while (size < rest_.size() && size < 6 && rest_[size] >= '0' && rest_[size] <= '9') value = value * 10 + (rest_[size++] - '0');
    if (size == 0 || value < min || value > max) return std::nullopt;
    rest_.remove_prefix(size);
    return value;
  }

  /// [+-]hh[:mm[:ss]] in seconds.
  std::optional<std::int64_t> Time() {
    const bool minus = Take('-');
    if (!minus) Take('+');
    std::int64_t seconds = 0;
    for (const std::int64_t unit : {3600, 60, 1}) {
      const auto part = Number(0, unit == 3600 ? 24 * 7 : 59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
      if (!Take(':')) break;
    }
    return minus ? -seconds : seconds;
  }

 private:
  std::string_view rest_;
};

/// A day of every year, and the second of it in local time.
struct Change {
  enum Kind { NoLeapDay, DayOfYear, WeekDay } kind = DayOfYear;
  std::int64_t day = 0, week = 0, month = 0, time = 7200;

  /// Seconds since the year began.
  std::int64_t In(std::int64_t year) const {
    const bool leap = IsLeapYear(year);
    if (kind == NoLeapDay) return (day - 1 + (leap && day >= 60 ? 1 : 0)) * kSecondsPerDay + time;
    if (kind == DayOfYear) return day * kSecondsPerDay + time;
    const std::int64_t first = DaysFromCivil(year, static_cast<int>(month), 1);
    std::int64_t at = first + ((day - WeekdayOf(first)) % 7 + 7) % 7 + (week - 1) * 7;
    if (at >= first + DaysInMonth(year, static_cast<int>(month))) at -= 7;
    return (at - DaysFromCivil(year, 1, 1)) * kSecondsPerDay + time;
  }
};

std::optional<Change> ReadChange(Reader& in) {
  Change change;
  std::optional<std::int64_t> day;
  if (in.Take('M')) {
    change.kind = Change::WeekDay;
    const auto month = in.Number(1, 12);
    if (!month || !in.Take('.')) return std::nullopt;
    const auto week = in.Number(1, 5);
    if (!week || !in.Take('.')) return std::nullopt;
    change.month = *month;
    change.week = *week;
    day = in.Number(0, 6);
  } else if (in.Take('J')) {
    change.kind = Change::NoLeapDay;
    day = in.Number(1, 365);
  } else {
    day = in.Number(0, 365);
  }
  if (!day) return std::nullopt;
  change.day = *day;
  if (in.Take('/')) {
    const auto time = in.Time();
    if (!time) return std::nullopt;
    change.time = *time;
  }
  return change;
}

}  // namespace

std::optional<ZoneTime> ZoneTimeByRule(std::string_view rule, std::int64_t unix_seconds) {
  Reader in(rule);
  const auto name = in.Name();
  const auto offset = name ? in.Time() : std::nullopt;
  if (!offset) return std::nullopt;
  const ZoneTime standard{-*offset, *name};
  if (in.AtEnd()) return standard;
  const auto summer_name = in.Name();
  if (!summer_name) return std::nullopt;
  ZoneTime summer{standard.offset + 3600, *summer_name};
  if (!in.Take(',')) {
    const auto summer_offset = in.Time();
    if (!summer_offset || !in.Take(',')) return std::nullopt;
    summer.offset = -*summer_offset;
  }
  const auto start = ReadChange(in);
  if (!start || !in.Take(',')) return std::nullopt;
  const auto end = ReadChange(in);
  if (!end) return std::nullopt;
  const std::int64_t year = CivilFromDays(FloorDivide(unix_seconds, kSecondsPerDay)).year;
  const std::int64_t second = unix_seconds - DaysFromCivil(year, 1, 1) * kSecondsPerDay;
  const std::int64_t from = start->In(year) - standard.offset, to = end->In(year) - summer.offset;
  const bool in_summer = from < to ? second >= from && second < to : second >= from || second < to;
  return in_summer ? summer : standard;
}

}  // namespace sluice::helm
