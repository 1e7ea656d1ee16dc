// controller/kustomization/spec.h: the spec of a Kustomization (kustomize.toolkit.fluxcd.io/v1) with its defaults. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "controller/spec_parts.h"
#include "document/object.h"
#include "document/value.h"
#include "kustomize/types.h"
#include "rollout/custom_status.h"

namespace sluice::controller::kustomization {

struct SourceReference {
  std::string api_version, kind, name, ns;  ///< ns is filled in with the object's own
  auto operator<=>(const SourceReference&) const = default;
  /// `GitRepository/flux/fleet`, Flux's form in messages.
  std::string ToString() const { return kind + "/" + ns + "/" + name; }
};

enum class DeletionPolicy { MirrorPrune, Delete, WaitForTermination, Orphan };

struct HealthCheck {
  std::string api_version, kind, name, ns;
};

struct Substitute {
  std::vector<std::pair<std::string, std::string>> variables;
  struct From {
    bool secret = false;  ///< else a ConfigMap
    std::string name;
    bool optional = false;
  };
  std::vector<From> from;
  bool always = false;  ///< substituteStrategy Always: also without any variable
};

/// spec.decryption; its provider is always sops.
struct Decryption {
  std::string secret;                ///< secretRef.name, "" if absent
  std::string service_account_name;  ///< asks for key services, which are not served
};

struct Spec {
  base::Duration interval{}, retry_interval{}, timeout{};
  SourceReference source;
  std::string path;  ///< as written; "" is the root
  bool prune = false, force = false, wait = false, suspend = false;
  DeletionPolicy deletion_policy = DeletionPolicy::MirrorPrune;
  std::vector<HealthCheck> health_checks;
  std::vector<rollout::CustomHealthCheck> health_check_exprs;
  std::vector<Dependency> depends_on;
  std::string target_namespace, name_prefix, name_suffix, service_account_name;
  document::Value patches, images;  ///< as written (sequences), null if absent
  std::vector<std::string> components, build_metadata;
  bool ignore_missing_components = false;
  std::vector<std::pair<std::string, std::string>> common_labels, common_annotations;
  std::optional<Substitute> post_build;
  std::vector<IgnoreRule> ignore;
  std::optional<Decryption> decryption;
  std::optional<KubeConfig> kube_config;

  bool ChecksHealth() const { return wait || !health_checks.empty(); }
};

/// Reads `object.spec`. Invalid names the field; Unsupported names a field that this version does not act upon (it is never ignored).
base::Result<Spec> ParseSpec(const document::Value& object);

/// As ParseSpec for what concerns building only: fields about applying (decryption, kubeConfig, readiness expressions) do not matter.
base::Result<Spec> ParseBuildSpec(const document::Value& object);

}  // namespace sluice::controller::kustomization
