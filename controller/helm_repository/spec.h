// controller/helm_repository/spec.h: the spec of a HelmRepository (source.toolkit.fluxcd.io/v1; flux-contract 5.3) with its defaults. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::helm_repository {

struct Spec {
  std::string url;
  bool oci = false;  ///< `type`
  base::Duration interval = std::chrono::minutes(1), timeout = std::chrono::minutes(1);
  std::string secret_name, cert_secret;  ///< "" for none
  std::string provider;                  ///< "" is generic; counts with `oci` alone
  bool pass_credentials = false, insecure = false, suspend = false;
};

/// Reads `object.spec`. Invalid names the field.
base::Result<Spec> ParseSpec(const document::Value& object);

}  // namespace sluice::controller::helm_repository
