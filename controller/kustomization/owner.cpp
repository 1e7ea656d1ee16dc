#include "controller/kustomization/owner.h"

namespace sluice::controller::kustomization {

bool IsOwned(const document::Value& object, const document::NamespacedName& owner) {
  return document::LabelOf(object, kNameLabel) == owner.name && document::LabelOf(object, kNamespaceLabel) == owner.ns;
}

void SetOwner(document::Value& object, const document::NamespacedName& owner) {
  document::SetLabel(object, kNameLabel, owner.name);
  document::SetLabel(object, kNamespaceLabel, owner.ns);
}

}  // namespace sluice::controller::kustomization
