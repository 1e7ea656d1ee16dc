// helm/template/dialect.h: whose output is wanted. helm-contract.md marks with [3] and [4] where the two differ.
#pragma once

#include <cstdint>

namespace sluice::helm {

enum class Dialect : std::uint8_t {
  Helm3,  ///< helm 3.22
  Helm4,  ///< helm 4.3
};

}  // namespace sluice::helm
