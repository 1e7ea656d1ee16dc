// controller/kustomization/links.h: what a Kustomization refers to: its source, its dependencies, and the ConfigMaps and Secrets whose news flux-contract 2.1
// lists (substituteFrom, kubeConfig, decryption).
#pragma once

#include "controller/links.h"

namespace sluice::controller::kustomization {

class Links : public controller::Links {
 public:
  using controller::Links::Update;
  void Update(const document::Value& object);
};

}  // namespace sluice::controller::kustomization
