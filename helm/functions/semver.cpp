#include "helm/functions/semver.h"

#include <algorithm>
#include <string>

#include "helm/functions/registry.h"
#include "helm/functions/semver_object.h"
#include "helm/template/number.h"
#include "helm/template/quote.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;
using base::Version;
using base::VersionRange;

constexpr std::size_t kMaxVersionBytes = 256, kMaxConstraintBytes = 512, kMaxGroups = 32;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsDigits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsDigit); }

base::Error TooLong(std::string_view what, std::size_t limit) {
  return Invalid(std::string(what) + " string is too long (max " + std::to_string(limit) + " bytes)");
}

/// The first number among major, minor and patch that does not fit 64 bits, if that is what is wrong with `text`.
std::string_view NumberOutOfRange(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  for (int i = 0; i < 3; ++i) {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view number = text.substr(0, end);
    if (number.size() > 19 && !ParseUint(number)) return number;
    if (end >= text.size() || text[end] != '.') return {};
    text.remove_prefix(end + 1);
  }
  return {};
}

/// Whether an identifier of the pre-release is a number with a leading zero.
bool PrereleaseStartsWithZero(std::string_view text) {
  text = text.substr(0, text.find('+'));
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  for (std::string_view rest = text.substr(dash + 1);;) {
    const auto dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    if (part.size() > 1 && part[0] == '0' && IsDigits(part)) return true;
    if (dot == std::string_view::npos) return false;
    rest.remove_prefix(dot + 1);
  }
}

/// Why Version::Parse refused it.
base::Error WhyNoVersion(std::string_view text) {
  if (PrereleaseStartsWithZero(text)) {
    // Everything else must be in order, or that is what is named.
    std::string without(text);
    const auto dash = without.find('-'), plus = without.find('+');
    without.erase(dash, plus == std::string::npos ? plus : plus - dash);
    if (Version::Parse(without)) return Invalid("version segment starts with 0");
  }
  const std::string_view number = NumberOutOfRange(text);
  if (!number.empty())
    return Invalid("error parsing version segment: strconv.ParseUint: parsing " + GoQuote(number) + ": value out of range");
  return Invalid("invalid semantic version");
}

}  // namespace

Result<Version> ParseSemver(std::string_view text) {
  if (text.size() > kMaxVersionBytes) return TooLong("version", kMaxVersionBytes);
  auto version = Version::Parse(text);
  if (!version) return WhyNoVersion(text);
  return version;
}

Result<Version> ParseStrictSemver(std::string_view text) {
  if (text.empty()) return Invalid("version string empty");
  if (text.size() > kMaxVersionBytes) return TooLong("version", kMaxVersionBytes);
  auto version = Version::ParseStrict(text);
  if (!version) return Invalid("invalid semantic version");
  return version;
}

Result<VersionRange> ParseConstraint(std::string_view text) {
  if (text.size() > kMaxConstraintBytes) return TooLong("constraint", kMaxConstraintBytes);
  std::size_t groups = 1;
  for (auto at = text.find("||"); at != std::string_view::npos; at = text.find("||", at + 2)) ++groups;
  if (groups > kMaxGroups) return Invalid("too many constraint groups (max " + std::to_string(kMaxGroups) + ")");
  return VersionRange::Parse(text);
}

Result<bool> SemverCompare(std::string_view constraint, std::string_view version) {
  TRY(const auto range, ParseConstraint(constraint));
  TRY(const auto parsed, ParseSemver(version));
  return range.Contains(parsed);
}

Result<Value> NewSemver(std::string_view text) {
  TRY(auto version, ParseSemver(text));
  return Value::Of(MakeRef<SemverObject>(std::move(version), std::string(text), SemverObject::Held::Pointer));
}

void AddSemver(FunctionMap& map) {
  Add(map, {"semver"}, {kString}, [](Arguments a) { return NewSemver(a[0].AsString()); });
  Add(map, {"semverCompare"}, {kString, kString}, [](Arguments a) -> Result<Value> {
    TRY(const bool holds, SemverCompare(a[0].AsString(), a[1].AsString()));
    return Value::Bool(holds);
  });
}

}  // namespace sluice::helm
