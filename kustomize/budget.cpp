#include "kustomize/budget.h"

#include <algorithm>

namespace sluice::kustomize {

namespace {

/// About what a node costs beside its text.
constexpr std::size_t kNodeBytes = 64;

struct Extent {
  std::size_t bytes = 0, depth = 1;
};

Extent Measure(const document::Value& value) {
  Extent extent{.bytes = kNodeBytes + (value.IsScalar() ? value.text().size() : 0)};
  const auto add = [&extent](const document::Value& below) {
    const Extent inner = Measure(below);
    extent.bytes += inner.bytes;
    extent.depth = std::max(extent.depth, inner.depth + 1);
  };
  for (const document::Value& item : value.items()) add(item);
  for (const document::Member& member : value.members()) {
    extent.bytes += member.key.size();
    add(member.value);
  }
  return extent;
}

}  // namespace

base::Result<void> Budget::Compare(std::size_t count) {
  if (count > comparisons)
    return base::MakeError(base::Reason::TooLarge, "too many objects times too many targets: name the targets, or split the build");
  comparisons -= count;
  return GoOn();
}

base::Result<void> Budget::Spend(std::size_t count) {
  if (count > bytes) {
    const bool round = max_bytes >> 20 << 20 == max_bytes;
    const std::string most = round ? std::to_string(max_bytes >> 20) + " MiB" : std::to_string(max_bytes) + " bytes";
    return base::MakeError(base::Reason::TooLarge,
                           "this build reads and writes more than " + most + ": split it, or write less into fewer places");
  }
  bytes -= count;
  return GoOn();
}

base::Result<void> Budget::Written(const document::Value& value) {
  const Extent extent = Measure(value);
  if (extent.depth > kMaxNesting)
    return base::MakeError(base::Reason::TooLarge, "nested deeper than " + std::to_string(kMaxNesting) + " levels");
  return Spend(extent.bytes);
}

}  // namespace sluice::kustomize
