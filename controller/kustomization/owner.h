// controller/kustomization/owner.h: the labels that say which Kustomization an object belongs to, as Flux sets and reads them (contract 6).
#pragma once

#include <string_view>

#include "document/object.h"
#include "document/value.h"

namespace sluice::controller::kustomization {

inline constexpr std::string_view kNameLabel = "kustomize.toolkit.fluxcd.io/name";
inline constexpr std::string_view kNamespaceLabel = "kustomize.toolkit.fluxcd.io/namespace";

/// Whether the labels of `object` name the Kustomization `owner`. One that carries none belongs to nobody.
bool IsOwned(const document::Value& object, const document::NamespacedName& owner);

void SetOwner(document::Value& object, const document::NamespacedName& owner);

}  // namespace sluice::controller::kustomization
