// base/character_class.h: `[a-z]`, `[^a-z]` and `[\]-a]` in the patterns of Go's path.Match, for whoever knows what a character is.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::base {

/// One end of a range inside of brackets; more must follow it. `take` takes a character from the pattern's front; nullopt: none that may stand there.
template <class Bound, class Take>
std::optional<Bound> TakeBound(std::string_view& pattern, Take take) {
  if (pattern.empty() || pattern.front() == '-' || pattern.front() == ']') return std::nullopt;
  if (pattern.front() == '\\') pattern.remove_prefix(1);
  if (pattern.empty()) return std::nullopt;
  std::optional<Bound> bound = take(pattern);
  return pattern.empty() ? std::nullopt : bound;
}

/// What follows an opening bracket, the closing one included. False where Go says ErrBadPattern.
template <class Bound, class Take>
bool ParseCharacterClass(std::string_view& pattern, bool& negated, std::vector<std::pair<Bound, Bound>>& ranges, Take take) {
  if (pattern.starts_with('^')) {
    negated = true;
    pattern.remove_prefix(1);
  }
  while (ranges.empty() || !pattern.starts_with(']')) {
    const std::optional<Bound> low = TakeBound<Bound>(pattern, take);
    if (!low) return false;
    std::optional<Bound> high = low;
    if (pattern.front() == '-') {
      pattern.remove_prefix(1);
      if (!(high = TakeBound<Bound>(pattern, take))) return false;
    }
    ranges.emplace_back(*low, *high);
  }
  pattern.remove_prefix(1);
  return true;
}

}  // namespace sluice::base
