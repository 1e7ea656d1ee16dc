// helm/render/capabilities.h: what a chart is told of the cluster (helm-contract 4.4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "helm/template/dialect.h"
#include "helm/template/value.h"

namespace sluice::helm {

struct KubeVersion {
  std::string version;     ///< .Version: "v1.33.4-gke.1245000"
  std::string normalized;  ///< what constraints are checked against and what is printed; "" for `version`
  std::string major, minor;

  const std::string& Text() const { return normalized.empty() ? version : normalized; }
};

/// --kube-version. In Helm 3 a suffix is dropped. Errors: Invalid "invalid kube version 'x': ...".
base::Result<KubeVersion> ParseKubeVersion(std::string_view text, Dialect dialect);

struct Capabilities {
  KubeVersion kube_version;
  std::vector<std::string> api_versions;  ///< "apps/v1", and of a live cluster "apps/v1/Deployment" too
};

/// What `helm template` knows without a cluster: Kubernetes 1.37 and the groups of its client library, without kinds.
Capabilities DefaultCapabilities();

/// .Capabilities
Value CapabilitiesValue(const Capabilities& capabilities, Dialect dialect);

}  // namespace sluice::helm
