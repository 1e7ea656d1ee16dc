// tests/base/fuzz_parts.h: several texts out of the one input of a fuzz target.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace sluice {

/// `input` cut at its first NUL bytes; parts that are not there are empty, and what follows the last one is left out.
template <std::size_t N>
std::array<std::string_view, N> CutAtNul(std::string_view input) {
  std::array<std::string_view, N> out;
  for (std::string_view& part : out) {
    const std::size_t end = std::min(input.find('\0'), input.size());
    part = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return out;
}

}  // namespace sluice
