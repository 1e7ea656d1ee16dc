// base/ignore.h: which files of a source stay out of its artifact. The rules are those of Flux's sourceignore (flux-contract 4.3), which follows
// go-git's reading of gitignore where that differs from git's own: patterns are asked for each path by itself (a file below an excluded directory
// can be included again), and a pattern that matches a directory matches what is below it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/glob.h"
#include "base/result.h"

namespace sluice::base {

/// One line of an ignore file, in force below `domain` (a normalised path, "." for everywhere).
class IgnorePattern {
 public:
  IgnorePattern(std::string_view line, std::string_view domain);
  /// `path` is normalised; `is_directory` is about its last name.
  bool Matches(std::string_view path, bool is_directory) const;
  /// The same, with `names` the path taken apart: for whoever asks many patterns about one path.
  bool Matches(std::string_view path, std::span<const std::string_view> names, bool is_directory) const;
  bool included() const { return included_; }  ///< `!pattern`

 private:
  struct Part {
    enum class What { Empty, AnyDepth, Never, Name } what;
    Glob glob = {};
  };
  bool MatchesName(std::span<const std::string_view> names, bool is_directory) const;
  bool MatchesPath(std::span<const std::string_view> names, bool is_directory) const;

  std::string domain_;
  std::size_t domain_depth_ = 0;  ///< names in it
  std::vector<Part> parts_;
  bool included_ = false, directory_only_ = false, rooted_ = false;
};

class IgnoreMatcher {
 public:
  /// Reads every `.sourceignore` of `tree`, then appends the lines of `spec_ignore`. The VCS list holds always, the other defaults only where
  /// neither has a pattern. Errors: those of `tree`; TooLarge: a file, or spec_ignore, of more than 1 MiB, or more than 10,000 patterns in all.
  static Result<IgnoreMatcher> Load(const Files& tree, std::string_view spec_ignore);
  /// For a directory that no artifact was made of (`flux build kustomization`): all defaults, each `.sourceignore` at and below `directory` of
  /// `tree`, then the lines of `more`; nothing of this is about paths outside of `directory`. Errors as above.
  static Result<IgnoreMatcher> LoadBelow(const Files& tree, const std::string& directory, std::string_view more);
  /// The VCS list and the lines of `text`, scoped to the root: a Bucket's rule.
  static IgnoreMatcher FromText(std::string_view text);

  /// The last pattern that matches decides.
  bool Ignored(std::string_view path, bool is_directory) const;
  /// Whether everything below an ignored directory is ignored as well (no pattern includes).
  bool CanPrune() const;
  /// Whether there is more than the defaults.
  bool HasOwnPatterns() const { return patterns_.size() > defaults_; }

 private:
  std::size_t defaults_ = 0;  ///< the first of `patterns_`
  std::vector<IgnorePattern> patterns_;
};

}  // namespace sluice::base
