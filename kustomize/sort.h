// kustomize/sort.h: the order of the output. Pure. Rules: kustomize's SortOrderTransformer.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "document/object.h"

namespace sluice::kustomize {

struct SortKey {
  document::GroupVersionKind gvk;
  std::string ns, name;  ///< of the object as it is printed; ns "" if it has none
};

struct LegacyOrder {
  std::vector<std::string> first, last;
  static LegacyOrder Default();
};

/// The positions of `keys` in legacy order: `keys[result[0]]` is printed first.
std::vector<std::size_t> LegacySort(std::span<const SortKey> keys, const LegacyOrder& order);

}  // namespace sluice::kustomize
