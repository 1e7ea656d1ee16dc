// kustomize/budget.h: what one build may still spend on things that a small text can make large (threats T25, T33). Far above what honest trees need;
// who runs out gets TooLarge.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace sluice::kustomize {

struct Budget {
  std::size_t nodes = 2'000'000;          ///< of documents that may hold aliases, once those are expanded
  std::size_t comparisons = 100'000'000;  ///< of objects with targets and sources that are no plain name

  /// Errors: TooLarge.
  base::Result<void> Compare(std::size_t count) {
    if (count > comparisons)
      return base::MakeError(base::Reason::TooLarge, "too many objects times too many targets: name the targets, or split the build");
    comparisons -= count;
    return {};
  }
};

}  // namespace sluice::kustomize
