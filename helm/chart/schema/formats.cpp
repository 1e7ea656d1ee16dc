#include "helm/chart/schema/formats.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <array>
#include <charconv>
#include <vector>

#include "helm/functions/regex_problem.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using Objection = std::optional<std::string>;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string Quoted(char c) { return GoQuoteRune(static_cast<unsigned char>(c)); }

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Objection Ipv4(std::string_view text) {
  const auto groups = Split(text, '.');
  if (groups.size() != 4) return "expected four decimals";
  for (const std::string_view group : groups) {
    if (group.size() > 1 && group[0] == '0') return "leading zeros";
    const auto number = Number(group);
    if (!number) return "strconv.Atoi: parsing " + GoQuote(std::string(group)) + ": invalid syntax";
    if (*number < 0 || *number > 255) return "decimal must be between 0 and 255";
  }
  return std::nullopt;
}

Objection Ipv6(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return "missing colon";
  if (text.find('%') != std::string_view::npos) return "zone id is not a part of ipv6 address";
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1)
    return "ParseAddr(" + GoQuote(std::string(text)) + "): unable to parse IP";
  return std::nullopt;
}

Objection HostnameLabel(std::string_view label) {
  if (label.empty() || label.size() > 63) return "label must be 1 to 63 characters long";
  if (label.front() == '-') return "label starts with hyphen";
  if (label.back() == '-') return "label ends with hyphen";
  for (const char c : label)
    if (!IsLetter(c) && !IsDigit(c) && c != '-') return "invalid character " + Quoted(c);
  return std::nullopt;
}

Objection Hostname(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > 253) return "more than 253 characters long";
  for (const std::string_view label : Split(text, '.'))
    if (auto objection = HostnameLabel(label)) return objection;
  return std::nullopt;
}

Objection EmailLocal(std::string_view local) {
  if (local.size() > 64) return "local part more than 64 characters long";
  if (local.size() > 1 && local.front() == '"') {
    local = local.substr(1, local.size() - 2);
    if (local.find_first_of("\\\"") != std::string_view::npos) return "backslash and quote are not allowed within quoted local part";
    return std::nullopt;
  }
  if (local.starts_with('.')) return "starts with dot";
  if (local.ends_with('.')) return "ends with dot";
  if (local.find("..") != std::string_view::npos) return "consecutive dots";
  for (const char c : local)
    if (!IsLetter(c) && !IsDigit(c) && std::string_view(".!#$%&'*+-/=?^_`{|}~").find(c) == std::string_view::npos)
      return "invalid character " + Quoted(c);
  return std::nullopt;
}

Objection Email(std::string_view text) {
  if (text.size() > 254) return "more than 255 characters long";
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return "missing @";
  if (auto objection = EmailLocal(text.substr(0, at))) return objection;
  std::string_view domain = text.substr(at + 1);
  if (domain.starts_with('[') && domain.ends_with(']')) {
    domain = domain.substr(1, domain.size() - 2);
    if (domain.starts_with("IPv6:")) {
      auto objection = Ipv6(domain.substr(5));
      return objection ? "invalid ipv6 address: " + *objection : objection;
    }
    auto objection = Ipv4(domain);
    return objection ? "invalid ipv4 address: " + *objection : objection;
  }
  auto objection = Hostname(domain);
  return objection ? "invalid domain: " + *objection : objection;
}

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

