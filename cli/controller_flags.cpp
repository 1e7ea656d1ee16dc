#include "cli/controller_flags.h"

#include <CLI/CLI.hpp>

#include "base/digest.h"
#include "cli/environment.h"

namespace sluice::cli {
namespace {

using base::Result;

Result<base::Duration> ParseDuration(std::string_view flag, const std::string& text) {
  const auto parsed = base::ParseGoDuration(text);
  if (!parsed || parsed->count() <= 0) return base::Invalid(std::string(flag) + ": \"" + text + "\" is not a duration such as 30s or 10m");
  return *parsed;
}

Result<rollout::CustomStageKinds> ParseKinds(const std::vector<std::string>& kinds) {
  rollout::CustomStageKinds out;
  for (const std::string& kind : kinds) {
    const std::size_t slash = kind.find('/');
    if (slash == std::string::npos) return base::Invalid("--custom-apply-stage-kinds: \"" + kind + "\" is not group/Kind");
    out.insert({kind.substr(0, slash), kind.substr(slash + 1)});
  }
  return out;
}

Result<base::LogLevel> ParseLevel(const std::string& word) {
  if (word == "trace") return base::LogLevel::Trace;
  if (word == "debug") return base::LogLevel::Debug;
  if (word == "info") return base::LogLevel::Info;
  if (word == "error") return base::LogLevel::Error;
  return base::Invalid("--log-level: \"" + word + "\" is none of trace, debug, info, error");
}

}  // namespace

Result<ControllerSettings> ReadSettings(const ControllerFlags& flags) {
  ControllerSettings out;
  TRY(out.retention_ttl, ParseDuration("--artifact-retention-ttl", flags.artifact_retention_ttl));
  TRY(out.token_age, ParseDuration("--token-cache-max-duration", flags.token_cache_max_duration));
  if (!base::Hasher::Make(flags.artifact_digest_algo))
    return base::Invalid("--artifact-digest-algo: \"" + flags.artifact_digest_algo + "\" is none of sha256, sha1, sha384, sha512, blake3");
  if (!base::Hasher::Make(flags.snapshot_digest_algo))
    return base::Invalid("--snapshot-digest-algo: \"" + flags.snapshot_digest_algo + "\" is none of sha256, sha1, sha384, sha512, blake3");
  TRY(out.requeue_dependency, ParseDuration("--requeue-dependency", flags.requeue_dependency));
  TRY(out.relist, ParseDuration("--relist-interval", flags.relist_interval));
  TRY(out.charts_sync, ParseDuration("--charts-sync-interval", flags.charts_sync_interval));
  TRY(out.git_poll, ParseDuration("--git-poll-interval", flags.git_poll_interval));
  TRY(out.git_timeout, ParseDuration("--git-timeout", flags.git_timeout));
  TRY(out.build_time.cpu, ParseDuration("--build-max-cpu-time", flags.build_max_cpu_time));
  TRY(out.build_time.wall, ParseDuration("--build-max-time", flags.build_max_time));
  TRY(out.render_time.cpu, ParseDuration("--render-max-cpu-time", flags.render_max_cpu_time));
  TRY(out.render_time.wall, ParseDuration("--render-max-time", flags.render_max_time));
  TRY(out.min_retry, ParseDuration("--min-retry-delay", flags.min_retry_delay));
  TRY(out.max_retry, ParseDuration("--max-retry-delay", flags.max_retry_delay));
  TRY(const base::Duration lease, ParseDuration("--leader-election-lease-duration", flags.lease_duration));
  TRY(const base::Duration renew, ParseDuration("--leader-election-renew-deadline", flags.renew_deadline));
  TRY(const base::Duration retry, ParseDuration("--leader-election-retry-period", flags.retry_period));
  if (renew >= lease) return base::Invalid("--leader-election-renew-deadline must be shorter than --leader-election-lease-duration");
  out.lease_duration = std::chrono::duration_cast<std::chrono::milliseconds>(lease);
  out.renew_deadline = std::chrono::duration_cast<std::chrono::milliseconds>(renew);
  out.retry_period = std::chrono::duration_cast<std::chrono::milliseconds>(retry);
  TRY(out.custom_stage_kinds, ParseKinds(flags.custom_apply_stage_kinds));
  TRY(out.log_level, ParseLevel(flags.log_level));
  TRY(out.gates, controller::FeatureGates::Parse(flags.feature_gates));
  out.console = flags.log_encoding == "console";
  if (flags.log_encoding != "console" && flags.log_encoding != "json")
    return base::Invalid("--log-encoding: \"" + flags.log_encoding + "\" is neither json nor console");
  if (!flags.events_addr.empty() && flags.events_addr != "0" && !flags.events_addr.starts_with("http://") &&
      !flags.events_addr.starts_with("https://"))
    return base::Invalid("--events-addr: \"" + flags.events_addr +
                         "\" is not a URL such as http://notification-controller.flux-system.svc.cluster.local./");
  out.storage_path = flags.storage_path.empty() ? EnvironmentOr("STORAGE_PATH", "/data") : flags.storage_path;
  out.namespace_ = EnvironmentOr("RUNTIME_NAMESPACE", "flux");
  out.hostname = EnvironmentOr("HOSTNAME", "sluice");
  return out;
}

namespace {

constexpr std::size_t kMaxMaxDepth = 1'000;           // what recurses over a document needs a stack for it
constexpr std::size_t kMaxHeaderBytes = 16u << 20;    // HTTP/2 says it in 32 bits
constexpr std::size_t kMinStackBytes = 4u << 20;      // templates are given no less
constexpr std::int64_t kMinProgramBytes = 64u << 10;  // a program of RE2 has a floor, below which nothing compiles

/// What a stranger's input may cost (docs/threats.md, "Budgets").
void AddLimits(CLI::App& c, ControllerFlags& flags) {
  const auto add = [&c](const char* name, auto& value, const char* help) {
    return c.add_option(name, value, help)->check(CLI::PositiveNumber)->capture_default_str();
  };
  add("--document-max-bytes", flags.document_max_bytes, "Bytes of one YAML or JSON text of a source, a chart, a Secret or a ConfigMap");
  add("--document-max-depth", flags.document_max_depth, "Mappings and lists in each other in such a text")
      ->check(CLI::Range(std::size_t{1}, kMaxMaxDepth));
  add("--document-max-nodes", flags.document_max_nodes, "Scalars, mappings and lists in such a text of YAML, after aliases are expanded");
  add("--manifests-max-bytes", flags.manifests_max_bytes,
      "Bytes of all manifests of one Kustomization or release, and of one file of them");
  add("--build-max-depth", flags.build_max_depth, "Kustomizations that one build may nest in each other");
  add("--build-max-kustomizations", flags.build_max_kustomizations, "Kustomizations that one build may read");
  add("--build-max-objects", flags.build_max_objects, "Objects that one build may read");
  add("--build-max-nodes", flags.build_max_nodes, "Nodes that the aliases in all files of one build may expand to");
  add("--build-max-comparisons", flags.build_max_comparisons, "Comparisons of objects with targets, and of list elements, in one build");
  add("--build-max-bytes", flags.build_max_bytes, "Bytes that one build may read from files and write into objects");
  add("--render-max-steps", flags.render_max_steps, "Nodes that the templates of a chart may evaluate in one render");
  add("--render-max-output-bytes", flags.render_max_output_bytes, "Bytes that the templates of a chart may write in one render");
  add("--render-max-template-depth", flags.render_max_template_depth, "How deep templates may be nested in each other");
  add("--render-max-include-depth", flags.render_max_include_depth, "How deep a template may include itself");
  add("--render-max-stack-bytes", flags.render_max_stack_bytes, "Bytes of the stack that templates run on")
      ->check(CLI::Range(kMinStackBytes, std::size_t{1} << 40));
  add("--sops-max-file-bytes", flags.sops_max_file_bytes, "Bytes of one encrypted file");
  add("--regex-max-pattern-bytes", flags.regex_max_pattern_bytes, "Bytes of a regular expression in a spec or a SOPS file");
  add("--regex-max-program-bytes", flags.regex_max_program_bytes, "Bytes of the program that a regular expression is compiled to")
      ->check(CLI::Range(kMinProgramBytes, std::int64_t{1} << 40));
  add("--cel-max-cost", flags.cel_max_cost, "Cost of evaluating one CEL expression: one a step, one for ten bytes of text walked over");
  add("--cel-max-pattern-bytes", flags.cel_max_pattern_bytes, "Bytes of a regular expression in a CEL expression");
  add("--oci-max-tags", flags.oci_max_tags, "Tags of one repository of a registry");
  add("--oci-max-tag-pages", flags.oci_max_tag_pages, "Pages that list them");
  add("--oci-max-signatures", flags.oci_max_signatures, "Signatures of one artifact that are looked at");
  add("--oci-max-manifest-bytes", flags.oci_max_manifest_bytes, "Bytes of a manifest in a registry");
  add("--http-max-header-bytes", flags.http_max_header_bytes, "Bytes of the headers of one answer of a source")
      ->check(CLI::Range(std::size_t{1}, kMaxHeaderBytes));
  c.add_option("--build-max-cpu-time", flags.build_max_cpu_time, "CPU time of one build of a Kustomization or by a post-renderer")
      ->capture_default_str();
  c.add_option("--build-max-time", flags.build_max_time, "Time of such a build, waiting included")->capture_default_str();
  c.add_option("--render-max-cpu-time", flags.render_max_cpu_time, "CPU time of one render of a chart")->capture_default_str();
  c.add_option("--render-max-time", flags.render_max_time, "Time of such a render, waiting for what it looks up included")
      ->capture_default_str();
  c.add_option("--http-max-redirects", flags.http_max_redirects, "Redirects that are followed to a source")
      ->check(CLI::Range(0, 50))
      ->capture_default_str();
}

}  // namespace

void AddControllerCommand(CLI::App& app, ControllerFlags& flags) {
  CLI::App* c = app.add_subcommand("controller", "Run the controller");
  c->add_option("--kubeconfig", flags.kubeconfig, "Path to a kubeconfig; else $KUBECONFIG, the pod's service account, ~/.kube/config");
  c->add_option("--context", flags.context, "Context of the kubeconfig");
  c->add_option("--log-level", flags.log_level, "trace, debug, info or error")->capture_default_str();
  c->add_option("--log-encoding", flags.log_encoding, "json or console")->capture_default_str();
  c->add_option("--events-addr", flags.events_addr, "URL that every event is posted to (Flux's notification-controller); empty or 0: none");
  c->add_option("--storage-path", flags.storage_path, "Directory for Git caches and artifacts ($STORAGE_PATH, else /data)");
  c->add_option("--storage-addr", flags.storage_addr, "Where artifacts are served")->capture_default_str();
  c->add_option("--storage-adv-addr", flags.storage_adv_addr, "Host and port in the URLs of artifacts");
  c->add_option("--metrics-addr", flags.metrics_addr, "Where /metrics is served; 0 turns it off")->capture_default_str();
  c->add_option("--health-addr", flags.health_addr, "Where /healthz and /readyz are served; 0 turns it off")->capture_default_str();
  c->add_option("--artifact-retention-ttl", flags.artifact_retention_ttl, "How long an older artifact is kept")->capture_default_str();
  c->add_option("--artifact-retention-records", flags.artifact_retention_records, "How many artifacts of an object are kept")
      ->capture_default_str();
  c->add_option("--artifact-digest-algo", flags.artifact_digest_algo, "What artifacts' digests are made with")->capture_default_str();
  c->add_option("--artifact-max-bytes", flags.artifact_max_bytes, "Bytes that one artifact may hold, unpacked")->capture_default_str();
  c->add_option("--artifact-max-entries", flags.artifact_max_entries, "Files and directories that one artifact may hold")
      ->capture_default_str();
  c->add_option("--artifact-max-ratio", flags.artifact_max_ratio,
                "How many times its packed size an artifact of more than 64 MiB may unpack to")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  c->add_option("--artifact-max-path-bytes", flags.artifact_max_path_bytes, "Bytes of a path in an artifact")->capture_default_str();
  c->add_option("--artifact-max-path-depth", flags.artifact_max_path_depth, "Names in a path in an artifact")->capture_default_str();
  c->add_option("--git-max-disk-bytes", flags.git_max_disk_bytes, "Bytes on disk of one repository with its submodules")
      ->capture_default_str();
  c->add_option("--git-max-object-bytes", flags.git_max_object_bytes, "Bytes of one file in a repository")->capture_default_str();
  c->add_option("--git-max-refs", flags.git_max_refs, "References that a Git host may list")->capture_default_str();
  c->add_option("--git-max-delta-chain", flags.git_max_delta_chain, "Deltas upon each other in what a Git host sends")
      ->capture_default_str();
  c->add_option("--git-max-submodules", flags.git_max_submodules, "Submodules of one commit, to every depth")->capture_default_str();
  c->add_option("--git-max-submodule-depth", flags.git_max_submodule_depth, "How deep submodules may be nested")->capture_default_str();
  c->add_option("--git-credentials-over-http", flags.git_credentials_over_http, "false: logins of GitRepositories need https")
      ->capture_default_str();
  c->add_option("--helm-index-max-size", flags.helm_index_max_size, "Bytes of the index of a chart repository")->capture_default_str();
  c->add_option("--helm-chart-max-size", flags.helm_chart_max_size, "Bytes of a chart's archive")->capture_default_str();
  c->add_option("--helm-chart-file-max-size", flags.helm_chart_file_max_size, "Bytes of one file of a chart")->capture_default_str();
  AddLimits(*c, flags);
  // Flux's cache of indexes, which is off there. Ours is bounded by itself: of each version it keeps what is needed to find it.
  c->add_option("--helm-cache-max-size", flags.helm_cache_max_size, "Accepted; indexes are cached in 48 MiB");
  c->add_option("--helm-cache-ttl", flags.helm_cache_ttl, "Accepted; see --helm-cache-max-size");
  c->add_option("--helm-cache-purge-interval", flags.helm_cache_purge_interval, "Accepted; see --helm-cache-max-size");
  c->add_option("--token-cache-max-size", flags.token_cache_max_size, "How many tokens of GitHub Apps are kept")->capture_default_str();
  c->add_option("--token-cache-max-duration", flags.token_cache_max_duration, "How long a token is kept at most")->capture_default_str();
  c->add_option("--concurrent", flags.concurrent, "Runs at a time, for each kind and each host or remote cluster that they wait for")
      ->capture_default_str();
  c->add_option("--workers", flags.workers,
                "Threads for what computes: trees, archives, builds; and packs from Git hosts indexed at a time; up to four times as many "
                "while some take longer than a second")
      ->capture_default_str();
  c->add_option("--build-workers", flags.build_workers,
                "Confined processes that build Kustomizations, and as many that render charts, out of reach of the controller's tokens and "
                "keys, up to four times as many while some take longer than a second; 0: all of it in the controller's own process")
      ->capture_default_str();
  c->add_option("--kube-api-inflight", flags.requests, "Requests to the API server at a time")->capture_default_str();
  // Flux's own limits, which patches of its Deployments set. What they bound there, --concurrent, --kube-api-inflight and deadlines bound here.
  c->add_option("--kube-api-qps", flags.kube_api_qps, "Accepted; see --kube-api-inflight");
  c->add_option("--kube-api-burst", flags.kube_api_burst, "Accepted; see --kube-api-inflight");
  c->add_option("--concurrent-ssa", flags.concurrent_ssa, "Accepted; see --kube-api-inflight");
  c->add_option("--requeue-dependency", flags.requeue_dependency, "How often a missing source or dependency is looked for")
      ->capture_default_str();
  c->add_option("--relist-interval", flags.relist_interval, "How often watched objects are listed anew, against events that never came")
      ->capture_default_str();
  c->add_option("--min-retry-delay", flags.min_retry_delay, "The first wait after a failure")->capture_default_str();
  c->add_option("--max-retry-delay", flags.max_retry_delay, "The longest wait after a failure")->capture_default_str();
  c->add_option("--interval-jitter-percentage", flags.interval_jitter_percentage, "By how much intervals vary")->capture_default_str();
  c->add_flag("--enable-leader-election", flags.leader_election, "Let one of several replicas work");
  c->add_flag("--leader-election-release-on-cancel,!--no-leader-election-release-on-cancel", flags.leader_election_release_on_cancel,
              "Give the lease back at the end");
  c->add_option("--leader-election-lease-duration", flags.lease_duration, "How long others wait for a leader that is silent")
      ->capture_default_str();
  c->add_option("--leader-election-renew-deadline", flags.renew_deadline, "How long a leader goes on without renewing")
      ->capture_default_str();
  c->add_option("--leader-election-retry-period", flags.retry_period, "How long between two tries")->capture_default_str();
  c->add_option("--watch-all-namespaces", flags.watch_all_namespaces, "false: only $RUNTIME_NAMESPACE")->capture_default_str();
  c->add_option("--watch-label-selector", flags.watch_label_selector, "Only objects with these labels (sharding)");
  c->add_option("--watch-configs-label-selector", flags.watch_configs_label_selector,
                "ConfigMaps and Secrets with these labels wake the Kustomizations that name them")
      ->capture_default_str();
  c->add_flag("--no-remote-bases", flags.no_remote_bases,
              "Refuse what kustomizations name outside of their artifact: directories of other repositories, files over http(s)");
  c->add_flag("--no-cross-namespace-refs", flags.no_cross_namespace_refs, "Refuse sources of other namespaces");
  c->add_option("--default-decryption-service-account", flags.default_decryption_service_account,
                "Flux's: without effect, keys of clouds are not served");
  c->add_option("--sops-vault-configmap", flags.sops_vault_configmap, "Flux's: without effect, keys of Vault are not served");
  c->add_option("--default-service-account", flags.default_service_account, "For Kustomizations that name none");
  c->add_flag("--insecure-kubeconfig-tls", flags.insecure_kubeconfig_tls, "Let kubeconfigs in Secrets ask for insecure-skip-tls-verify");
  c->add_flag("--insecure-kubeconfig-exec", flags.insecure_kubeconfig_exec,
              "Let kubeconfigs in Secrets name programs that print credentials: they run as the controller");
  c->add_option("--default-kubeconfig-service-account", flags.default_kubeconfig_service_account,
                "For ConfigMaps of spec.kubeConfig that name none");
  c->add_option("--sops-age-secret", flags.sops_age_secret,
                "Secret in our namespace with age keys, for Kustomizations whose spec.decryption names none");
  c->add_flag("--sops-age-secret-own-namespace", flags.sops_age_secret_own_namespace,
              "Let the Secret of --sops-age-secret serve the Kustomizations of our namespace alone");
  c->add_option("--ssh-hostkey-algos", flags.ssh_hostkey_algos, "Host key algorithms for Git over ssh")->delimiter(',');
  c->add_option("--ssh-kex-algos", flags.ssh_kex_algos, "Key exchange algorithms for Git over ssh")->delimiter(',');
  c->add_option("--override-manager", flags.override_managers, "Field managers whose changes are undone, as prefixes; repeatable");
  c->add_option("--prune-guard", flags.prune_guard, "false: prune whatever a commit removes, as Flux does")->capture_default_str();
  c->add_option("--prune-guard-ratio", flags.prune_guard_ratio, "Hold a removal of more than so many percent of an inventory")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  c->add_option("--prune-guard-min", flags.prune_guard_min, "... of an inventory of at least so many objects")->capture_default_str();
  c->add_option("--journal-from", flags.journal_from,
                "Kustomizations at work from which on what they are about to create is put on record together, not in the status of each")
      ->capture_default_str();
  c->add_option("--custom-apply-stage-kinds", flags.custom_apply_stage_kinds, "group/Kind to apply in a stage of their own")
      ->delimiter(',');
  // The Helm operator's, for its kind: HelmReleases of helm.fluxcd.io/v1.
  c->add_option("--charts-sync-interval", flags.charts_sync_interval, "How often a HelmRelease of the Helm operator is looked at")
      ->capture_default_str();
  c->add_option("--git-poll-interval", flags.git_poll_interval, "How often the Git repository of its chart is")->capture_default_str();
  c->add_option("--git-timeout", flags.git_timeout, "Limit of one look there")->capture_default_str();
  c->add_option("--git-default-ref", flags.git_default_ref, "Branch of such a chart if the HelmRelease names none")->capture_default_str();
  c->add_option("--update-chart-deps", flags.update_chart_deps, "false: such a chart has its dependencies with it")->capture_default_str();
  c->add_option("--http-timeout", flags.http_timeout, "Accepted: fetching an artifact has a limit of its own")->capture_default_str();
  c->add_option("--graceful-shutdown-timeout", flags.graceful_shutdown_timeout,
                "Accepted: an action on a release ends at once, and the next process goes on with it")
      ->capture_default_str();
  for (const char* flag :
       {"--oom-watch-interval", "--oom-watch-memory-threshold", "--oom-watch-max-memory-path", "--oom-watch-current-memory-path"})
    c->add_option(flag, flags.ignored, "Accepted: an action that dies with the process is gone on with by the next one");
  c->add_option("--snapshot-digest-algo", flags.snapshot_digest_algo, "Digest of the releases in a HelmRelease's history")
      ->capture_default_str();
  c->add_option("--http-retry", flags.http_retry, "How often fetching an artifact is tried again")->capture_default_str();
  c->add_option("--feature-gates", flags.feature_gates, "Name=true or Name=false, joined by commas: Flux's gates")->take_all();
}

}  // namespace sluice::cli
