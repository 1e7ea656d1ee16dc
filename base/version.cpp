#include "base/version.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sluice::base {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsIdentifierChar(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }
bool IsNumeric(std::string_view text) { return std::all_of(text.begin(), text.end(), &IsDigit); }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v'); }  // RE2's \s

// Reads from the front of a text.
template <class Predicate>
std::string_view TakeWhile(std::string_view& text, Predicate predicate) {
  const auto end = std::find_if_not(text.begin(), text.end(), predicate);
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

bool Skip(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

std::optional<std::uint64_t> Number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// `a.b.c` after a '-' or '+': identifiers, none empty, and in a pre-release no number with a leading zero.
bool TakeIdentifiers(std::string_view& text, bool prerelease, std::string& out) {
  const std::string_view start = text;
  do {
    const std::string_view identifier = TakeWhile(text, &IsIdentifierChar);
    if (identifier.empty()) return false;
    if (prerelease && identifier.size() > 1 && identifier[0] == '0' && IsNumeric(identifier)) return false;
  } while (Skip(text, "."));
  out = start.substr(0, start.size() - text.size());
  return true;
}

bool TakeSuffixes(std::string_view& text, Version& version) {
  if (Skip(text, "-") && !TakeIdentifiers(text, true, version.prerelease)) return false;
  return !Skip(text, "+") || TakeIdentifiers(text, false, version.metadata);
}

std::optional<Version> ParseVersion(std::string_view text, bool strict) {
  Version version;
  if (!strict) Skip(text, "v");
  std::uint64_t* const numbers[] = {&version.major, &version.minor, &version.patch};
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && !Skip(text, ".")) {
      if (strict) return std::nullopt;
      break;
    }
    const std::string_view digits = TakeWhile(text, &IsDigit);
    const auto number = Number(digits);
    if (!number || (strict && digits.size() > 1 && digits[0] == '0')) return std::nullopt;
    *numbers[i] = *number;
  }
  if (!TakeSuffixes(text, version) || !text.empty()) return std::nullopt;
  return version;
}

Error NotAVersion(std::string_view text) { return Invalid("invalid semantic version \"" + std::string(text) + "\""); }

std::weak_ordering CompareIdentifiers(std::string_view left, std::string_view right) {
  const bool left_numeric = IsNumeric(left), right_numeric = IsNumeric(right);
  if (left_numeric != right_numeric) return left_numeric ? std::weak_ordering::less : std::weak_ordering::greater;
  if (left_numeric && left.size() != right.size()) return left.size() <=> right.size();  // no leading zeros
  return left <=> right;
}

std::weak_ordering ComparePrereleases(std::string_view left, std::string_view right) {
  if (left.empty() || right.empty()) return left.empty() <=> right.empty();  // a release comes after its pre-releases
  while (!left.empty() && !right.empty()) {
    const auto order = CompareIdentifiers(TakeWhile(left, &IsIdentifierChar), TakeWhile(right, &IsIdentifierChar));
    if (order != 0) return order;
    Skip(left, ".");
    Skip(right, ".");
  }
  return right.empty() <=> left.empty();
}

}  // namespace

Result<Version> Version::Parse(std::string_view text) {
  const auto version = ParseVersion(text, false);
  if (!version) return NotAVersion(text);
  return *version;
}

Result<Version> Version::ParseStrict(std::string_view text) {
  const auto version = ParseVersion(text, true);
  if (!version) return NotAVersion(text);
  return *version;
}

std::string Version::ToString() const {
  std::string text = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  if (!prerelease.empty()) text += "-" + prerelease;
  if (!metadata.empty()) text += "+" + metadata;
  return text;
}

std::weak_ordering Version::operator<=>(const Version& other) const {
  if (const auto order = major <=> other.major; order != 0) return order;
  if (const auto order = minor <=> other.minor; order != 0) return order;
  if (const auto order = patch <=> other.patch; order != 0) return order;
  return ComparePrereleases(prerelease, other.prerelease);
}

// --- Ranges. Alternatives between `||`, each a list of terms that must all hold, set apart by spaces or a comma.

VersionRange::Op VersionRange::TakeOp(std::string_view& text, bool& given) {
  constexpr std::pair<std::string_view, Op> kOps[] = {{"!=", Op::NotEqual},  {">=", Op::GreaterEqual}, {"=>", Op::GreaterEqual},
                                                      {"<=", Op::LessEqual}, {"=<", Op::LessEqual},    {"~>", Op::Tilde},
                                                      {"=", Op::Equal},      {">", Op::Greater},       {"<", Op::Less},
                                                      {"~", Op::Tilde},      {"^", Op::Caret}};
  for (const auto& [word, op] : kOps) {
    if ((given = Skip(text, word))) return op;
  }
  return Op::Equal;
}

