// controller/helm_operator/spec.h: the spec of a HelmRelease of the older Helm operator (helm.fluxcd.io/v1) with its defaults. Pure. The rules are
// fluxcd/helm-operator's (pkg/apis/helm.fluxcd.io/v1), for Helm 3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::helm_operator {

/// A chart in a Git repository.
struct GitChart {
  std::string url;  ///< as sources::ParseGitUrl takes it: `git@host:path` has become ssh://git@host/path
  std::string ref;  ///< branch, tag, commit or a full reference name; "" is the default one
  std::string path;
  std::string secret_ns, secret_name;  ///< "" for none
  bool skip_dep_update = false;
  bool operator==(const GitChart&) const = default;
};

/// A chart in a chart repository.
struct RepositoryChart {
  std::string url, name, version, pull_secret;
  bool operator==(const RepositoryChart&) const = default;
};

/// Where some of the values are.
struct ValuesSource {
  enum class Kind { ConfigMap, Secret, External, ChartFile };
  Kind kind = Kind::ConfigMap;
  std::string ns, name, key;  ///< of a ConfigMap or Secret
  std::string where;          ///< the URL, or the path below the chart
  bool optional = false;
};

struct RollbackSpec {
  bool enable = false, retry = false, force = false, recreate = false, disable_hooks = false, wait = false;
  int max_retries = 5;  ///< 0: no limit
  base::Duration timeout = std::chrono::minutes(5);
};

struct TestSpec {
  bool enable = false, ignore_failures = false;
  base::Duration timeout = std::chrono::minutes(5);
};

struct Spec {
  std::optional<GitChart> git;  ///< exactly one of these two
  std::optional<RepositoryChart> repository;
  std::string release_name, ns;  ///< as they result; `ns` is targetNamespace or the object's own
  int max_history = 10;
  std::vector<ValuesSource> values_from;  ///< valueFileSecrets first
  document::Value values;                 ///< a mapping, or null
  base::Duration timeout = std::chrono::minutes(5);
  bool reuse_values = false;  ///< resetValues is false, which its absence is not
  bool skip_crds = false, wait = false, force_upgrade = false, disable_openapi_validation = false;
  RollbackSpec rollback;
  TestSpec test;
};

/// What a platform allows its tenants.
struct SpecRules {
  bool no_cross_namespace_refs = false;  ///< no Secrets and ConfigMaps of other namespaces
};

/// Reads `object.spec`. Errors: Invalid names the field and what it takes; Unsupported: a release of Helm 2; Forbidden: a reference to another namespace.
base::Result<Spec> ParseSpec(const document::Value& object, const SpecRules& rules = {});

/// `<namespace>-<name>`, with a target namespace `<namespace>-<target>-<name>`; spec.releaseName if there is one. Needs no valid spec.
std::string ReleaseNameOf(const document::Value& object);
/// spec.targetNamespace, or the object's own.
std::string TargetNamespaceOf(const document::Value& object);
/// `team:helmrelease/web`: how the operator marks what belongs to a HelmRelease.
std::string ResourceIdOf(const document::Value& object);

}  // namespace sluice::controller::helm_operator
