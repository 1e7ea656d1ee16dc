#include "cli/controller_command.h"

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "base/digest.h"
#include "base/log.h"
#include "cli/environment.h"
#include "cli/logs.h"
#include "cli/metrics_page.h"
#include "cli/version.h"
#include "controller/artifact_generator/reconciler.h"
#include "controller/artifact_loader.h"
#include "controller/config_watcher.h"
#include "controller/feature_gates.h"
#include "controller/foreign_sources.h"
#include "controller/git_repository/reconciler.h"
#include "controller/kustomization/reconciler.h"
#include "controller/object_events.h"
#include "controller/oci_repository/reconciler.h"
#include "controller/queue_meter.h"
#include "kube/event_poster.h"
#include "kube/lease.h"
#include "net/await.h"
#include "net/server.h"
#include "sources/git/library.h"

namespace sluice::cli {
namespace {

using base::Result;
using controller::Key;
using controller::Triggers;

const document::GroupVersionKind kGitRepository{"source.toolkit.fluxcd.io", "v1", "GitRepository"};
const document::GroupVersionKind kExternalArtifact{"source.toolkit.fluxcd.io", "v1", "ExternalArtifact"};
const document::GroupVersionKind kOciRepository{"source.toolkit.fluxcd.io", "v1", "OCIRepository"};
const document::GroupVersionKind kBucket{"source.toolkit.fluxcd.io", "v1", "Bucket"};
const document::GroupVersionKind kHelmChart{"source.toolkit.fluxcd.io", "v1", "HelmChart"};
const document::GroupVersionKind kArtifactGenerator{"source.extensions.fluxcd.io", "v1beta1", "ArtifactGenerator"};
const document::GroupVersionKind kKustomization{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"};

/// The flags as the parts want them.
struct Settings {
  base::Duration retention_ttl{}, requeue_dependency{}, min_retry{}, max_retry{}, token_age{};
  std::chrono::milliseconds lease_duration{}, renew_deadline{}, retry_period{};
  rollout::CustomStageKinds custom_stage_kinds;
  std::string storage_path, namespace_, hostname;
  base::LogLevel log_level = base::LogLevel::Info;
  controller::FeatureGates gates;
  bool console = false;  ///< the log is for eyes
};

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

Result<Settings> Read(const ControllerFlags& flags) {
  Settings out;
  TRY(out.retention_ttl, ParseDuration("--artifact-retention-ttl", flags.artifact_retention_ttl));
  TRY(out.token_age, ParseDuration("--token-cache-max-duration", flags.token_cache_max_duration));
  if (!base::Hasher::Make(flags.artifact_digest_algo))
    return base::Invalid("--artifact-digest-algo: \"" + flags.artifact_digest_algo + "\" is none of sha256, sha1, sha384, sha512, blake3");
  TRY(out.requeue_dependency, ParseDuration("--requeue-dependency", flags.requeue_dependency));
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

sources::GitLimits LimitsOf(const ControllerFlags& flags) {
  return {.max_disk_bytes = flags.git_max_disk_bytes,
          .max_object_bytes = flags.git_max_object_bytes,
          .max_refs = flags.git_max_refs,
          .max_submodules = flags.git_max_submodules,
          .max_submodule_depth = flags.git_max_submodule_depth};
}

/// Every part of the running controller, in the order they depend on each other.
class Process {
 public:
  Process(const ControllerFlags& flags, Settings settings, kube::ClusterConfig config)
      : flags_(flags),
        settings_(std::move(settings)),
        log_(settings_.console ? base::Logger::To([](std::string_view line) { std::cerr << ConsoleLine(line) << std::flush; },
                                                  settings_.log_level, std::make_shared<base::SystemClock>())
                               : base::Logger::ToStderr(settings_.log_level)),
        random_(base::SystemSeed()),
        scope_(runtime_.io()),
        timers_(runtime_.io()),
        client_(kube::Environment{runtime_.io(), clock_, random_, log_}, std::move(config),
                kube::TransportOptions{.max_in_flight = flags.requests}),
        git_library_(flags.git_max_object_bytes),
        cache_(settings_.storage_path + "/git", LimitsOf(flags),
               {.ssh_hostkey_algorithms = flags.ssh_hostkey_algos, .ssh_kex_algorithms = flags.ssh_kex_algos}),
        artifacts_({.directory = settings_.storage_path + "/artifacts",
                    .advertised_address = sources::AdvertisedAddress(flags.storage_adv_addr, flags.storage_addr, settings_.hostname),
                    .retention_ttl = std::chrono::duration_cast<std::chrono::seconds>(settings_.retention_ttl),
                    .retention_records = flags.artifact_retention_records,
                    .max_unpacked_bytes = flags.artifact_max_bytes,
                    .max_entries = flags.artifact_max_entries,
                    .digest_algorithm = flags.artifact_digest_algo}),
        workers_(runtime_.io(), flags.workers),
        services_{client_,
                  workers_,
                  clock_,
                  random_,
                  log_,
                  static_cast<double>(flags.interval_jitter_percentage) / 100.0,
                  settings_.requeue_dependency,
                  settings_.gates},
        git_repositories_(client_, kGitRepository, ReflectorOptionsOf()),
        kustomizations_(client_, kKustomization, ReflectorOptionsOf()),
        external_artifacts_(client_, kExternalArtifact, ReflectorOptionsOf()),
        oci_repositories_(client_, kOciRepository, ReflectorOptionsOf()),
        buckets_(client_, kBucket, ReflectorOptionsOf()),
        helm_charts_(client_, kHelmChart, ReflectorOptionsOf()),
        artifact_generators_(client_, kArtifactGenerator, ReflectorOptionsOf()),
        poster_(flags.events_addr.empty() || flags.events_addr == "0"
                    ? nullptr
                    : std::make_unique<kube::EventPoster>(kube::Environment{runtime_.io(), clock_, random_, log_},
                                                          kube::PosterOptions{.url = flags.events_addr})),
        source_events_(client_, {.component = "source-controller", .instance = settings_.hostname, .poster = poster_.get()}),
        kustomize_events_(client_, {.component = "kustomize-controller", .instance = settings_.hostname, .poster = poster_.get()}),
        watcher_events_(client_, {.component = "source-watcher", .instance = settings_.hostname, .poster = poster_.get()}),
        observer_(client_, {}),
        clusters_(runtime_, services_,
                  {.insecure_tls = flags.insecure_kubeconfig_tls,
                   .default_service_account = flags.default_kubeconfig_service_account,
                   .may_write = [this] { return !elector_ || elector_->leads(); }},
                  kustomize_,
                  [this](const auto* cluster, const auto& owner, const auto& ref, auto changes) {
                    kustomize_.OnRemoteChanged(cluster, owner, ref, changes);
                  }),
        loader_({runtime_.io(), workers_, clock_, artifacts_}, LoaderOptionsOf()),
        github_(runtime_.io(), clock_, settings_.token_age, flags.token_cache_max_size),
        git_(controller::git_repository::Reconciler::Parts{services_,
                                                           git_repositories_,
                                                           cache_,
                                                           artifacts_,
                                                           registry_,
                                                           source_events_,
                                                           github_,
                                                           {.credentials_over_http = flags.git_credentials_over_http}}),
        oci_(controller::oci_repository::Reconciler::Parts{runtime_.io(), services_, oci_repositories_, artifacts_,
                                                           settings_.storage_path + "/artifacts", loader_, source_events_}),
        kustomize_(
            controller::kustomization::Reconciler::Parts{
                services_,
                kustomizations_,
                git_repositories_,
                registry_,
                observer_,
                kustomize_events_,
                {{"ExternalArtifact", &external_artifacts_}, {"OCIRepository", &oci_repositories_}, {"Bucket", &buckets_}},
                loader_},
            {.no_cross_namespace_refs = flags.no_cross_namespace_refs,
             .default_service_account = flags.default_service_account,
             .custom_stage_kinds = settings_.custom_stage_kinds,
             .override_managers = flags.override_managers,
             .migrate_api_version = settings_.gates.Enabled(controller::Gate::MigrateAPIVersion),
             .guard = {.on = flags.prune_guard, .ratio_percent = flags.prune_guard_ratio, .min = flags.prune_guard_min},
             .sops_age_secret = {settings_.namespace_, flags.sops_age_secret}}),
        generator_(controller::artifact_generator::Reconciler::Parts{services_,
                                                                     artifact_generators_,
                                                                     external_artifacts_,
                                                                     {{"GitRepository", &git_repositories_},
                                                                      {"ExternalArtifact", &external_artifacts_},
                                                                      {"OCIRepository", &oci_repositories_},
                                                                      {"Bucket", &buckets_},
                                                                      {"HelmChart", &helm_charts_}},
                                                                     artifacts_,
                                                                     registry_,
                                                                     loader_,
                                                                     watcher_events_},
                   {.no_cross_namespace_refs = flags.no_cross_namespace_refs}),
        index_(client_, {.overridden_managers = flags.override_managers}, kustomize_),
        git_meter_(clock_),
        kustomize_meter_(clock_),
        generator_meter_(clock_),
        oci_meter_(clock_),
        git_queue_(scope_, timers_, QueueOptions(git_meter_),
                   [this](Key key, Triggers why) { return git_.Reconcile(std::move(key), why); }),
        kustomize_queue_(scope_, timers_, QueueOptions(kustomize_meter_),
                         [this](Key key, Triggers why) { return kustomize_.Reconcile(std::move(key), why); }),
        generator_queue_(scope_, timers_, QueueOptions(generator_meter_),
                         [this](Key key, Triggers why) { return generator_.Reconcile(std::move(key), why); }),
        oci_queue_(scope_, timers_, QueueOptions(oci_meter_),
                   [this](Key key, Triggers why) { return oci_.Reconcile(std::move(key), why); }),
        git_feeder_(git_queue_,
                    [this](const kube::SharedObject& before, const kube::SharedObject& after) { git_.OnObjectChanged(before, after); }),
        kustomize_feeder_(kustomize_queue_, [this](const kube::SharedObject& before,
                                                   const kube::SharedObject& after) { kustomize_.OnKustomizationChanged(before, after); }),
        generator_feeder_(generator_queue_, [this](const kube::SharedObject& before,
                                                   const kube::SharedObject& after) { generator_.OnGeneratorChanged(before, after); }),
        oci_feeder_(oci_queue_, {}) {
    git_.Connect(git_queue_);
    kustomize_.Connect(index_, kustomize_queue_, clusters_);
    if (!settings_.gates.Enabled(controller::Gate::DisableConfigWatchers)) {
      configs_.emplace(client_, flags_.watch_all_namespaces ? "" : settings_.namespace_, flags_.watch_configs_label_selector,
                       [this](const controller::ConfigKey& config) { kustomize_.OnConfigChanged(config); });
    }
    generator_.Connect(generator_queue_);
    registry_.OnChanged([this](const controller::SourceKey& key) {
      kustomize_.OnSourceChanged(key);
      generator_.OnSourceChanged(key);
    });
    git_repositories_.AddListener(git_feeder_);
    external_artifacts_.AddListener(external_artifact_notes_);
    oci_repositories_.AddListener(oci_repository_notes_);
    oci_repositories_.AddListener(oci_feeder_);
    buckets_.AddListener(bucket_notes_);
    helm_charts_.AddListener(helm_chart_notes_);
    external_artifacts_.AddListener(generator_);
    artifact_generators_.AddListener(generator_feeder_);
    kustomizations_.AddListener(kustomize_feeder_);
  }

  int Run() { return runtime_.BlockOn(RunTask()); }

 private:
  kube::ReflectorOptions ReflectorOptionsOf() const {
    return {.ns = flags_.watch_all_namespaces ? "" : settings_.namespace_, .label_selector = flags_.watch_label_selector};
  }
  controller::LoaderOptions LoaderOptionsOf() const {
    controller::LoaderOptions options{.retries = flags_.http_retry};
    options.localhost = EnvironmentOr("SOURCE_CONTROLLER_LOCALHOST", "");
    options.watcher_localhost = EnvironmentOr("SOURCE_WATCHER_LOCALHOST", "");
    return options;
  }
  controller::WorkQueueOptions QueueOptions(controller::QueueMeter& meter) const {
    return {.concurrent = flags_.concurrent, .min_retry = settings_.min_retry, .max_retry = settings_.max_retry, .meter = &meter};
  }

  net::Task<int> RunTask() {
    if (const Result<void> served = Serve(); !served) {
      log_.Error("cannot serve", served.error().message);
      co_return 1;
    }
    log_.Info("starting", {{"version", VersionText()}, {"server", client_.transport().config().server}});
    for (const auto& [gate, why] : settings_.gates.SetInVain()) log_.Info("feature gate without effect", {{"gate", gate}, {"reason", why}});
    if (flags_.leader_election) {
      StartElection();
    } else {
      StartControllers();
    }
    net::Task<Result<int>> waiting = net::WaitForSignal({SIGTERM, SIGINT});
    const Result<int> signal = co_await std::move(waiting);
    log_.Info("stopping", {{"signal", signal ? *signal : 0}});
    net::Task<void> stopping = StopAll();
    co_await std::move(stopping);
    co_return exit_code_;
  }

  void StartElection() {
    kube::LeaseOptions options{.ns = settings_.namespace_,
                               .name = LeaseName(),
                               .identity = settings_.hostname + "_" + std::to_string(random_.Next()),
                               .lease_duration = settings_.lease_duration,
                               .renew_deadline = settings_.renew_deadline,
                               .retry_period = settings_.retry_period,
                               .release_on_close = flags_.leader_election_release_on_cancel};
    kube::LeaderElector::Callbacks callbacks;
    callbacks.gained = [this] { StartControllers(); };
    callbacks.lost = [this] {
      if (stopping_) return;
      log_.Error("leadership lost", "the lease could not be renewed in time; ending, so that a successor is alone");
      exit_code_ = 1;
      kustomize_queue_.Stop();
      git_queue_.Stop();
      oci_queue_.Stop();
      generator_queue_.Stop();
      scope_.Cancel();
      raise(SIGTERM);
    };
    elector_.emplace(client_, std::move(options), std::move(callbacks));
    client_.transport().SetWriteGate([this] { return elector_->leads(); });
    elector_->Start();
  }

  std::string LeaseName() const {
    return "sluice-leader-election" + (flags_.watch_label_selector.empty() ? "" : "-" + ShortHash(flags_.watch_label_selector));
  }

  void StartControllers() {
    git_repositories_.Start();
    external_artifacts_.Start();
    oci_repositories_.Start();
    buckets_.Start();
    helm_charts_.Start();
    artifact_generators_.Start();
    kustomizations_.Start();
    if (configs_) configs_->Start();
  }

  Result<void> Serve() {
    const auto start = [this](const std::string& flag, const std::string& address, net::HttpServer::Handler handler) -> Result<void> {
      if (address.empty() || address == "0") return {};
      TRY(const Listen listen, ParseListen(flag, address));
      servers_.push_back(std::make_unique<net::HttpServer>(runtime_.io(), net::ServerOptions{.address = listen.host, .port = listen.port},
                                                           std::move(handler)));
      return servers_.back()->Start();
    };
    TRY(start("--storage-addr", flags_.storage_addr, [this](net::ServerRequest request) { return ServeArtifact(std::move(request)); }));
    TRY(start("--metrics-addr", flags_.metrics_addr, [this](net::ServerRequest request) { return ServeMetrics(std::move(request)); }));
    TRY(start("--health-addr", flags_.health_addr, [](net::ServerRequest request) { return ServeHealth(std::move(request)); }));
    return {};
  }

  net::Task<net::ServerResponse> ServeArtifact(net::ServerRequest request) {
    net::ServerResponse response;
    if (request.method != "GET" && request.method != "HEAD") {
      response.status = 405;
      co_return response;
    }
    if (request.target == "/") co_return response;  // the readiness probe of Flux's layout
    if (auto file = artifacts_.FileFor(request.target)) {
      response.file = std::move(*file);
    } else {
      response.status = 404;
    }
    co_return response;
  }

  net::Task<net::ServerResponse> ServeMetrics(net::ServerRequest request) {
    net::ServerResponse response;
    if (request.target != "/metrics") {
      response.status = 404;
      co_return response;
    }
    const MetricsSources sources{.transport = &client_.transport(),
                                 .index = &index_,
                                 .queues = {{"GitRepository", &git_queue_, &git_repositories_},
                                            {"OCIRepository", &oci_queue_, &oci_repositories_},
                                            {"Kustomization", &kustomize_queue_, &kustomizations_},
                                            {"ArtifactGenerator", &generator_queue_, &artifact_generators_}}};
    response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4");
    response.body = MetricsPage(sources);
    co_return response;
  }

  static net::Task<net::ServerResponse> ServeHealth(net::ServerRequest request) {
    net::ServerResponse response;
    response.status = request.target == "/healthz" || request.target == "/readyz" ? 200 : 404;
    if (response.status == 200) response.body = "ok\n";
    co_return response;
  }

  /// In the order in which things depend on each other: no new runs, runs ended, words said, watches closed.
  net::Task<void> StopAll() {
    stopping_ = true;
    kustomize_queue_.Stop();
    git_queue_.Stop();
    oci_queue_.Stop();
    generator_queue_.Stop();
    net::Task<void> runs = scope_.Close();
    co_await std::move(runs);
    const auto patience = std::chrono::seconds(5);
    net::Task<void> flush = source_events_.Flush(patience);
    co_await std::move(flush);
    net::Task<void> flush_more = kustomize_events_.Flush(patience);
    co_await std::move(flush_more);
    net::Task<void> flush_last = watcher_events_.Flush(patience);
    co_await std::move(flush_last);
    if (poster_) {
      net::Task<void> posting = poster_->Flush(patience);
      co_await std::move(posting);
    }
    for (auto& server : servers_) server->Stop();
    if (elector_) {
      net::Task<void> yielding = elector_->Close();
      co_await std::move(yielding);
    }
    kustomize_.ForgetAll();
    std::vector<net::Task<void>> closing;
    closing.push_back(clusters_.Close());
    closing.push_back(source_events_.Close());
    closing.push_back(kustomize_events_.Close());
    closing.push_back(watcher_events_.Close());
    if (configs_) closing.push_back(configs_->Close());
    if (poster_) closing.push_back(poster_->Close());
    closing.push_back(index_.Close());
    closing.push_back(observer_.Close());
    closing.push_back(kustomizations_.Close());
    closing.push_back(git_repositories_.Close());
    closing.push_back(external_artifacts_.Close());
    closing.push_back(oci_repositories_.Close());
    closing.push_back(buckets_.Close());
    closing.push_back(helm_charts_.Close());
    closing.push_back(artifact_generators_.Close());
    for (net::Task<void>& task : closing) {
      net::Task<void> one = std::move(task);
      co_await std::move(one);
    }
  }

  const ControllerFlags& flags_;
  const Settings settings_;
  base::Logger log_;
  base::SystemClock clock_;
  base::SeededRandom random_;
  net::Runtime runtime_;
  net::Scope scope_;
  net::Timers timers_;
  kube::Client client_;
  sources::GitLibrary git_library_;
  sources::GitCache cache_;
  sources::ArtifactStore artifacts_;
  net::WorkerPool workers_;  // joined before what its work uses is gone
  controller::Services services_;
  kube::ObjectStore git_repositories_, kustomizations_, external_artifacts_, oci_repositories_, buckets_, helm_charts_,
      artifact_generators_;
  std::unique_ptr<kube::EventPoster> poster_;  // none without --events-addr
  kube::EventRecorder source_events_, kustomize_events_, watcher_events_;
  kube::Observer observer_;
  controller::kustomization::Clusters clusters_;
  controller::SourceRegistry registry_;
  controller::ArtifactLoader loader_;
  controller::ForeignSources external_artifact_notes_{"ExternalArtifact", registry_}, oci_repository_notes_{"OCIRepository", registry_},
      bucket_notes_{"Bucket", registry_}, helm_chart_notes_{"HelmChart", registry_};
  controller::git_repository::GithubTokens github_;
  controller::git_repository::Reconciler git_;
  controller::oci_repository::Reconciler oci_;
  controller::kustomization::Reconciler kustomize_;
  controller::artifact_generator::Reconciler generator_;
  kube::OwnedIndex index_;
  controller::QueueMeter git_meter_, kustomize_meter_, generator_meter_, oci_meter_;
  controller::WorkQueue git_queue_, kustomize_queue_, generator_queue_, oci_queue_;
  controller::QueueFeeder git_feeder_, kustomize_feeder_, generator_feeder_, oci_feeder_;
  std::optional<controller::ConfigWatcher> configs_;
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
  std::optional<kube::LeaderElector> elector_;
  int exit_code_ = 0;
  bool stopping_ = false;
};

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
  c->add_option("--git-max-disk-bytes", flags.git_max_disk_bytes, "Bytes on disk of one repository with its submodules")
      ->capture_default_str();
  c->add_option("--git-max-object-bytes", flags.git_max_object_bytes, "Bytes of one file in a repository")->capture_default_str();
  c->add_option("--git-max-refs", flags.git_max_refs, "References that a Git host may list")->capture_default_str();
  c->add_option("--git-max-submodules", flags.git_max_submodules, "Submodules of one commit, to every depth")->capture_default_str();
  c->add_option("--git-max-submodule-depth", flags.git_max_submodule_depth, "How deep submodules may be nested")->capture_default_str();
  c->add_option("--git-credentials-over-http", flags.git_credentials_over_http, "false: logins of GitRepositories need https")
      ->capture_default_str();
  c->add_option("--token-cache-max-size", flags.token_cache_max_size, "How many tokens of GitHub Apps are kept")->capture_default_str();
  c->add_option("--token-cache-max-duration", flags.token_cache_max_duration, "How long a token is kept at most")->capture_default_str();
  c->add_option("--concurrent", flags.concurrent, "Runs at a time, for each kind")->capture_default_str();
  c->add_option("--workers", flags.workers, "Threads for building and for Git")->capture_default_str();
  c->add_option("--kube-api-inflight", flags.requests, "Requests to the API server at a time")->capture_default_str();
  // Flux's own limits, which patches of its Deployments set. What they bound there, --concurrent, --kube-api-inflight and deadlines bound here.
  c->add_option("--kube-api-qps", flags.kube_api_qps, "Accepted; see --kube-api-inflight");
  c->add_option("--kube-api-burst", flags.kube_api_burst, "Accepted; see --kube-api-inflight");
  c->add_option("--concurrent-ssa", flags.concurrent_ssa, "Accepted; see --kube-api-inflight");
  c->add_option("--requeue-dependency", flags.requeue_dependency, "How often a missing source or dependency is looked for")
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
  c->add_flag("--no-cross-namespace-refs", flags.no_cross_namespace_refs, "Refuse sources and dependencies of other namespaces");
  c->add_option("--default-service-account", flags.default_service_account, "For Kustomizations that name none");
  c->add_flag("--insecure-kubeconfig-tls", flags.insecure_kubeconfig_tls, "Let kubeconfigs in Secrets ask for insecure-skip-tls-verify");
  c->add_option("--default-kubeconfig-service-account", flags.default_kubeconfig_service_account,
                "For ConfigMaps of spec.kubeConfig that name none");
  c->add_option("--sops-age-secret", flags.sops_age_secret,
                "Secret in our namespace with age keys, for Kustomizations whose spec.decryption names none");
  c->add_option("--ssh-hostkey-algos", flags.ssh_hostkey_algos, "Host key algorithms for Git over ssh")->delimiter(',');
  c->add_option("--ssh-kex-algos", flags.ssh_kex_algos, "Key exchange algorithms for Git over ssh")->delimiter(',');
  c->add_option("--override-manager", flags.override_managers, "Field managers whose changes are undone, as prefixes; repeatable");
  c->add_option("--prune-guard", flags.prune_guard, "false: prune whatever a commit removes, as Flux does")->capture_default_str();
  c->add_option("--prune-guard-ratio", flags.prune_guard_ratio, "Hold a removal of more than so many percent of an inventory")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  c->add_option("--prune-guard-min", flags.prune_guard_min, "... of an inventory of at least so many objects")->capture_default_str();
  c->add_option("--custom-apply-stage-kinds", flags.custom_apply_stage_kinds, "group/Kind to apply in a stage of their own")
      ->delimiter(',');
  c->add_option("--http-retry", flags.http_retry, "How often fetching an artifact is tried again")->capture_default_str();
  c->add_option("--feature-gates", flags.feature_gates, "Name=true or Name=false, joined by commas: Flux's gates")->take_all();
}

int RunController(const ControllerFlags& flags) {
  Result<Settings> settings = Read(flags);
  if (!settings) {
    std::cerr << "Error: " << settings.error().message << "\n";
    return 2;
  }
  Result<kube::ClusterConfig> config = LoadClusterConfig(flags.kubeconfig, flags.context);
  if (!config) {
    std::cerr << "Error: " << config.error().message << "\n";
    return 2;
  }
  Process process(flags, std::move(*settings), std::move(*config));
  return process.Run();
}

}  // namespace sluice::cli
