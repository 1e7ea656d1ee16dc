#include "kustomize/tables.h"

#include <algorithm>
#include <string>

#include "kustomize/tables/data.h"

namespace sluice::kustomize {

namespace {

bool Contains(std::span<const std::string_view> sorted, const document::GroupVersionKind& gvk) {
  return std::binary_search(sorted.begin(), sorted.end(), gvk.ApiVersion() + " " + gvk.kind);
}

}  // namespace

bool IsClusterScoped(const document::GroupVersionKind& gvk) { return Contains(tables::kClusterScoped, gvk); }
bool IsKnownNamespaced(const document::GroupVersionKind& gvk) { return Contains(tables::kKnownNamespaced, gvk); }

std::span<const std::string_view> LegacyOrderFirst() { return tables::kLegacyFirst; }
std::span<const std::string_view> LegacyOrderLast() { return tables::kLegacyLast; }

}  // namespace sluice::kustomize
