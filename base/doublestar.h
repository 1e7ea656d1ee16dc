// base/doublestar.h: patterns of whole paths, by the rule of github.com/bmatcuk/doublestar v4: as path.Match, and `**` as a whole name between slashes
// stands for any number of directories, `{a,b}` for either, `[!a]` for `[^a]`; `a/**` matches `a` too. Linear in pattern and path: no backtracking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::base {

class Doublestar {
 public:
  static constexpr std::size_t kMaxBytes = 4096;        ///< of a pattern
  static constexpr std::size_t kMaxAlternatives = 256;  ///< that its braces stand for
  /// nullopt where doublestar says ErrBadPattern, and beyond the limits.
  static std::optional<Doublestar> Parse(std::string_view pattern);
  /// Whether all of `path` matches.
  bool Matches(std::string_view path) const;

 private:
  enum class What : std::uint8_t { One, Any, Star, Class, Deep, Rest };
  struct Element {
    What what = What::One;
    char32_t character = 0;
    bool negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges = {};
    bool may_end = false;  ///< a path may end before this element: what follows matches nothing as well
  };
  /// A pattern without braces.
  struct Alternative {
    std::vector<Element> elements;
    bool Matches(std::u32string_view path) const;
    static bool Fits(const Element& element, char32_t c);
  };
  static bool Expand(const std::string& pattern, std::vector<std::string>& out);
  static bool ParseClass(std::u32string_view& text, Element& element);
  static std::optional<Alternative> ParseAlternative(std::string_view text);
  std::vector<Alternative> alternatives_;
};

}  // namespace sluice::base
