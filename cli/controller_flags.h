// cli/controller_flags.h: the flags of `sluice controller`, and what they come to.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "controller/feature_gates.h"
#include "controller/time_limit.h"
#include "rollout/order.h"

namespace CLI {
class App;
}

namespace sluice::cli {

/// Flux's flags (their names, meanings and defaults), those of its six controllers in one process.
struct ControllerFlags {
  std::string kubeconfig, context;
  std::string log_level = "info", log_encoding = "json";
  std::string events_addr;
  std::string storage_path, storage_addr = ":9090", storage_adv_addr;
  std::string metrics_addr = ":8080", health_addr = ":9440";
  std::string artifact_retention_ttl = "1m";
  std::size_t artifact_retention_records = 2;
  std::string artifact_digest_algo = "sha256", snapshot_digest_algo = "sha256";
  bool git_credentials_over_http = true;
  std::size_t token_cache_max_size = 100;
  std::string token_cache_max_duration = "1h";
  std::uint64_t artifact_max_bytes = 1u << 30, git_max_disk_bytes = 1u << 30, git_max_object_bytes = 128u << 20;
  std::uint64_t artifact_max_ratio = 200;
  std::size_t artifact_max_path_bytes = 4'096, artifact_max_path_depth = 64;
  std::size_t artifact_max_entries = 200'000, git_max_refs = 100'000, git_max_delta_chain = 4'095, git_max_submodules = 100,
              git_max_submodule_depth = 10;
  std::uint64_t helm_index_max_size = 50u << 20, helm_chart_max_size = 10u << 20, helm_chart_file_max_size = 5u << 20;
  std::size_t document_max_bytes = 8u << 20, document_max_depth = 512, document_max_nodes = 1'000'000, manifests_max_bytes = 64u << 20;
  std::size_t build_max_depth = 64, build_max_kustomizations = 10'000, build_max_objects = 200'000, build_max_nodes = 2'000'000,
              build_max_comparisons = 100'000'000, build_max_bytes = 512u << 20;
  std::uint64_t render_max_steps = 50'000'000;
  std::size_t render_max_output_bytes = 256u << 20, render_max_stack_bytes = 512u << 20;
  int render_max_template_depth = 100'000, render_max_include_depth = 1'000;
  std::string build_max_cpu_time = "30s", build_max_time = "60s", render_max_cpu_time = "30s", render_max_time = "60s";
  std::size_t sops_max_file_bytes = 5u << 20, regex_max_pattern_bytes = 10u << 10, cel_max_pattern_bytes = 4'096;
  std::int64_t regex_max_program_bytes = 8u << 20;
  std::uint64_t cel_max_cost = 1'000'000;
  std::size_t oci_max_tags = 50'000, oci_max_tag_pages = 100, oci_max_signatures = 50, oci_max_manifest_bytes = 4u << 20,
              http_max_header_bytes = 256u << 10;
  int http_max_redirects = 5;
  std::size_t helm_cache_max_size = 0;
  std::string helm_cache_ttl = "15m", helm_cache_purge_interval = "1m";
  std::size_t concurrent = 64, workers = 2, build_workers = 2, requests = 64;
  std::string requeue_dependency = "30s", min_retry_delay = "750ms", max_retry_delay = "15m", relist_interval = "30m";
  std::size_t interval_jitter_percentage = 5;
  bool leader_election = false, leader_election_release_on_cancel = true;
  std::string lease_duration = "35s", renew_deadline = "30s", retry_period = "5s";
  bool watch_all_namespaces = true;
  std::string watch_label_selector;
  bool no_cross_namespace_refs = false;
  std::string default_service_account;
  bool no_remote_bases = false;
  std::string sops_age_secret;
  std::string default_decryption_service_account, sops_vault_configmap;  ///< without effect, which is logged
  bool sops_age_secret_own_namespace = false;
  std::string default_kubeconfig_service_account;
  bool insecure_kubeconfig_tls = false, insecure_kubeconfig_exec = false;
  std::vector<std::string> ssh_hostkey_algos, ssh_kex_algos, custom_apply_stage_kinds, override_managers;
  std::string charts_sync_interval = "3m", git_poll_interval = "5m", git_timeout = "20s",
              git_default_ref = "master";  ///< the Helm operator's
  bool update_chart_deps = true;
  std::string http_timeout = "30s", graceful_shutdown_timeout = "600s", ignored;  ///< helm-controller's, without effect
  double kube_api_qps = 50;
  std::size_t kube_api_burst = 300, concurrent_ssa = 4, http_retry = 9;
  std::string watch_configs_label_selector = "reconcile.fluxcd.io/watch=Enabled";
  std::vector<std::string> feature_gates;  ///< each `Name=true,Other=false`
  bool prune_guard = true;
  unsigned prune_guard_ratio = 50;
  std::size_t prune_guard_min = 10;
  std::size_t journal_from = 16;
};

void AddControllerCommand(CLI::App& app, ControllerFlags& flags);

/// The flags, and the environment that Flux's controllers read ($STORAGE_PATH, $RUNTIME_NAMESPACE, $HOSTNAME), as the parts want them.
struct ControllerSettings {
  base::Duration retention_ttl{}, requeue_dependency{}, min_retry{}, max_retry{}, token_age{}, relist{}, charts_sync{}, git_poll{},
      git_timeout{};
  controller::TimeLimits build_time, render_time;
  std::chrono::milliseconds lease_duration{}, renew_deadline{}, retry_period{};
  rollout::CustomStageKinds custom_stage_kinds;
  std::string storage_path, namespace_, hostname;
  base::LogLevel log_level = base::LogLevel::Info;
  controller::FeatureGates gates;
  bool console = false;  ///< the log is for eyes
};

/// Invalid: the flag, what it was given and what it takes.
base::Result<ControllerSettings> ReadSettings(const ControllerFlags& flags);

}  // namespace sluice::cli
