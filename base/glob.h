// base/glob.h: shell patterns of one name, by the rule of Go's path.Match: `*` and `?` (not '/'), `[a-z]`, `[^a-z]`, `\` quotes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::base {

class Glob {
 public:
  /// nullopt where Go says ErrBadPattern.
  static std::optional<Glob> Parse(std::string_view pattern);
  /// Whether all of `name` matches. Characters are Unicode characters; a byte that is no UTF-8 counts as one.
  bool Matches(std::string_view name) const;

 private:
  enum class What { Literal, Any, Star, Class };
  struct Element {
    What what = What::Literal;
    std::string literal = {};  // one character
    bool negated = false;
    std::vector<std::pair<std::string, std::string>> ranges = {};  // UTF-8 sorts by code point
  };
  static bool ParseClass(std::string_view& pattern, Element& element);
  static bool MatchesOne(const Element& element, std::string_view character);
  std::vector<Element> elements_;
};

}  // namespace sluice::base