// A version whose numbers may be missing or `x`, `X`, `*`; what stands behind the first such number does not count.
bool VersionRange::TakeTerm(std::string_view& text, Term& term) {
  const auto is_number_char = [](char c) { return IsDigit(c) || c == 'x' || c == 'X' || c == '*'; };
  const auto is_open = [](std::string_view number) { return number == "x" || number == "X" || number == "*"; };
  Skip(text, "v");
  std::uint64_t* const numbers[] = {&term.version.major, &term.version.minor, &term.version.patch};
  for (int i = 0; i < 3; ++i) {
    std::string_view number;
    if (i == 0 || (text.size() > 1 && text[0] == '.' && is_number_char(text[1]))) {
      if (i > 0) Skip(text, ".");
      number = TakeWhile(text, is_number_char);
      if (number.empty()) return false;
    }
    if (!term.open && (number.empty() || is_open(number))) {
      term.open = true;
      term.open_minor = i == 1;
      term.open_patch = i == 2;
    }
    if (term.open) continue;
    const auto value = Number(number);
    if (!value) return false;
    *numbers[i] = *value;
  }
  return TakeSuffixes(text, term.version);
}

bool VersionRange::ParseAlternative(std::string_view text, Alternative& alternative) {
  bool may_be_span = true;  // `1.2 - 2.3` stands at the beginning or after a comma
  TakeWhile(text, &IsSpace);
  while (true) {
    Term term;
    bool given = false;
    term.op = TakeOp(text, given);
    TakeWhile(text, &IsSpace);
    if (!TakeTerm(text, term)) return false;
    std::size_t spaces = TakeWhile(text, &IsSpace).size();
    if (spaces > 0 && text.size() > 1 && text[0] == '-' && IsSpace(text[1])) {
      if (given || !may_be_span) return false;
      text.remove_prefix(1);
      TakeWhile(text, &IsSpace);
      Term last;
      if (!TakeTerm(text, last)) return false;
      term.op = Op::GreaterEqual;
      last.op = Op::LessEqual;
      alternative.terms.push_back(std::move(term));
      term = std::move(last);
      spaces = TakeWhile(text, &IsSpace).size() + 1;
    }
    alternative.prereleases |=
        !term.version.prerelease.empty() || (alternative.terms.size() > 0 && !alternative.terms.back().version.prerelease.empty());
    alternative.terms.push_back(std::move(term));
    if (text.empty()) return true;
    may_be_span = Skip(text, ",");
    if (!may_be_span && spaces == 0) return false;
    TakeWhile(text, &IsSpace);
  }
}

Result<VersionRange> VersionRange::Parse(std::string_view text) {
  VersionRange range;
  for (std::string_view rest = text;;) {
    const std::size_t bars = rest.find("||");
    Alternative alternative;
    if (!ParseAlternative(rest.substr(0, bars), alternative)) {
      return Invalid("improper constraint: \"" + std::string(rest.substr(0, bars)) + "\"");
    }
    range.alternatives_.push_back(std::move(alternative));
    if (bars == rest.npos) return range;
    rest.remove_prefix(bars + 2);
  }
}

bool VersionRange::Contains(const Version& version) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Alternative& alternative) {
    if (!version.prerelease.empty() && !alternative.prereleases) return false;
    return std::all_of(alternative.terms.begin(), alternative.terms.end(), [&](const Term& term) { return term.Holds(version); });
  });
}

bool VersionRange::Term::Holds(const Version& v) const {
  switch (op) {
    case Op::Equal: return open ? HoldsTilde(v) : v == version;
    case Op::NotEqual: return HoldsNotEqual(v);
    case Op::Greater: return HoldsGreater(v);
    case Op::Less: return v < version;
    case Op::GreaterEqual: return v >= version;
    case Op::LessEqual: return HoldsLessEqual(v);
    case Op::Tilde: return HoldsTilde(v);
    case Op::Caret: return HoldsCaret(v);
  }
  return false;
}

bool VersionRange::Term::HoldsNotEqual(const Version& v) const {
  if (!open) return v != version;
  if (v.major != version.major) return true;
  if (open_minor) return false;
  if (v.minor != version.minor) return true;
  if (open_patch) return v.prerelease != version.prerelease;
  return v != version;
}

// `>11` wants 12, `>11.1` wants 11.2.
bool VersionRange::Term::HoldsGreater(const Version& v) const {
  if (!open) return v > version;
  if (v.major != version.major) return v.major > version.major;
  if (open_minor) return false;
  if (open_patch) return v.minor > version.minor;
  return v > version;
}

bool VersionRange::Term::HoldsLessEqual(const Version& v) const {
  if (!open) return v <= version;
  if (v.major != version.major) return v.major < version.major;
  return v.minor <= version.minor || open_minor;
}

// `~0.0.0` and `*` take everything from 0.0.0 on; else the major, and the minor if given, stay.
bool VersionRange::Term::HoldsTilde(const Version& v) const {
  if (v < version) return false;
  const bool zero = version.major == 0 && version.minor == 0 && version.patch == 0;
  if (zero && !open_minor && !open_patch) return true;
  return v.major == version.major && (v.minor == version.minor || open_minor);
}

// The first number that is not zero stays.
bool VersionRange::Term::HoldsCaret(const Version& v) const {
  if (v < version) return false;
  if (version.major > 0 || open_minor) return v.major == version.major;
  if (v.major > 0) return false;
  if (version.minor > 0 || open_patch) return v.minor == version.minor;
  return v.minor == 0 && v.patch == version.patch;
}

}  // namespace sluice::base
