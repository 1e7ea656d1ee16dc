// controller/helm_release/links.h: what a HelmRelease refers to: the source of its chart (the HelmChart that is made for it, or chartRef), its dependencies, and the
// ConfigMaps and Secrets whose news flux-contract 2.1 lists (valuesFrom, kubeConfig).
#pragma once

#include "controller/links.h"

namespace sluice::controller::helm_release {

class Links : public controller::Links {
 public:
  using controller::Links::Update;
  void Update(const document::Value& object);
};

}  // namespace sluice::controller::helm_release
