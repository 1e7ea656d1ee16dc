// controller/spec_parts.h: the parts that the specs of Kustomization and HelmRelease have in common. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "controller/spec_reader.h"
#include "document/object.h"
#include "document/value.h"
#include "kustomize/types.h"
#include "rollout/custom_status.h"

namespace sluice::controller {

struct Dependency {
  document::NamespacedName name;
  std::string ready_expr;  ///< CEL over `self` and `dep`; "" for Flux's own check
};

/// Fields of applied objects that others may change: paths are JSON Pointers, an empty target is every object.
struct IgnoreRule {
  std::vector<std::string> paths;
  kustomize::Selector target;
};

/// spec.kubeConfig: exactly one of a Secret and a ConfigMap, in the namespace of the object.
struct KubeConfig {
  std::string secret, key;  ///< secretRef; no key: `value` or `value.yaml`
  std::string config_map;   ///< configMapRef.name
};

// Each reads a field of `spec`. Errors: Invalid, naming the field.

/// `dependsOn`; a namespace that is not given is `own_namespace`.
base::Result<std::vector<Dependency>> ReadDependencies(const SpecReader& spec, const std::string& own_namespace);
/// `ignore`.
base::Result<std::vector<IgnoreRule>> ReadIgnore(const SpecReader& spec);
/// What `kubeConfig` is; `config` is that field.
base::Result<KubeConfig> ReadKubeConfig(const SpecReader& config);
/// `healthCheckExprs`.
base::Result<std::vector<rollout::CustomHealthCheck>> ReadHealthCheckExprs(const SpecReader& spec);
/// The same of a whole object.
base::Result<std::vector<rollout::CustomHealthCheck>> ReadHealthCheckExprs(const document::Value& object);

}  // namespace sluice::controller
