// controller/helm_release/spec.h: the spec of a HelmRelease (helm.toolkit.fluxcd.io/v2) with its defaults (flux-contract 7.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "controller/spec_parts.h"
#include "document/value.h"
#include "rollout/custom_status.h"

namespace sluice::controller::helm_release {

using Strings = std::vector<std::pair<std::string, std::string>>;

/// spec.chart: the HelmChart that is made for it.
struct ChartTemplate {
  Strings labels, annotations;
  std::string chart, version, source_kind, source_name, source_ns, reconcile_strategy;
  base::Duration interval{};
  std::vector<std::string> values_files;
  bool ignore_missing_values_files = false;
  std::string verify_provider, verify_secret;  ///< verify.provider "" without `verify`
};

/// spec.chartRef: somebody else's source.
struct ChartRef {
  std::string kind, ns, name;
};

/// What follows a failed install or upgrade.
struct Remediation {
  int retries = 0;  ///< below 0: without end
  std::optional<bool> ignore_test_failures, remediate_last_failure;
  bool uninstall = false;  ///< of upgrades: strategy uninstall instead of rollback
};

/// How an install or upgrade that failed goes on.
struct RetryStrategy {
  bool retries_only = false;  ///< RetryOnFailure, given or by the gate; else it is remediated
  base::Duration interval = std::chrono::minutes(5);
};

enum class CrdPolicy { Skip, Create, CreateReplace };
enum class ApplyMode { Auto, Enabled, Disabled };

/// What install, upgrade, rollback and uninstall have in common.
struct ActionSpec {
  std::optional<base::Duration> timeout;
  bool disable_wait = false, disable_wait_for_jobs = false, disable_hooks = false;
};

struct InstallSpec : ActionSpec {
  Remediation remediation;
  RetryStrategy strategy;
  bool disable_openapi_validation = false, disable_schema_validation = false, disable_take_ownership = false, replace = false;
  bool create_namespace = false, server_side_apply = true;
  CrdPolicy crds = CrdPolicy::Create;
};

struct UpgradeSpec : ActionSpec {
  Remediation remediation;
  RetryStrategy strategy;
  bool disable_openapi_validation = false, disable_schema_validation = false, disable_take_ownership = false, force = false;
  bool preserve_values = false, cleanup_on_fail = false;
  bool change_chart_in_place = false;  ///< chartNameChangeStrategy InPlaceUpdate
  CrdPolicy crds = CrdPolicy::Create;
  ApplyMode server_side_apply = ApplyMode::Auto;
};

struct RollbackSpec : ActionSpec {
  bool force = false, cleanup_on_fail = false;
  ApplyMode server_side_apply = ApplyMode::Auto;
};

struct UninstallSpec : ActionSpec {
  bool keep_history = false;
  std::string propagation = "background";
};

struct TestFilter {
  std::string name;
  bool exclude = false;
};

struct TestSpec {
  bool enable = false, ignore_failures = false;
  std::optional<base::Duration> timeout;
  std::vector<TestFilter> filters;
};

struct ValuesReference {
  bool secret = false;  ///< else a ConfigMap
  std::string name, key, target_path;
  bool optional = false, literal = false;
};

enum class DriftMode { Disabled, Warn, Enabled };
enum class PostRenderStrategy { NoHooks, Combined, Separate };

struct Spec {
  std::optional<ChartTemplate> chart;  ///< exactly one of these two
  std::optional<ChartRef> chart_ref;
  base::Duration interval{}, timeout = std::chrono::minutes(5);
  bool suspend = false;
  std::string release_name, ns, storage_ns;  ///< as they result: spec.releaseName, targetNamespace and storageNamespace with their defaults
  bool has_target_namespace = false;
  std::vector<Dependency> depends_on;
  int max_history = 5;
  std::string service_account_name;
  std::optional<KubeConfig> kube_config;
  DriftMode drift_mode = DriftMode::Disabled;
  std::vector<IgnoreRule> drift_ignore;
  InstallSpec install;
  UpgradeSpec upgrade;
  RollbackSpec rollback;
  UninstallSpec uninstall;
  TestSpec test;
  document::Value values;  ///< a mapping, or null
  std::vector<ValuesReference> values_from;
  document::Value post_renderers;   ///< as written, null if absent
  document::Value common_metadata;  ///< as written, null if absent
  PostRenderStrategy post_render_strategy = PostRenderStrategy::Combined;
  std::vector<rollout::CustomHealthCheck> health_check_exprs;
  bool legacy_wait = false;  ///< waitStrategy legacy: Helm 3's rules instead of kstatus's

  base::Duration TimeoutOf(const ActionSpec& action) const { return action.timeout.value_or(timeout); }
};

/// Gates that change defaults.
struct SpecDefaults {
  bool helm3 = false;             ///< UseHelm3Defaults
  bool retry_on_failure = false;  ///< DefaultToRetryOnFailure
};

/// Reads `object.spec`. Invalid names the field.
base::Result<Spec> ParseSpec(const document::Value& object, const SpecDefaults& defaults = {});

/// Flux's and Helm's limit of 53 characters: a longer name is cut at 40, and 12 digits of its sha256 follow.
std::string ShortenName(const std::string& name);

/// `<namespace>-<name>`: what the HelmChart of a HelmRelease is called.
std::string HelmChartName(const document::Value& object);

/// The digests by which Flux knows what it rendered with: sha256 over Go's JSON of the field, "" if it is absent.
std::string PostRenderersDigest(const Spec& spec);
std::string CommonMetadataDigest(const Spec& spec);

}  // namespace sluice::controller::helm_release
