// controller/bucket/spec.h: the spec of a Bucket (source.toolkit.fluxcd.io/v1; flux-contract 5.5) with its defaults. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::bucket {

struct Spec {
  std::string bucket_name, endpoint, region, prefix;
  std::string provider;  ///< "generic" or "aws"
  base::Duration interval{}, timeout{};
  std::string secret_name, cert_secret, proxy_secret;  ///< "" for none
  std::optional<std::string> ignore;
  bool insecure = false, suspend = false;
};

/// Reads `object.spec`. Invalid names the field; Unsupported names what this version does not act upon: the providers azure and gcp, aws without
/// secretRef (cloud identities), sts.
base::Result<Spec> ParseSpec(const document::Value& object);

}  // namespace sluice::controller::bucket
