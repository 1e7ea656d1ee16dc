// kustomize/nearest.h: what somebody may have meant who wrote a word that is not there.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::kustomize {

/// The candidate nearest to `word` by edits (case ignored), "" if none is near enough to be meant.
std::string Nearest(std::string_view word, std::span<const std::string> candidates);

/// The positions of all that are near enough, the nearest first, at most `most` of them.
std::vector<std::size_t> NearestFew(std::string_view word, std::span<const std::string> candidates, std::size_t most);

}  // namespace sluice::kustomize
