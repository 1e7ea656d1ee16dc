// controller/oci_repository/spec.h: the spec of an OCIRepository (source.toolkit.fluxcd.io/v1; flux-contract 5.2) with its defaults. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::oci_repository {

struct Spec {
  std::string url;
  base::Duration interval{}, timeout{};
  std::string digest, semver, semver_filter, tag;                       ///< `ref`; digest is chosen before semver and tag; none: `latest`
  std::string media_type;                                               ///< of the layer; "" for the first
  bool copy = false;                                                    ///< keep the layer as it is instead of unpacking it
  std::string secret_name, service_account, cert_secret, proxy_secret;  ///< "" for none
  std::string verify_secret;                                            ///< cosign's public keys; "": nothing is verified
  std::string provider;                                                 ///< "" is generic
  std::string ignore;
  bool insecure = false, suspend = false;
};

/// Reads `object.spec`. Invalid names the field; Unsupported names a field that this version does not act upon: notation, keyless verification.
base::Result<Spec> ParseSpec(const document::Value& object);

/// `spec.layerSelector` as written, for `status.observedLayerSelector`; null if absent.
document::Value LayerSelectorOf(const document::Value& object);

}  // namespace sluice::controller::oci_repository
