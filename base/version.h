// base/version.h: semantic versions and ranges of them. The rules are those of Masterminds/semver 3.4, which Flux and Helm use: versions may be
// short (`1.2`) and carry a `v`, ranges know `>=1.0 <2`, `1.x`, `~1.2`, `^1.2.3`, `1.2 - 2.3`, `||` and commas.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::base {

struct Version {
  std::uint64_t major = 0, minor = 0, patch = 0;
  std::string prerelease;  ///< `rc.1`
  std::string metadata;    ///< `build.5`; does not count in comparisons

  /// `1`, `1.2`, `v1.2.3-rc.1+5`; leading zeros of numbers are dropped. Invalid: `invalid semantic version "x"`.
  static Result<Version> Parse(std::string_view text);
  /// All of `1.2.3[-pre][+meta]`, no `v`, no leading zeros, as semver.org has it.
  static Result<Version> ParseStrict(std::string_view text);
  std::string ToString() const;

  /// Precedence of semver.org, item 11. Versions that differ only in metadata are equivalent.
  std::weak_ordering operator<=>(const Version& other) const;
  bool operator==(const Version& other) const { return (*this <=> other) == 0; }
};

class VersionRange {
 public:
  /// Invalid: `improper constraint: "x"`.
  static Result<VersionRange> Parse(std::string_view text);
  /// Pre-releases are only let in by an alternative (between `||`) in which some version names a pre-release itself.
  bool Contains(const Version& version) const;

 private:
  enum class Op { Equal, NotEqual, Greater, Less, GreaterEqual, LessEqual, Tilde, Caret };
  struct Term {
    Op op = Op::Equal;
    Version version;
    bool open = false;        // some number is missing or x
    bool open_minor = false;  // the first of them is the minor
    bool open_patch = false;  // the first of them is the patch
    bool Holds(const Version& v) const;
    bool HoldsNotEqual(const Version& v) const;
    bool HoldsGreater(const Version& v) const;
    bool HoldsLessEqual(const Version& v) const;
    bool HoldsTilde(const Version& v) const;
    bool HoldsCaret(const Version& v) const;
  };
  struct Alternative {
    std::vector<Term> terms;
    bool prereleases = false;
  };
  static Op TakeOp(std::string_view& text, bool& given);
  static bool TakeTerm(std::string_view& text, Term& term);
  static bool ParseAlternative(std::string_view text, Alternative& alternative);
  std::vector<Alternative> alternatives_;
};

}  // namespace sluice::base
