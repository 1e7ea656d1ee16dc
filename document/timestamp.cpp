// Times in go-yaml's four layouts. They are Go's time.Parse layouts, whose fields are laxer than RFC 3339: month, day, minute and second
// may have one digit or two, a fraction may follow the seconds.
#include <cctype>
#include <cstdio>

#include "document/scalar.h"

namespace sluice::document {

namespace {

struct DateTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::string fraction;  // digits, up to nine, without trailing zeros
  std::string zone = "Z";
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// A number of `min` to `max` digits.
  bool Number(std::size_t min, std::size_t max, int& out) {
    std::size_t n = 0;
    out = 0;
    while (n < max && n < rest_.size() && IsDigitAt(n)) out = out * 10 + (rest_[n++] - '0');
    if (n < min) return false;
    rest_.remove_prefix(n);
    return true;
  }
  /// Go takes `.` or `,` before a fraction. At most nine digits count.
  bool Fraction(std::string& out) {
    if (rest_.empty() || (rest_[0] != '.' && rest_[0] != ',') || rest_.size() < 2 || !IsDigitAt(1)) return true;
    std::size_t n = 1;
    while (n < rest_.size() && IsDigitAt(n)) ++n;
    out.assign(rest_.substr(1, std::min<std::size_t>(n - 1, 9)));
    rest_.remove_prefix(n);
    while (out.ends_with('0')) out.pop_back();
    return true;
  }

 private:
  bool IsDigitAt(std::size_t i) const { return rest_[i] >= '0' && rest_[i] <= '9'; }
  std::string_view rest_;
};

int DaysIn(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool ReadDate(Reader& in, DateTime& t) {
  if (!in.Number(4, 4, t.year) || !in.Take('-') || !in.Number(1, 2, t.month) || !in.Take('-') || !in.Number(1, 2, t.day)) return false;
  return t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= DaysIn(t.year, t.month);
}

bool ReadTime(Reader& in, DateTime& t) {
  if (!in.Number(1, 2, t.hour) || !in.Take(':') || !in.Number(1, 2, t.minute) || !in.Take(':') || !in.Number(1, 2, t.second)) return false;
  return t.hour < 24 && t.minute < 60 && t.second < 60 && in.Fraction(t.fraction);
}

/// `Z` or ±hh:mm; +00:00 is UTC and prints as Z.
bool ReadZone(Reader& in, DateTime& t) {
  if (in.Take('Z')) return true;
  const bool minus = in.Take('-');
  int hours = 0, minutes = 0;
  if ((!minus && !in.Take('+')) || !in.Number(2, 2, hours) || !in.Take(':') || !in.Number(2, 2, minutes)) return false;
  if (hours > 24 || minutes > 60) return false;
  if (hours == 0 && minutes == 0) return true;
  char text[16];
  const int total = hours * 60 + minutes;
  std::snprintf(text, sizeof(text), "%c%02d:%02d", minus ? '-' : '+', total / 60, total % 60);
  t.zone = text;
  return true;
}

bool Read(std::string_view text, DateTime& t) {
  Reader in(text);
  if (!ReadDate(in, t)) return false;
  if (in.AtEnd()) return true;
  if (in.Take(' ')) return ReadTime(in, t) && in.AtEnd();
  return (in.Take('T') || in.Take('t')) && ReadTime(in, t) && ReadZone(in, t) && in.AtEnd();
}

}  // namespace

std::optional<std::string> CanonicalTimestamp(std::string_view text) {
  if (text.size() < 8 || text[4] != '-') return std::nullopt;
  DateTime t;
  if (!Read(text, t)) return std::nullopt;
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%04d-%02d-%02dT%02d:%02d:%02d", t.year, t.month, t.day, t.hour, t.minute, t.second);
  std::string out = buffer;
  if (!t.fraction.empty()) out.append(".").append(t.fraction);
  return out + t.zone;
}

}  // namespace sluice::document
