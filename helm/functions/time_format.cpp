#include <charconv>

#include "helm/functions/go_time.h"

namespace sluice::helm {

namespace {

bool IsDigitAt(std::string_view text, std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; }
bool IsLowerAt(std::string_view text, std::size_t i) { return i < text.size() && text[i] >= 'a' && text[i] <= 'z'; }

/// ".000", ",999": as long as the zeros or nines go, unless another digit follows.
std::size_t FractionLength(std::string_view rest) {
  if (rest.size() < 2 || (rest[1] != '0' && rest[1] != '9')) return 0;
  std::size_t end = 2;
  while (end < rest.size() && rest[end] == rest[1]) ++end;
  return IsDigitAt(rest, end) ? 0 : end;
}

/// The first of `candidates` that `rest` starts with.
std::size_t FirstOf(std::string_view rest, std::initializer_list<std::string_view> candidates) {
  for (const std::string_view candidate : candidates) {
    if (rest.starts_with(candidate)) return candidate.size();
  }
  return 0;
}

/// A name, unless letters go on behind its short form.
std::size_t NameLength(std::string_view rest, std::string_view full) {
  if (rest.starts_with(full)) return full.size();
  return rest.starts_with(full.substr(0, 3)) && !IsLowerAt(rest, 3) ? 3 : 0;
}

/// How long the element is that `rest` starts with, 0 if with none.
std::size_t ElementLength(std::string_view rest) {
  switch (rest[0]) {
    case 'J': return NameLength(rest, "January");
    case 'M': return rest.starts_with("MST") ? 3 : NameLength(rest, "Monday");
    case '0': return FirstOf(rest, {"01", "02", "03", "04", "05", "06", "002"});
    case '1': return FirstOf(rest, {"15", "1"});
    case '2': return FirstOf(rest, {"2006", "2"});
    case '_': return rest.starts_with("_2006") ? 0 : FirstOf(rest, {"_2", "__2"});
    case '3':
    case '4':
    case '5': return 1;
    case 'P': return FirstOf(rest, {"PM"});
    case 'p': return FirstOf(rest, {"pm"});
    case '-': return FirstOf(rest, {"-070000", "-07:00:00", "-0700", "-07:00", "-07"});
    case 'Z': return FirstOf(rest, {"Z070000", "Z07:00:00", "Z0700", "Z07:00", "Z07"});
    case '.':
    case ',': return FractionLength(rest);
    default: return 0;
  }
}

void AppendNumber(std::string& out, std::int64_t value, std::size_t width, char pad = '0') {
  const bool negative = value < 0;
  const std::string digits = std::to_string(negative ? -value : value);
  if (negative) out += '-';
  if (digits.size() < width) out.append(width - digits.size(), pad);
  out += digits;
}

/// The fraction of a second: all its digits, or without trailing zeros (and without the point if none is left).
void AppendFraction(std::string& out, std::int32_t nanoseconds, std::string_view element) {
  std::string digits = std::to_string(nanoseconds);
  digits.insert(0, 9 - std::min<std::size_t>(9, digits.size()), '0');
  digits.resize(std::min<std::size_t>(9, element.size() - 1));
  if (element[1] == '9') {
    while (digits.ends_with('0')) digits.pop_back();
    if (digits.empty()) return;
  } else {
    digits.append(element.size() - 1 - digits.size(), '0');
  }
  out += element[0];
  out += digits;
}

/// -0700, Z07:00 and the like.
void AppendOffset(std::string& out, std::int64_t offset, std::string_view element) {
  if (element[0] == 'Z' && offset == 0) {
    out += 'Z';
    return;
  }
  const std::int64_t size = offset < 0 ? -offset : offset;
  const bool colons = element.find(':') != std::string_view::npos;
  out += offset < 0 ? '-' : '+';
  AppendNumber(out, size / 3600, 2);
  if (element.size() > 3) {
    if (colons) out += ':';
    AppendNumber(out, size / 60 % 60, 2);
  }
  if (element.size() == 7 || element.size() == 9) {
    if (colons) out += ':';
    AppendNumber(out, size % 60, 2);
  }
}

void AppendZoneName(std::string& out, const ZoneTime& zone) {
  if (!zone.name.empty()) {
    out += zone.name;
    return;
  }
  const std::int64_t minutes = zone.offset / 60, size = minutes < 0 ? -minutes : minutes;
  out += minutes < 0 ? '-' : '+';
  AppendNumber(out, size / 60, 2);
  AppendNumber(out, size % 60, 2);
}

void AppendElement(std::string& out, const GoTime& time, const ClockTime& clock, std::string_view element) {
  const std::string_view month = kMonths[clock.day.month - 1], weekday = kWeekdays[clock.weekday];
  const int hour12 = clock.hour % 12 == 0 ? 12 : clock.hour % 12;
  switch (element[0]) {
    case 'J': out += element.size() == 3 ? month.substr(0, 3) : month; return;
    case 'M':
      if (element == "MST") return AppendZoneName(out, clock.zone);
      out += element.size() == 3 ? weekday.substr(0, 3) : weekday;
      return;
    case 'P': out += clock.hour >= 12 ? "PM" : "AM"; return;
    case 'p': out += clock.hour >= 12 ? "pm" : "am"; return;
    case '-':
    case 'Z': return AppendOffset(out, clock.zone.offset, element);
    case '.':
    case ',': return AppendFraction(out, time.nanoseconds, element);
    case '1': return AppendNumber(out, element == "15" ? clock.hour : clock.day.month, element.size());
    case '2': return element == "2006" ? AppendNumber(out, clock.day.year, 4) : AppendNumber(out, clock.day.day, 1);
    case '_': return element == "_2" ? AppendNumber(out, clock.day.day, 2, ' ') : AppendNumber(out, clock.day_of_year, 3, ' ');
    case '3': return AppendNumber(out, hour12, 1);
    case '4': return AppendNumber(out, clock.minute, 1);
    case '5': return AppendNumber(out, clock.second, 1);
    default: break;
  }
  switch (element[1]) {
    case '0': return AppendNumber(out, clock.day_of_year, 3);
    case '1': return AppendNumber(out, clock.day.month, 2);
    case '2': return AppendNumber(out, clock.day.day, 2);
    case '3': return AppendNumber(out, hour12, 2);
    case '4': return AppendNumber(out, clock.minute, 2);
    case '5': return AppendNumber(out, clock.second, 2);
    default: return AppendNumber(out, (clock.day.year % 100 + 100) % 100, 2);
  }
}

}  // namespace

ClockTime ClockOf(const GoTime& time) {
  ClockTime clock;
  clock.zone = time.zone->At(time.seconds);
  const std::int64_t local = WrappingAdd(time.seconds, clock.zone.offset), days = FloorDivide(local, kSecondsPerDay);
  const auto second = static_cast<int>(local - days * kSecondsPerDay);
  clock.day = CivilFromDays(days);
  clock.weekday = WeekdayOf(days);
  clock.day_of_year = static_cast<int>(days - DaysFromCivil(clock.day.year, 1, 1)) + 1;
  clock.hour = second / 3600;
  clock.minute = second / 60 % 60;
  clock.second = second % 60;
  return clock;
}

LayoutPiece NextPiece(std::string_view& layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const std::size_t length = ElementLength(layout.substr(i));
    if (length == 0) continue;
    const LayoutPiece piece{layout.substr(0, i), layout.substr(i, length)};
    layout.remove_prefix(i + length);
    return piece;
  }
  const LayoutPiece piece{layout, {}};
  layout = {};
  return piece;
}

std::string FormatTime(const GoTime& time, std::string_view layout) {
  const ClockTime clock = ClockOf(time);
  std::string out;
  while (!layout.empty()) {
    const LayoutPiece piece = NextPiece(layout);
    out += piece.text;
    if (!piece.element.empty()) AppendElement(out, time, clock, piece.element);
  }
  return out;
}

GoTime AddDuration(GoTime time, std::int64_t nanoseconds) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  const std::int64_t whole = FloorDivide(nanoseconds, kBillion);
  time.seconds = WrappingAdd(time.seconds, whole);
  time.nanoseconds += static_cast<std::int32_t>(nanoseconds - whole * kBillion);
  if (time.nanoseconds >= kBillion) {
    time.nanoseconds -= static_cast<std::int32_t>(kBillion);
    time.seconds = WrappingAdd(time.seconds, 1);
  }
  return time;
}

}  // namespace sluice::helm
