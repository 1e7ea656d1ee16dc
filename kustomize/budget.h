// kustomize/budget.h: what one build may still spend on things that a small text can make large (threats T25, T33), and whether it has to end. Far above what
// honest trees need; who runs out gets TooLarge.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/build.h"

namespace sluice::kustomize {

/// Levels of mappings and lists in each other, in what a build makes; what it reads may have 512.
constexpr std::size_t kMaxNesting = 1'024;

struct Budget {
  Budget() = default;
  explicit Budget(const BuildOptions& options)
      : nodes(options.limits.max_nodes),
        comparisons(options.limits.max_comparisons),
        bytes(options.limits.max_bytes),
        max_bytes(options.limits.max_bytes),
        interrupt(options.interrupt) {}

  std::size_t nodes = BuildLimits().max_nodes, comparisons = BuildLimits().max_comparisons, bytes = BuildLimits().max_bytes;  ///< left
  std::size_t max_bytes = BuildLimits().max_bytes;
  std::function<base::Result<void>()> interrupt;

  /// Errors: those of `interrupt`.
  base::Result<void> GoOn() const { return interrupt ? interrupt() : base::Result<void>(); }
  /// Errors: TooLarge, those of GoOn.
  base::Result<void> Compare(std::size_t count);
  /// Errors: TooLarge, those of GoOn.
  base::Result<void> Spend(std::size_t count);
  /// Notes that `value` was written. Errors: those of Spend, TooLarge also where it is nested too deep.
  base::Result<void> Written(const document::Value& value);
};

}  // namespace sluice::kustomize
