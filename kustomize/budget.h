// kustomize/budget.h: what one build may still spend on things that a small text can make large (threats T25, T33). Far above what honest trees need;
// who runs out gets TooLarge.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Levels of mappings and lists in each other, in what a build makes; what it reads may have 512.
constexpr std::size_t kMaxNesting = 1'024;

struct Budget {
  std::size_t nodes = 2'000'000;  ///< of documents that may hold aliases, once those are expanded
  std::size_t comparisons =
      100'000'000;  ///< of objects with targets and sources that are no plain name, of list elements and keys with each other
  std::size_t bytes = 512u << 20;  ///< read from files, and written into objects by what copies one text to many places

  /// Errors: TooLarge.
  base::Result<void> Compare(std::size_t count) {
    if (count > comparisons)
      return base::MakeError(base::Reason::TooLarge, "too many objects times too many targets: name the targets, or split the build");
    comparisons -= count;
    return {};
  }
  /// Errors: TooLarge.
  base::Result<void> Spend(std::size_t count) {
    if (count > bytes)
      return base::MakeError(base::Reason::TooLarge, "this build reads and writes more than " + std::to_string(Budget().bytes >> 20) +
                                                         " MiB: split it, or write less into fewer places");
    bytes -= count;
    return {};
  }
  /// Notes that `value` was written. Errors: TooLarge, also where it is nested too deep.
  base::Result<void> Written(const document::Value& value);
};

}  // namespace sluice::kustomize
