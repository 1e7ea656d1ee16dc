// document/prefix_pattern.h: the patterns of `${name#pattern}` and its kind, by the rule of fluxcd/pkg/envsubst (path.Match in its folder `path`): Go's path.Match, for which '/'
// is a character like others. A beginning of a text may end, and `*` may end, amid a character of several bytes; each byte of such a torso is a character of its own then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice::document {

class PrefixPattern {
 public:
  /// nullopt where Go says ErrBadPattern.
  static std::optional<PrefixPattern> Parse(std::string_view pattern);
  /// The length in bytes, not 0, of the shortest or longest beginning of `text` that matches; nullopt if none does. Linear in both sizes, but for patterns like `*?*?` on texts beyond
  /// ASCII. Error: TooLarge, if those take more than `max_steps`.
  base::Result<std::optional<std::size_t>> Find(std::string_view text, bool longest, std::size_t max_steps = 20'000'000) const;

 private:
  enum class What { Byte, Any, Star, Class };
  struct Element {
    What what = What::Byte;
    char byte = 0;
    bool negated = false;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges = {};
  };
  using States = std::vector<bool>;  ///< by how many elements have been passed

  static bool ParseClass(std::string_view& pattern, Element& element);
  static bool IsInside(const Element& element, std::uint32_t character);
  void Enter(States& states, std::size_t state) const;
  States AfterByte(const States& states, char byte, bool starts_character, std::uint32_t character) const;
  std::vector<std::size_t> Candidates(std::string_view text) const;
  std::optional<std::size_t> MatchChunk(std::size_t from, std::size_t to, std::string_view text, std::size_t at, std::size_t& steps) const;
  bool MatchesAll(std::string_view text, std::size_t& steps) const;

  std::vector<Element> elements_;
};

}  // namespace sluice::document
