#include "kustomize/nearest.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>
#include <vector>

namespace sluice::kustomize {

namespace {

bool Same(char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b)); }

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; three rows of the usual table are enough.
std::size_t Edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({last[j] + (Same(a[i], b[j]) ? 0 : 1), row[j] + 1, last[j + 1] + 1});
      if (i > 0 && j > 0 && Same(a[i], b[j - 1]) && Same(a[i - 1], b[j])) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
    before = last;
    last = row;
  }
  return last.back();
}

bool Contains(std::string_view whole, std::string_view part) {
  return std::search(whole.begin(), whole.end(), part.begin(), part.end(), Same) != whole.end();
}

}  // namespace

std::vector<std::size_t> NearestFew(std::string_view word, std::span<const std::string> candidates, std::size_t most) {
  constexpr std::size_t kLongest = 256;
  std::vector<std::pair<std::size_t, std::size_t>> near;  // edits, position
  const std::size_t bound = std::max<std::size_t>(1, word.size() / 3);
  for (std::size_t i = 0; i < candidates.size() && !word.empty() && word.size() <= kLongest; ++i) {
    const std::string& candidate = candidates[i];
    if (candidate.empty() || candidate.size() > kLongest) continue;
    std::size_t edits = Edits(word, candidate);
    if (word.size() >= 3 && candidate.size() >= 3 && (Contains(candidate, word) || Contains(word, candidate)))
      edits = std::min(edits, bound);  // `web` for `web-api`
    if (edits <= bound) near.emplace_back(edits, i);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::size_t> positions;
  for (const auto& [edits, position] : near)
    if (positions.size() < most) positions.push_back(position);
  return positions;
}

std::string Nearest(std::string_view word, std::span<const std::string> candidates) {
  const auto found = NearestFew(word, candidates, 1);
  return found.empty() ? "" : candidates[found.front()];
}

}  // namespace sluice::kustomize
