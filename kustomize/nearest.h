// kustomize/nearest.h: what somebody may have meant who wrote a word that is not there.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::kustomize {

/// The candidate nearest to `word` by edits (case ignored), "" if none is near enough to be meant.
std::string Nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace sluice::kustomize