Objection Date(std::string_view text) {
  const auto unlike = [&](std::string_view rest, std::string_view layout) {
    return "parsing time " + GoQuote(std::string(text)) + " as \"2006-01-02\": cannot parse " + GoQuote(std::string(rest)) + " as \"" +
           std::string(layout) + "\"";
  };
  struct Part {
    std::size_t at, size;
    std::string_view layout;
  };
  constexpr std::array<Part, 5> kParts = {{{0, 4, "2006"}, {4, 1, "-"}, {5, 2, "01"}, {7, 1, "-"}, {8, 2, "02"}}};
  for (const Part& part : kParts) {
    const std::string_view rest = text.substr(std::min(part.at, text.size()));
    if (rest.size() < part.size) return unlike(rest, part.layout);
    for (const char c : rest.substr(0, part.size))
      if (part.layout == "-" ? c != '-' : !IsDigit(c)) return unlike(rest, part.layout);
  }
  const std::string whole = "parsing time " + GoQuote(std::string(text));
  if (text.size() > 10) return whole + ": extra text: " + GoQuote(std::string(text.substr(10)));
  const int year = *Number(text.substr(0, 4)), month = *Number(text.substr(5, 2)), day = *Number(text.substr(8, 2));
  constexpr std::array<int, 13> kDays = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return whole + ": month out of range";
  const int days = kDays[static_cast<std::size_t>(month)] + (month == 2 && IsLeap(year) ? 1 : 0);
  if (day < 1 || day > days) return whole + ": day out of range";
  return std::nullopt;
}

Objection TimeOffset(std::string_view text, int& minutes) {
  if (text.size() != 6) return "offset must be 6 characters long";
  if (text[0] != '+' && text[0] != '-') return "offset must begin with plus/minus";
  if (text[3] != ':') return "missing colon in offset in correct place";
  const auto hour = Number(text.substr(1, 2)), minute = Number(text.substr(4, 2));
  if (!hour || !minute) return "invalid hour/min in offset";
  if (*hour < 0 || *minute < 0) return "non-positive hour/min in offset";
  if (*hour > 23 || *minute > 59) return "hour/min in offset out of range";
  minutes += (text[0] == '+' ? -1 : 1) * (*hour * 60 + *minute);
  if (minutes < 0) minutes += 24 * 60;
  return std::nullopt;
}

Objection Time(std::string_view text) {
  if (text.size() < 9) return "less than 9 characters long";
  if (text[2] != ':' || text[5] != ':') return "missing colon in correct place";
  const auto hour = Number(text.substr(0, 2)), minute = Number(text.substr(3, 2)), second = Number(text.substr(6, 2));
  if (!hour || !minute || !second) return "invalid hour/min/sec";
  if (*hour < 0 || *minute < 0 || *second < 0) return "non-positive hour/min/sec";
  if (*hour > 23 || *minute > 59 || *second > 60) return "hour/min/sec out of range";
  text.remove_prefix(8);
  if (text.starts_with('.')) {
    std::size_t digits = 0;
    while (digits + 1 < text.size() && IsDigit(text[digits + 1])) ++digits;
    if (digits == 0) return "no digits in second fraction";
    text.remove_prefix(digits + 1);
  }
  int minutes = *hour * 60 + *minute;
  if (text != "z" && text != "Z")
    if (auto objection = TimeOffset(text, minutes)) return objection;
  if (*second >= 60 && minutes != 23 * 60 + 59) return "invalid leap second";
  return std::nullopt;
}

Objection DateTime(std::string_view text) {
  if (text.size() < 20) return "less than 20 characters long";
  if (text[10] != 't' && text[10] != 'T') return "11th character must be t or T";
  if (auto objection = Date(text.substr(0, 10))) return "invalid date element: " + *objection;
  if (auto objection = Time(text.substr(11))) return "invalid time element: " + *objection;
  return std::nullopt;
}

Objection Uuid(std::string_view text) {
  constexpr std::array<std::size_t, 5> kSizes = {8, 4, 4, 4, 12};
  const auto groups = Split(text, '-');
  if (groups.size() != kSizes.size()) return "must have 5 elements";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].size() != kSizes[i])
      return "element " + std::to_string(i + 1) + " must be " + std::to_string(kSizes[i]) + " characters long";
    for (const char c : groups[i])
      if (!IsHex(c)) return "non-hex character " + Quoted(c);
  }
  return std::nullopt;
}

Objection JsonPointer(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.front() != '/') return "not starting with /";
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && (i + 1 >= text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return "~ must be followed by 0 or 1";
  return std::nullopt;
}

Objection RelativeJsonPointer(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  if (digits == 0) return "must start with non-negative integer";
  if (digits > 1 && text.front() == '0') return "starts with zero";
  text.remove_prefix(digits);
  return text == "#" ? std::nullopt : JsonPointer(text);
}

