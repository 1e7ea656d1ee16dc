// helm/chart/ignore.h: .helmignore (helm-contract 1.6). The rules are those of Helm's pkg/ignore, which are not git's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "base/result.h"

namespace sluice::helm {

class IgnoreRules {
 public:
  /// The rules of `text`, one a line. Errors: Invalid "double-star (**) syntax is not supported", "syntax error in pattern".
  static base::Result<IgnoreRules> Parse(std::string_view text);
  /// Adds what Helm always ignores: files in templates/ whose names begin with a dot.
  void AddDefaults();
  /// Whether `path`, relative to the chart, is left out. What lies in an ignored directory is never asked for.
  bool Ignores(std::string_view path, bool is_directory) const;

 private:
  struct Rule {
    base::Glob glob;
    bool negated = false;
    bool directory_only = false;
    bool whole_path = false;  // else the last name alone is matched
  };
  base::Result<void> Add(std::string_view line);
  std::vector<Rule> rules_;
};

}  // namespace sluice::helm
