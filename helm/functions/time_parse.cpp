#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "helm/functions/go_time.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Invalid;
using base::Result;

bool IsDigit(std::string_view text, std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; }
bool IsPointOrComma(std::string_view text) { return text.starts_with('.') || text.starts_with(','); }

bool SameLetters(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

/// time.ParseError's own quoting: what is not ASCII, and controls below the blank, by their bytes.
std::string Quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < 0x20) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

/// Time by time, what a text says. -1: not said.
class TimeReader {
 public:
  TimeReader(std::string_view layout, std::string_view text) : layout_(layout), text_(text), rest_(text) {}

  Result<GoTime> Read(const std::shared_ptr<const Zone>& local) {
    for (std::string_view layout = layout_;;) {
      const LayoutPiece piece = NextPiece(layout);
      if (!SkipText(piece.text)) return Mismatch(rest_, unmatched_);
      if (piece.element.empty()) break;
      const std::string_view hold = rest_;
      if (!ReadElement(piece.element, layout)) return Mismatch(hold, piece.element);
      if (!range_.empty()) return Problem(std::string(range_) + " out of range");
    }
    if (!rest_.empty()) return Problem("extra text: " + Quoted(rest_));
    return Finish(local);
  }

 private:
  Error Problem(const std::string& what) const { return Invalid("parsing time " + Quoted(text_) + ": " + what); }
  Error Mismatch(std::string_view value, std::string_view element) const {
    return Invalid("parsing time " + Quoted(text_) + " as " + Quoted(layout_) + ": cannot parse " + Quoted(value) + " as " +
                   Quoted(element));
  }

  /// Blanks of the layout stand for any number of blanks.
  bool SkipText(std::string_view text) {
    while (!text.empty()) {
      unmatched_ = text;
      if (text[0] == ' ') {
        if (!rest_.empty() && rest_[0] != ' ') return false;
        while (text.starts_with(' ')) text.remove_prefix(1);
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
        continue;
      }
      if (!rest_.starts_with(text[0])) return false;
      text.remove_prefix(1);
      rest_.remove_prefix(1);
    }
    return true;
  }

  /// One or two digits; two if `fixed`.
  bool Number(bool fixed, int& out) {
    if (!IsDigit(rest_, 0) || (fixed && !IsDigit(rest_, 1))) return false;
    const std::size_t size = IsDigit(rest_, 1) ? 2 : 1;
    out = rest_[0] - '0';
    if (size == 2) out = out * 10 + (rest_[1] - '0');
    rest_.remove_prefix(size);
    return true;
  }

  void CheckRange(bool in_range, std::string_view what) {
    if (!in_range && range_.empty()) range_ = what;
  }

