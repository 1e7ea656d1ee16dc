// kustomize/tables.h: the facts kustomize carries about Kubernetes: scopes of the built-in kinds (v1.21 API) and the legacy order of kinds.
// Its field specs and name references come as `BuiltinConfig()` (field_spec.h), its merge keys as `Schema::Builtin()` (schema.h).
// The tables are generated from tables/kustomize-data.json by tables/generate.py; the generated file is committed.
#pragma once

#include <span>
#include <string_view>

#include "document/object.h"

namespace sluice::kustomize {

/// Known to be cluster-scoped for exactly this apiVersion. Kinds nobody knows are namespaced.
bool IsClusterScoped(const document::GroupVersionKind& gvk);
/// Whether the built-in API knows this kind, as namespaced.
bool IsKnownNamespaced(const document::GroupVersionKind& gvk);

/// Kinds that the legacy order puts first and last, in this order.
std::span<const std::string_view> LegacyOrderFirst();
std::span<const std::string_view> LegacyOrderLast();

}  // namespace sluice::kustomize
