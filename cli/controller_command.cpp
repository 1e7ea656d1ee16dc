#include "cli/controller_command.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "base/log.h"
#include "base/parser_limits.h"
#include "cli/controller_limits.h"
#include "cli/environment.h"
#include "cli/hardening.h"
#include "cli/logs.h"
#include "cli/metrics_page.h"
#include "cli/version.h"
#include "controller/artifact_generator/reconciler.h"
#include "controller/artifact_loader.h"
#include "controller/bucket/reconciler.h"
#include "controller/bug_report.h"
#include "controller/config_watcher.h"
#include "controller/foreign_sources.h"
#include "controller/git_repository/reconciler.h"
#include "controller/helm_chart/reconciler.h"
#include "controller/helm_operator/reconciler.h"
#include "controller/helm_release/reconciler.h"
#include "controller/helm_release/source_news.h"
#include "controller/helm_repository/reconciler.h"
#include "controller/kind_queue.h"
#include "controller/kustomization/reconciler.h"
#include "controller/lanes.h"
#include "controller/oci_repository/reconciler.h"
#include "kube/defined_kind.h"
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
const document::GroupVersionKind kHelmRepository{"source.toolkit.fluxcd.io", "v1", "HelmRepository"};
const document::GroupVersionKind kHelmChart{"source.toolkit.fluxcd.io", "v1", "HelmChart"};
const document::GroupVersionKind kArtifactGenerator{"source.extensions.fluxcd.io", "v1beta1", "ArtifactGenerator"};
const document::GroupVersionKind kKustomization{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"};
const document::GroupVersionKind kHelmRelease{"helm.toolkit.fluxcd.io", "v2", "HelmRelease"};
const document::GroupVersionKind kOperatorRelease{"helm.fluxcd.io", "v1", "HelmRelease"};

/// Every part of the running controller, in the order they depend on each other.
class Process {
 public:
  Process(const ControllerFlags& flags, ControllerSettings settings, kube::ClusterConfig config)
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
        cache_(settings_.storage_path + "/git", GitLimitsOf(flags),
               {.ssh_hostkey_algorithms = flags.ssh_hostkey_algos,
                .ssh_kex_algorithms = flags.ssh_kex_algos,
                .max_redirects = flags.http_max_redirects,
                .max_header_bytes = flags.http_max_header_bytes}),
        artifacts_({.directory = settings_.storage_path + "/artifacts",
                    .advertised_address = sources::AdvertisedAddress(flags.storage_adv_addr, flags.storage_addr, settings_.hostname),
                    .retention_ttl = std::chrono::duration_cast<std::chrono::seconds>(settings_.retention_ttl),
                    .retention_records = flags.artifact_retention_records,
                    .limits = ArtifactLimitsOf(flags),
                    .digest_algorithm = flags.artifact_digest_algo}),
        builder_(BuilderOf(flags, settings_, log_)),
        renderer_(RendererOf(flags, settings_, log_)),
        workers_(runtime_.io(), flags.workers),
        git_hosts_(runtime_.io()),
        services_{client_,
                  workers_,
                  clock_,
                  random_,
                  log_,
                  static_cast<double>(flags.interval_jitter_percentage) / 100.0,
                  settings_.requeue_dependency,
                  settings_.gates,
                  LimitsOf(flags, settings_)},
        git_repositories_(client_, kGitRepository, ReflectorOptionsOf()),
        kustomizations_(client_, kKustomization, ReflectorOptionsOf()),
        external_artifacts_(client_, kExternalArtifact, ReflectorOptionsOf()),
        oci_repositories_(client_, kOciRepository, ReflectorOptionsOf()),
        buckets_(client_, kBucket, ReflectorOptionsOf()),
        helm_repositories_(client_, kHelmRepository, ReflectorOptionsOf()),
        helm_charts_(client_, kHelmChart, ReflectorOptionsOf()),
        artifact_generators_(client_, kArtifactGenerator, ReflectorOptionsOf()),
        helm_releases_(client_, kHelmRelease, ReflectorOptionsOf()),
        operator_releases_(client_, kOperatorRelease, ReflectorOptionsOf()),
        poster_(flags.events_addr.empty() || flags.events_addr == "0"
                    ? nullptr
                    : std::make_unique<kube::EventPoster>(kube::Environment{runtime_.io(), clock_, random_, log_},
                                                          kube::PosterOptions{.url = flags.events_addr})),
        source_events_(client_, {.component = "source-controller", .instance = settings_.hostname, .poster = poster_.get()}),
        kustomize_events_(client_, {.component = "kustomize-controller", .instance = settings_.hostname, .poster = poster_.get()}),
        helm_events_(client_, {.component = "helm-controller", .instance = settings_.hostname, .poster = poster_.get()}),
        operator_events_(client_, {.component = "helm-operator", .instance = settings_.hostname, .poster = poster_.get()}),
        watcher_events_(client_, {.component = "source-watcher", .instance = settings_.hostname, .poster = poster_.get()}),
        observer_(client_, {.relist = Relist()}),
        clusters_(runtime_, services_, git_hosts_, RemoteOptionsOf({}), kustomize_,
                  [this](const auto* cluster, const auto& owner, const auto& ref, auto changes) {
                    kustomize_.OnRemoteChanged(cluster, owner, ref, changes);
                  }),
        helm_clusters_(runtime_, services_, git_hosts_, RemoteOptionsOf(HelmIndexOptions()), helm_,
                       [this](const auto* cluster, const auto& owner, const auto& ref, auto changes) {
                         helm_.OnRemoteChanged(cluster, owner, ref, changes);
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
                                                           git_hosts_,
                                                           {.credentials_over_http = flags.git_credentials_over_http}}),
        oci_(controller::oci_repository::Reconciler::Parts{runtime_.io(), services_, oci_repositories_, artifacts_,
                                                           settings_.storage_path + "/artifacts", loader_, source_events_}),
        helm_repository_(controller::helm_repository::Reconciler::Parts{runtime_.io(), services_, helm_repositories_, artifacts_,
                                                                        helm_indexes_, source_events_, HelmLimitsOf(flags)}),
        helm_chart_(controller::helm_chart::Reconciler::Parts{
            runtime_.io(),
            services_,
            helm_charts_,
            {{"HelmRepository", &helm_repositories_}, {"GitRepository", &git_repositories_}, {"Bucket", &buckets_}},
            artifacts_,
            registry_,
            loader_,
            helm_indexes_,
            source_events_,
            HelmLimitsOf(flags)}),
        bucket_(controller::bucket::Reconciler::Parts{runtime_.io(), services_, buckets_, artifacts_, loader_, source_events_},
                {.max_bytes = flags.artifact_max_bytes, .max_objects = flags.artifact_max_entries}),
        kustomize_(
            controller::kustomization::Reconciler::Parts{
                services_,
                kustomizations_,
                git_repositories_,
                registry_,
                observer_,
                kustomize_events_,
                {{"ExternalArtifact", &external_artifacts_}, {"OCIRepository", &oci_repositories_}, {"Bucket", &buckets_}},
                loader_,
                builder_,
                {runtime_.io(), cache_, git_hosts_}},
            {.no_cross_namespace_refs = flags.no_cross_namespace_refs,
             .default_service_account = flags.default_service_account,
             .custom_stage_kinds = settings_.custom_stage_kinds,
             .override_managers = flags.override_managers,
             .migrate_api_version = settings_.gates.Enabled(controller::Gate::MigrateAPIVersion),
             .guard = {.on = flags.prune_guard, .ratio_percent = flags.prune_guard_ratio, .min = flags.prune_guard_min},
             .sops_age_secret = {settings_.namespace_, flags.sops_age_secret},
             .sops_age_secret_own_namespace = flags.sops_age_secret_own_namespace,
             .no_remote_bases = flags.no_remote_bases,
             .journal = {.ns = settings_.namespace_, .name = "sluice-journal" + ShardSuffix()},
             .journal_from = flags.journal_from}),
        helm_(
            controller::helm_release::Reconciler::Parts{
                runtime_,
                scope_,
                services_,
                helm_releases_,
                {{"HelmChart", &helm_charts_}, {"OCIRepository", &oci_repositories_}, {"ExternalArtifact", &external_artifacts_}},
                registry_,
                observer_,
                helm_events_,
                loader_,
                renderer_},
            {.no_cross_namespace_refs = flags.no_cross_namespace_refs,
             .default_service_account = flags.default_service_account,
             .override_managers = flags.override_managers,
             .snapshot_digest_algo = flags.snapshot_digest_algo}),
        operator_(controller::helm_operator::Reconciler::Parts{runtime_, scope_, services_, operator_releases_, operator_events_,
                                                               OperatorChartsOf()},
                  OperatorOptionsOf()),
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
        index_(client_, {.overridden_managers = flags.override_managers, .reflector = {.relist = Relist()}}, kustomize_),
        helm_index_(client_, HelmIndexOptions(), helm_),
        git_queue_(
            Place(), "GitRepository", git_repositories_, QueueOptions(git_repositories_, "source-controller"), nullptr,
            [this](Key key, Triggers why) { return git_.Reconcile(std::move(key), why); },
            [this](const kube::SharedObject& before, const kube::SharedObject& after) { git_.OnObjectChanged(before, after); }),
        kustomize_queue_(
            Place(), "Kustomization", kustomizations_, QueueOptions(kustomizations_, "kustomize-controller"), controller::LaneOfApplied,
            [this](Key key, Triggers why) { return kustomize_.Reconcile(std::move(key), why); },
            [this](const kube::SharedObject& before, const kube::SharedObject& after) {
              kustomize_.OnKustomizationChanged(before, after);
            }),
        generator_queue_(
            Place(), "ArtifactGenerator", artifact_generators_, QueueOptions(artifact_generators_, "source-watcher"),
            controller::LaneOfGenerator, [this](Key key, Triggers why) { return generator_.Reconcile(std::move(key), why); },
            [this](const kube::SharedObject& before, const kube::SharedObject& after) { generator_.OnGeneratorChanged(before, after); }),
        oci_queue_(Place(), "OCIRepository", oci_repositories_, QueueOptions(oci_repositories_, "source-controller"),
                   controller::LaneOfSource, [this](Key key, Triggers why) { return oci_.Reconcile(std::move(key), why); }),
        helm_queue_(
            Place(), "HelmRelease", helm_releases_, QueueOptions(helm_releases_, "helm-controller"), controller::LaneOfApplied,
            [this](Key key, Triggers why) { return helm_.Reconcile(std::move(key), why); },
            [this](const kube::SharedObject& before, const kube::SharedObject& after) { helm_.OnReleaseChanged(before, after); }),
        operator_queue_(Place(), "HelmRelease.helm.fluxcd.io", operator_releases_, QueueOptions(operator_releases_, "helm-operator"),
                        controller::LaneOfOperatorRelease,
                        [this](Key key, Triggers why) { return operator_.Reconcile(std::move(key), why); }),
        helm_repository_queue_(
            Place(), "HelmRepository", helm_repositories_, QueueOptions(helm_repositories_, "source-controller"), controller::LaneOfSource,
            [this](Key key, Triggers why) { return helm_repository_.Reconcile(std::move(key), why); },
            [this](const kube::SharedObject& before, const kube::SharedObject& after) { helm_chart_.OnRepositoryChanged(before, after); }),
        helm_chart_queue_(Place(), "HelmChart", helm_charts_, QueueOptions(helm_charts_, "source-controller"), controller::LaneOfChart,
                          [this](Key key, Triggers why) { return helm_chart_.Reconcile(std::move(key), why); }),
        bucket_queue_(Place(), "Bucket", buckets_, QueueOptions(buckets_, "source-controller"), controller::LaneOfSource,
                      [this](Key key, Triggers why) { return bucket_.Reconcile(std::move(key), why); }) {
    git_.Connect(git_queue_.queue());
    helm_chart_.Connect(helm_chart_queue_.queue());
    kustomize_.Connect(index_, kustomize_queue_.queue(), clusters_);
    helm_.Connect(helm_index_, helm_queue_.queue(), helm_clusters_);
    operator_.Connect(operator_queue_.queue(), helm_index_, observer_);
    if (!settings_.gates.Enabled(controller::Gate::DisableConfigWatchers)) {
      configs_.emplace(client_, flags_.watch_all_namespaces ? "" : settings_.namespace_, flags_.watch_configs_label_selector,
                       [this](const controller::ConfigKey& config) {
                         kustomize_.OnConfigChanged(config);
                         helm_.OnConfigChanged(config);
                       });
    }
    generator_.Connect(generator_queue_.queue());
    registry_.OnChanged([this](const controller::SourceKey& key) {
      kustomize_.OnSourceChanged(key);
      generator_.OnSourceChanged(key);
      helm_.OnSourceChanged(key);
      helm_chart_.OnSourceChanged(key);
    });
    git_queue_.Follow();
    external_artifacts_.AddListener(external_artifact_notes_);
    oci_repositories_.AddListener(oci_repository_notes_);
    oci_queue_.Follow();
    buckets_.AddListener(bucket_notes_);
    helm_repositories_.AddListener(helm_repository_notes_);
    helm_repository_queue_.Follow();
    bucket_queue_.Follow();
    helm_charts_.AddListener(helm_chart_notes_);
    helm_chart_queue_.Follow();
    external_artifacts_.AddListener(generator_);
    helm_charts_.AddListener(helm_chart_news_);
    oci_repositories_.AddListener(oci_repository_news_);
    external_artifacts_.AddListener(external_artifact_news_);
    helm_queue_.Follow();
    operator_queue_.Follow();
    generator_queue_.Follow();
    kustomize_queue_.Follow();
  }

  int Run() { return runtime_.BlockOn(RunTask()); }

 private:
  kube::ReflectorOptions ReflectorOptionsOf() const {
    return {
        .ns = flags_.watch_all_namespaces ? "" : settings_.namespace_, .label_selector = flags_.watch_label_selector, .relist = Relist()};
  }
  /// What no event ever told is found out this late at most.
  std::chrono::seconds Relist() const {
    return std::max(std::chrono::seconds(1), std::chrono::duration_cast<std::chrono::seconds>(settings_.relist));
  }
  controller::LoaderOptions LoaderOptionsOf() const {
    controller::LoaderOptions options{
        .retries = flags_.http_retry, .unpack = ArtifactLimitsOf(flags_), .answers = RegistryLimitsOf(flags_).answers};
    options.localhost = EnvironmentOr("SOURCE_CONTROLLER_LOCALHOST", "");
    options.watcher_localhost = EnvironmentOr("SOURCE_WATCHER_LOCALHOST", "");
    return options;
  }
  kube::IndexOptions HelmIndexOptions() const {
    return {.label_prefix = "helm.toolkit.fluxcd.io",
            .manager = std::string(controller::helm_release::kFieldManager),
            .overridden_managers = flags_.override_managers,
            .reflector = {.relist = Relist()}};
  }
  controller::helm_operator::Charts::Parts OperatorChartsOf() {
    return {.services = services_,
            .cache = cache_,
            .remotes = git_hosts_,
            .github = github_,
            .access = {.credentials_over_http = flags_.git_credentials_over_http},
            .dependencies = {.repository = {.io = runtime_.io(),
                                            .services = services_,
                                            .artifacts = artifacts_,
                                            .indexes = helm_indexes_,
                                            .limits = HelmLimitsOf(flags_)},
                             .helm_repositories = helm_repositories_},
            .renderer = renderer_};
  }
  controller::helm_operator::ReconcilerOptions OperatorOptionsOf() const {
    return {.sync_interval = settings_.charts_sync,
            .charts = {.git_default_ref = flags_.git_default_ref,
                       .git_poll_interval = settings_.git_poll,
                       .git_timeout = settings_.git_timeout,
                       .update_deps = flags_.update_chart_deps},
            .rules = {.no_cross_namespace_refs = flags_.no_cross_namespace_refs}};
  }
  static net::Task<Result<void>> AlwaysWrite() { co_return Result<void>(); }
  controller::RemoteOptions RemoteOptionsOf(kube::IndexOptions index) {
    return {.insecure_tls = flags_.insecure_kubeconfig_tls,
            .insecure_exec = flags_.insecure_kubeconfig_exec,
            .default_service_account = flags_.default_kubeconfig_service_account,
            .may_write = [this] { return elector_ ? elector_->MayWrite() : AlwaysWrite(); },
            .index = std::move(index)};
  }
  controller::KindQueue::Place Place() { return {scope_, timers_, clock_}; }
  controller::WorkQueueOptions QueueOptions(kube::ObjectStore& store, const char* manager) {
    return {
        .concurrent = flags_.concurrent,
        .min_retry = settings_.min_retry,
        .max_retry = settings_.max_retry,
        .on_bug = [this, &store, manager](Key key, controller::Bug bug) { return OnBug(store, manager, std::move(key), std::move(bug)); }};
  }
  net::Task<void> OnBug(kube::ObjectStore& store, std::string manager, Key key, controller::Bug bug) {
    const kube::SharedObject object = store.Get(key);
    if (!object) co_return;
    controller::StatusWriter writer(client_, store, std::move(manager));
    net::Task<void> reporting = controller::ReportBug(services_, writer, object, std::move(bug));
    co_await std::move(reporting);
  }

  net::Task<int> RunTask() {
    if (const Result<void> served = Serve(); !served) {
      log_.Error("cannot serve", served.error().message);
      co_return 1;
    }
    log_.Info("starting", {{"version", VersionText()}, {"server", client_.transport().config().server}});
    for (const auto& [gate, why] : settings_.gates.SetInVain()) log_.Info("feature gate without effect", {{"gate", gate}, {"reason", why}});
    TellFlagsInVain();
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

  void TellFlagsInVain() {
    const auto tell = [this](bool set, const char* flag, const char* why) {
      if (set) log_.Info("flag without effect", {{"flag", flag}, {"reason", why}});
    };
    tell(!flags_.default_decryption_service_account.empty(), "--default-decryption-service-account", "keys of clouds are not served");
    tell(!flags_.sops_vault_configmap.empty(), "--sops-vault-configmap", "keys of Vault are not served");
  }

  void StartElection() {
    kube::LeaseOptions options{.ns = settings_.namespace_,
                               .name = "sluice-leader-election" + ShardSuffix(),
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
      for (controller::KindQueue* kind : kinds_) kind->queue().Stop();
      scope_.Cancel();
      raise(SIGTERM);
    };
    elector_.emplace(client_, std::move(options), std::move(callbacks));
    client_.transport().SetWriteGate([this] { return elector_->MayWrite(); });
    elector_->Start();
  }

  /// Of what a shard has of its own beside the controller.
  std::string ShardSuffix() const { return flags_.watch_label_selector.empty() ? "" : "-" + ShortHash(flags_.watch_label_selector); }

  void StartControllers() {
    for (const auto& [store, plural] : stores_) scope_.Spawn(kube::StartWhenDefined(client_, observer_, *store, plural));
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
    MetricsSources sources{
        .transport = &client_.transport(), .index = &index_, .helm_indexes = &helm_indexes_, .tokens = &github_, .queues = {}};
    for (const controller::KindQueue* kind : kinds_) sources.queues.push_back({kind->name(), &kind->queue(), &kind->store()});
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
    for (controller::KindQueue* kind : kinds_) kind->queue().Stop();
    net::Task<void> runs = scope_.Close();
    co_await std::move(runs);
    const auto patience = std::chrono::seconds(5);
    for (kube::EventRecorder* events : events_) {
      net::Task<void> flushing = events->Flush(patience);
      co_await std::move(flushing);
    }
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
    helm_.ForgetAll();
    std::vector<net::Task<void>> closing;
    closing.push_back(kustomize_.Close());
    closing.push_back(clusters_.Close());
    closing.push_back(helm_clusters_.Close());
    for (kube::EventRecorder* events : events_) closing.push_back(events->Close());
    if (configs_) closing.push_back(configs_->Close());
    if (poster_) closing.push_back(poster_->Close());
    closing.push_back(index_.Close());
    closing.push_back(helm_index_.Close());
    closing.push_back(observer_.Close());
    for (const auto& [store, plural] : stores_) closing.push_back(store->Close());
    for (net::Task<void>& task : closing) {
      net::Task<void> one = std::move(task);
      co_await std::move(one);
    }
  }

  const ControllerFlags& flags_;
  const ControllerSettings settings_;
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
  controller::kustomization::Builder builder_;
  controller::helm_release::Renderer renderer_;
  net::WorkerPool workers_;  // joined before what its work uses is gone
  net::HostPool git_hosts_;  // likewise
  controller::Services services_;
  kube::ObjectStore git_repositories_, kustomizations_, external_artifacts_, oci_repositories_, buckets_, helm_repositories_, helm_charts_,
      artifact_generators_, helm_releases_, operator_releases_;
  std::unique_ptr<kube::EventPoster> poster_;  // none without --events-addr
  kube::EventRecorder source_events_, kustomize_events_, helm_events_, operator_events_, watcher_events_;
  kube::Observer observer_;
  controller::Clusters clusters_, helm_clusters_;
  controller::SourceRegistry registry_;
  controller::ArtifactLoader loader_;
  controller::ForeignSources external_artifact_notes_{"ExternalArtifact", registry_}, oci_repository_notes_{"OCIRepository", registry_},
      bucket_notes_{"Bucket", registry_}, helm_repository_notes_{"HelmRepository", registry_}, helm_chart_notes_{"HelmChart", registry_};
  controller::helm_repository::IndexCache helm_indexes_;
  controller::git_repository::GithubTokens github_;
  controller::git_repository::Reconciler git_;
  controller::oci_repository::Reconciler oci_;
  controller::helm_repository::Reconciler helm_repository_;
  controller::helm_chart::Reconciler helm_chart_;
  controller::bucket::Reconciler bucket_;
  controller::kustomization::Reconciler kustomize_;
  controller::helm_release::Reconciler helm_;
  controller::helm_release::SourceNews helm_chart_news_{"HelmChart", helm_}, oci_repository_news_{"OCIRepository", helm_},
      external_artifact_news_{"ExternalArtifact", helm_};
  controller::helm_operator::Reconciler operator_;
  controller::artifact_generator::Reconciler generator_;
  kube::OwnedIndex index_, helm_index_;
  controller::KindQueue git_queue_, kustomize_queue_, generator_queue_, oci_queue_, helm_queue_, operator_queue_, helm_repository_queue_,
      helm_chart_queue_, bucket_queue_;
  const std::array<controller::KindQueue*, 9> kinds_{&git_queue_,        &oci_queue_,      &helm_repository_queue_,
                                                     &helm_chart_queue_, &bucket_queue_,   &kustomize_queue_,
                                                     &helm_queue_,       &operator_queue_, &generator_queue_};
  const std::array<kube::EventRecorder*, 5> events_{&source_events_, &kustomize_events_, &helm_events_, &operator_events_,
                                                    &watcher_events_};
  /// In the order in which their watches begin: sources before what is made of them.
  const std::array<std::pair<kube::ObjectStore*, const char*>, 10> stores_{{{&git_repositories_, "gitrepositories"},
                                                                            {&external_artifacts_, "externalartifacts"},
                                                                            {&oci_repositories_, "ocirepositories"},
                                                                            {&buckets_, "buckets"},
                                                                            {&helm_repositories_, "helmrepositories"},
                                                                            {&helm_charts_, "helmcharts"},
                                                                            {&artifact_generators_, "artifactgenerators"},
                                                                            {&helm_releases_, "helmreleases"},
                                                                            {&operator_releases_, "helmreleases"},
                                                                            {&kustomizations_, "kustomizations"}}};
  std::optional<controller::ConfigWatcher> configs_;
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
  std::optional<kube::LeaderElector> elector_;
  int exit_code_ = 0;
  bool stopping_ = false;
};

}  // namespace

int RunController(const ControllerFlags& flags) {
  KeepSecretsInside();
  Result<ControllerSettings> settings = ReadSettings(flags);
  if (!settings) {
    std::cerr << "Error: " << settings.error().message << "\n";
    return 2;
  }
  base::SetParserLimits(ParserLimitsOf(flags));
  Result<kube::ClusterConfig> config = LoadClusterConfig(flags.kubeconfig, flags.context);
  if (!config) {
    std::cerr << "Error: " << config.error().message << "\n";
    return 2;
  }
  Process process(flags, std::move(*settings), std::move(*config));
  return process.Run();
}

}  // namespace sluice::cli