  bool Name(std::span<const std::string_view> names, bool full, int& out) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string_view name = full ? names[i] : names[i].substr(0, 3);
      if (!SameLetters(rest_.substr(0, name.size()), name)) continue;
      out = static_cast<int>(i);
      rest_.remove_prefix(name.size());
      return true;
    }
    return false;
  }

  bool Digits(std::size_t count, int& out) {
    if (rest_.size() < count) return false;
    const char* end = rest_.data() + count;
    const auto read = std::from_chars(rest_.data(), end, out);
    if (read.ec != std::errc() || read.ptr != end || !IsDigit(rest_, 0)) return false;
    rest_.remove_prefix(count);
    return true;
  }

  bool ReadElement(std::string_view element, std::string_view layout) {
    const bool padded = element[0] == '0';
    switch (padded && element.size() == 2 ? element[1] : element[0]) {
      case 'J': return ReadMonthName(element);
      case 'M': return element == "MST" ? ReadZoneName() : ReadWeekday(element);
      case 'P':
      case 'p': return ReadHalf(element);
      case '-':
      case 'Z': return ReadOffset(element);
      case '.':
      case ',': return ReadFraction(element);
      case '0': return ReadDayOfYear(true);
      case '_': return element == "_2" ? ReadDay(false) : ReadDayOfYear(false);
      case '1': return element == "15" ? ReadHour(false, 24) : ReadMonth(padded);
      case '2': return element == "2006" ? ReadYear() : ReadDay(padded);
      case '3': return ReadHour(padded, 13);
      case '4': return ReadMinute(padded);
      case '5': return ReadSecond(padded, layout);
      default: return ReadShortYear();
    }
  }

  bool ReadMonthName(std::string_view element) {
    int index = 0;
    if (!Name(kMonths, element.size() > 3, index)) return false;
    month_ = index + 1;
    return true;
  }
  bool ReadWeekday(std::string_view element) {
    int index = 0;
    return Name(kWeekdays, element.size() > 3, index);
  }
  bool ReadHalf(std::string_view element) {
    const std::string_view half = rest_.substr(0, 2);
    const bool upper = element[0] == 'P';
    if (half != (upper ? "PM" : "pm") && half != (upper ? "AM" : "am")) return false;
    half_ = half[0] == 'P' || half[0] == 'p' ? 12 : 0;
    rest_.remove_prefix(2);
    return true;
  }
  bool ReadYear() { return IsDigit(rest_, 0) && Digits(4, year_); }
  bool ReadShortYear() {
    if (!Digits(2, year_)) return false;
    year_ += year_ >= 69 ? 1900 : 2000;
    return true;
  }
  bool ReadMonth(bool padded) {
    if (!Number(padded, month_)) return false;
    CheckRange(month_ >= 1 && month_ <= 12, "month");
    return true;
  }
  bool ReadDay(bool padded) {
    if (rest_.starts_with(' ') && !padded) rest_.remove_prefix(1);
    return Number(padded, day_);
  }
  bool ReadDayOfYear(bool padded) {
    std::size_t blanks = 0;
    while (!padded && blanks < 2 && rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
      ++blanks;
    }
    return Digits(3 - blanks, day_of_year_);
  }
  bool ReadHour(bool padded, int limit) {
    if (!Number(padded, hour_)) return false;
    CheckRange(hour_ < limit, "hour");
    return true;
  }
  bool ReadMinute(bool padded) {
    if (!Number(padded, minute_)) return false;
    CheckRange(minute_ < 60, "minute");
    return true;
  }

  /// A fraction may follow though the layout has none.
  bool ReadSecond(bool padded, std::string_view layout) {
    if (!Number(padded, second_)) return false;
    CheckRange(second_ < 60, "second");
    if (!IsPointOrComma(rest_) || !IsDigit(rest_, 1)) return true;
    const LayoutPiece next = NextPiece(layout);
    if (IsPointOrComma(next.element)) return true;
    TakeFraction(CountDigits());
    return true;
  }

  std::size_t CountDigits() const {
    std::size_t count = 0;
    while (IsDigit(rest_, count + 1)) ++count;
    return count;
  }

  void TakeFraction(std::size_t digits) {
    std::string text(rest_.substr(1, std::min<std::size_t>(digits, 9)));
    text.append(9 - text.size(), '0');
    std::from_chars(text.data(), text.data() + text.size(), nanoseconds_);
    rest_.remove_prefix(digits + 1);
  }

  bool ReadFraction(std::string_view element) {
    if (element[1] == '9') {
      if (IsPointOrComma(rest_) && IsDigit(rest_, 1)) TakeFraction(CountDigits());
      return true;
    }
    const std::size_t digits = element.size() - 1;
    if (rest_.size() < element.size() || !IsPointOrComma(rest_)) return false;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!IsDigit(rest_, i + 1)) return false;
    }
    TakeFraction(digits);
    return true;
  }

  bool ReadOffset(std::string_view element) {
    if (element[0] == 'Z' && rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      utc_ = true;
      return true;
    }
    const bool colons = element.find(':') != std::string_view::npos;
    const std::size_t parts = element.size() == 3 ? 1 : element.size() <= 6 ? 2 : 3;
    if (!rest_.starts_with('+') && !rest_.starts_with('-')) return false;
    const std::int64_t sign = rest_[0] == '-' ? -1 : 1;
    rest_.remove_prefix(1);
    std::int64_t offset = 0;
    constexpr std::int64_t kUnits[] = {3600, 60, 1};
    constexpr std::string_view kRanges[] = {"time zone offset hour", "time zone offset minute", "time zone offset second"};
    for (std::size_t i = 0; i < parts; ++i) {
      if (i > 0 && colons) {
        if (!rest_.starts_with(':')) return false;
        rest_.remove_prefix(1);
      }
      int part = 0;
      if (!Number(true, part)) return false;
      CheckRange(part <= (i == 0 ? 24 : 60), kRanges[i]);
      offset += part * kUnits[i];
    }
    offset_ = sign * offset;
    return true;
  }

  bool ReadZoneName() {
    if (rest_.starts_with("UTC")) {
      rest_.remove_prefix(3);
      utc_ = true;
      return true;
    }
    const std::size_t size = ZoneNameLength();
    if (size == 0) return false;
    zone_name_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  /// GMT with an offset in hours, ChST, MeST, WITA, a sign with an hour, or three to five capitals.
  std::size_t ZoneNameLength() const {
    if (rest_.size() < 3) return 0;
    if (rest_.starts_with("ChST") || rest_.starts_with("MeST")) return 4;
    if (rest_.starts_with("GMT")) return 3 + SignedHour(rest_.substr(3));
    if (rest_[0] == '+' || rest_[0] == '-') return SignedHour(rest_);
    std::size_t capitals = 0;
    while (capitals < 6 && capitals < rest_.size() && rest_[capitals] >= 'A' && rest_[capitals] <= 'Z') ++capitals;
    switch (capitals) {
      case 3: return 3;
      case 4: return rest_[3] == 'T' || rest_.starts_with("WITA") ? 4 : 0;
      case 5: return rest_[4] == 'T' ? 5 : 0;
      default: return 0;
    }
  }

  static std::size_t SignedHour(std::string_view text) {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
    std::size_t size = 1;
    while (size < 4 && IsDigit(text, size)) ++size;
    int hour = 0;
    std::from_chars(text.data() + 1, text.data() + size, hour);
    return size == 1 || hour > 23 ? 0 : size;
  }

  Result<GoTime> Finish(const std::shared_ptr<const Zone>& local) {
    if (half_ == 12 && hour_ < 12) hour_ += 12;
    if (half_ == 0 && hour_ == 12) hour_ = 0;
    if (day_of_year_ >= 0) {
      if (day_of_year_ < 1 || day_of_year_ > (IsLeapYear(year_) ? 366 : 365)) return Problem("day-of-year out of range");
      const CivilDay day = CivilFromDays(DaysFromCivil(year_, 1, 1) + day_of_year_ - 1);
      if (month_ >= 0 && month_ != day.month) return Problem("day-of-year does not match month");
      if (day_ >= 0 && day_ != day.day) return Problem("day-of-year does not match day");
      month_ = day.month;
      day_ = day.day;
    }
    if (month_ < 0) month_ = 1;
    if (day_ < 0) day_ = 1;
    if (day_ < 1 || day_ > DaysInMonth(year_, month_)) return Problem("day out of range");
    GoTime time;
    time.nanoseconds = nanoseconds_;
    time.seconds = DaysFromCivil(year_, month_, day_) * kSecondsPerDay + hour_ * 3600 + minute_ * 60 + second_;
    return InZone(std::move(time), local);
  }

  /// `time` holds what the clock shows; this finds the moment.
  GoTime InZone(GoTime time, const std::shared_ptr<const Zone>& local) const {
    if (utc_) return time;
    if (offset_) {
      time.seconds -= *offset_;
      const ZoneTime here = local->At(time.seconds);
      const bool same = here.offset == *offset_ && (zone_name_.empty() || here.name == zone_name_);
      time.zone = same ? local : Zone::Fixed(zone_name_, *offset_);
      return time;
    }
    if (!zone_name_.empty()) {
      if (const auto offset = local->OffsetNamed(zone_name_, time.seconds)) {
        time.seconds -= *offset;
        time.zone = local;
        return time;
      }
      std::int64_t hours = 0;
      const char* from = zone_name_.data() + 3;
      if (zone_name_.size() > 3 && zone_name_.starts_with("GMT"))
        std::from_chars(from + (*from == '+' ? 1 : 0), zone_name_.data() + zone_name_.size(), hours);
      time.zone = Zone::Fixed(zone_name_, hours * 3600);
      return time;
    }
    // Go looks the offset up as if the clock were UTC's, and once more with what it found.
    const std::int64_t shown = time.seconds;
    const std::int64_t first = local->At(shown).offset;
    time.seconds = shown - first;
    if (const std::int64_t second = local->At(time.seconds).offset; second != first) time.seconds = shown - second;
    time.zone = local;
    return time;
  }

  std::string_view layout_, text_, rest_, unmatched_;
  std::string_view range_;
  int year_ = 0, month_ = -1, day_ = -1, day_of_year_ = -1, hour_ = 0, minute_ = 0, second_ = 0, half_ = -1;
  std::int32_t nanoseconds_ = 0;
  bool utc_ = false;
  std::optional<std::int64_t> offset_;
  std::string zone_name_;
};

}  // namespace

Result<GoTime> ParseTime(std::string_view layout, std::string_view text, const std::shared_ptr<const Zone>& local) {
  return TimeReader(layout, text).Read(local);
}

}  // namespace sluice::helm