Objection DurationPart(std::string_view text, std::string_view all_units) {
  std::string_view units = all_units;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && IsDigit(text[digits])) ++digits;
    if (digits == 0) return "missing number";
    if (digits == text.size()) return "missing unit";
    const char unit = text[digits];
    const std::size_t found = units.find(unit);
    if (found == std::string_view::npos)
      return (all_units.find(unit) == std::string_view::npos ? "invalid unit " + Quoted(unit) : "unit " + Quoted(unit) + " out of order");
    units.remove_prefix(found + 1);
    text.remove_prefix(digits + 1);
  }
  return std::nullopt;
}

Objection Duration(std::string_view text) {
  if (!text.starts_with('P')) return "must start with P";
  text.remove_prefix(1);
  if (text.empty()) return "nothing after P";
  if (text.ends_with('W')) {
    text.remove_suffix(1);
    if (text.empty()) return "no number in week";
    for (const char c : text)
      if (!IsDigit(c)) return "invalid week";
    return std::nullopt;
  }
  const auto parts = Split(text, 'T');
  constexpr std::array<std::string_view, 2> kUnits = {"YMD", "HMS"};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0 && parts[i].empty()) return "no time elements";
    if (i >= kUnits.size()) return "more than one T";
    if (auto objection = DurationPart(parts[i], kUnits[i])) return objection;
  }
  return std::nullopt;
}

/// The scheme of a URL, "" without one; nullopt where net/url refuses it.
std::optional<std::string_view> Scheme(std::string_view text, std::string& why) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':' && i == 0) {
      why = "missing protocol scheme";
      return std::nullopt;
    }
    if (c == ':') return text.substr(0, i);
    if (!IsLetter(c) && (i == 0 || (!IsDigit(c) && c != '+' && c != '-' && c != '.'))) return "";
  }
  return "";
}

Objection Url(std::string_view text, bool must_be_absolute) {
  const auto refuse = [&](const std::string& why) { return "parse " + GoQuote(std::string(text)) + ": " + why; };
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return refuse("net/url: invalid control character in URL");
  std::string why;
  const auto scheme = Scheme(text, why);
  if (!scheme) return refuse(why);
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '%' && (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2])))
      return refuse("invalid URL escape " + GoQuote(std::string(text.substr(i, 3))));
  std::string_view rest = scheme->empty() ? text : text.substr(scheme->size() + 1);
  if (rest.starts_with("//")) {
    const std::string_view host = rest.substr(2, rest.substr(2).find_first_of("/?#"));
    if (host.find(' ') != std::string_view::npos) return refuse("invalid character \" \" in host name");
  } else if (scheme->empty() && rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
    return refuse("first path segment in URL cannot contain colon");
  }
  if (must_be_absolute && scheme->empty()) return "relative url";
  return std::nullopt;
}

Objection Regex(std::string_view text) {
  const re2::RE2 pattern(re2::StringPiece(text.data(), text.size()), re2::RE2::Quiet);
  if (pattern.ok()) return std::nullopt;
  return RegexProblem(pattern);
}

}  // namespace

std::optional<std::string> FormatObjection(std::string_view format, std::string_view text) {
  if (format == "email") return Email(text);
  if (format == "hostname") return Hostname(text);
  if (format == "ipv4") return Ipv4(text);
  if (format == "ipv6") return Ipv6(text);
  if (format == "uri" || format == "iri") return Url(text, true);
  if (format == "uri-reference" || format == "iri-reference") {
    if (text.find('\\') != std::string_view::npos) return "contains \\";
    return Url(text, false);
  }
  if (format == "uri-template") return Url(text, false);
  if (format == "date") return Date(text);
  if (format == "time") return Time(text);
  if (format == "date-time") return DateTime(text);
  if (format == "duration") return Duration(text);
  if (format == "uuid") return Uuid(text);
  if (format == "json-pointer") return JsonPointer(text);
  if (format == "relative-json-pointer") return RelativeJsonPointer(text);
  if (format == "regex") return Regex(text);
  return std::nullopt;
}

}  // namespace sluice::helm
