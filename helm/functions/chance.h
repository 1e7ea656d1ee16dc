// helm/functions/chance.h: what functions draw from FunctionOptions::random.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::helm {

using RandomSource = std::function<std::uint64_t()>;

/// Evenly in [0, limit); limit is not 0.
std::uint64_t Below(const RandomSource& random, std::uint64_t limit);
std::string RandomBytes(const RandomSource& random, std::size_t count);
/// `count` characters of `alphabet`.
std::string RandomText(const RandomSource& random, std::size_t count, std::string_view alphabet);

}  // namespace sluice::helm
