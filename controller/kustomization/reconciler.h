// controller/kustomization/reconciler.h: what a Kustomization asks for is built, applied, followed until it is healthy, kept that way and pruned.
// Rules: docs/architecture.md, "Kustomization". A run goes as far as it can without waiting for a rollout; it is woken by what happens.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/artifact_loader.h"
#include "controller/clusters.h"
#include "controller/expressions.h"
#include "controller/health.h"
#include "controller/kustomization/apply.h"
#include "controller/kustomization/build.h"
#include "controller/kustomization/builder.h"
#include "controller/kustomization/claims.h"
#include "controller/kustomization/journal.h"
#include "controller/kustomization/links.h"
#include "controller/kustomization/prune.h"
#include "controller/kustomization/remote_bases.h"
#include "controller/kustomization/removal.h"
#include "controller/kustomization/status.h"
#include "controller/kustomization/variables.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/source_stores.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "kube/index.h"
#include "kube/observe.h"

namespace sluice::controller::kustomization {

struct ReconcilerOptions {
  bool no_cross_namespace_refs = false;
  std::string default_service_account;
  rollout::CustomStageKinds custom_stage_kinds;
  std::vector<std::string> override_managers;  ///< rollout::TakeoverRules::overridden
  bool migrate_api_version = false;            ///< gate MigrateAPIVersion
  rollout::PruneGuard guard;
  document::NamespacedName sops_age_secret;                 ///< age identities for spec.decryption without a secretRef; no name: none
  bool sops_age_secret_own_namespace = false;               ///< ... only in the namespace of that Secret
  base::Duration progress_after = std::chrono::seconds(2);  ///< a rollout that is done sooner is not reported in between
  std::size_t max_investigations = 16;                      ///< Kustomizations whose stuck pods are watched at a time
  base::Duration progress_every = std::chrono::seconds(1);  ///< at most one report of progress in so long
  bool no_remote_bases = false;                             ///< builds read their artifact alone
  JournalOptions journal;                                   ///< `manager` and `exists` are set by the reconciler
  std::size_t journal_from = 16;  ///< Kustomizations at work, or wanting to be: from then on they go on record together
};

class Reconciler final : public kube::OwnedListener {
 public:
  struct Parts {
    Services& services;
    kube::ObjectStore& store;  ///< of Kustomizations
    kube::ObjectStore& git_repositories;
    SourceRegistry& registry;
    kube::Observer& observer;
    kube::EventRecorder& events;
    SourceStores other_sources;  ///< of the kinds other than GitRepository
    ArtifactLoader& loader;
    Builder& builder;
    RemoteFetcher::Parts remotes;
  };
  Reconciler(Parts parts, ReconcilerOptions options);
  ~Reconciler() override;

  /// What it is tied to in a circle; set before the first run.
  void Connect(kube::OwnedIndex& index, WorkQueue& queue, Clusters& clusters);
  /// Lets go of everything it remembers, and so of the clusters it holds. After the last run.
  void ForgetAll();
  /// Ends what it writes beside its runs. After the last run.
  net::Task<void> Close();

  net::Task<controller::Outcome> Reconcile(Key key, Triggers why);

  /// An object of ours changed: drift is put back, readiness wakes who waits for it.
  void OnChanged(const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) override;
  /// Objects whose owner has `healthCheckExprs` for their kind are judged by those.
  std::optional<rollout::Status> Judge(std::string_view owner_ns, std::string_view owner_name,
                                       const document::Value& object) const override;
  /// A ConfigMap or Secret changed whose news is asked for by label: who names it builds again.
  void OnConfigChanged(const ConfigKey& config);
  /// The same of an object on a remote cluster.
  void OnRemoteChanged(const Cluster* cluster, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes);
  /// A Kustomization changed: those that depend on it may go on.
  void OnKustomizationChanged(const kube::SharedObject& before, const kube::SharedObject& after);
  /// A source has another revision, or none.
  void OnSourceChanged(const SourceKey& source);

 private:
  struct State;
  /// One run: what it is about, and what it found so far.
  struct Run {
    Key key;
    kube::SharedObject object;
    base::Logger log = base::Logger::Null();
    Spec spec;
    State* state = nullptr;
    std::shared_ptr<State> keep;
    std::shared_ptr<const SourceArtifact> source;
    std::shared_ptr<const Cluster> cluster;  ///< where it applies
    kube::Impersonate as;
    Attempt attempt;
    base::TimePoint started;
    rollout::Inventory inventory;  ///< on record
    Triggers why = 0;
  };

  net::Task<controller::Outcome> RunFull(std::shared_ptr<Run> run);
  /// Finds where the run applies. Another cluster than before makes it forget what it did there.
  net::Task<base::Result<void>> FindCluster(std::shared_ptr<Run> run);
  void Wake(State& state, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes);
  struct BuildJob;
  struct BuildAttempt;
  static base::Result<BuildAttempt> TryBuild(const BuildJob& job, Builder& builder, std::stop_token stop);
  net::Task<base::Result<bool>> BuildInto(std::shared_ptr<Run> run, BuildOutput& output);
  net::Task<void> ReportWait(std::shared_ptr<Run> run);
  net::Task<controller::Outcome> ApplyAndPrune(std::shared_ptr<Run> run, BuildOutput built);
  bool MayHoldMass(const Run& run, const rollout::Inventory& wanted) const;
  /// What may be pruned of what is `recorded` and not `wanted`; notes in the attempt what is held.
  net::Task<RemovalDecision> JudgeRemoval(std::shared_ptr<Run> run, rollout::Inventory recorded, rollout::Inventory wanted);
  /// What other Kustomizations are about to take over (reconciler_hand_over.cpp).
  net::Task<Claims> ClaimedByOthers(std::shared_ptr<Run> run, std::vector<rollout::InventoryEntry> stale);
  /// Of a live object that somebody claims: it is not there; nobody who claims it would write it, so that it keeps our labels for ever; it will be written.
  enum class Fate { Gone, LeftAlone, TakenOver, Unknown };
  net::Task<Fate> FateOf(std::shared_ptr<Run> run, rollout::InventoryEntry entry);
  net::Task<std::optional<controller::Outcome>> AwaitHandOver(std::shared_ptr<Run> run, std::vector<rollout::InventoryEntry> handed,
                                                              Claims claims);
  bool AwaitsNewcomers(const Run& run) const;
  std::vector<Claimer> Newcomers(const Run& run, const std::vector<rollout::InventoryEntry>& stale, Claims& kept);
  /// Puts `all` on record before anything of it is created.
  net::Task<base::Result<void>> RecordInventory(std::shared_ptr<Run> run, std::vector<kube::ObjectRef> all);
  net::Task<controller::Outcome> BeginHealth(std::shared_ptr<Run> run, std::vector<AppliedObject> applied);
  /// Has the index judge by the expressions that are in force now.
  net::Task<controller::Outcome> AwaitHealth(std::shared_ptr<Run> run);
  net::Task<base::Result<void>> JudgeAnew(std::shared_ptr<Run> run, std::vector<kube::ObjectRef> refs);
  net::Task<controller::Outcome> CheckHealth(std::shared_ptr<Run> run);
  /// Looks for the causes of what is not ready, if there is a place; whether it only now began to look.
  bool Investigate(State& state);
  net::Task<controller::Outcome> ReportProgress(std::shared_ptr<Run> run, HealthReport report);
  net::Task<controller::Outcome> Succeed(std::shared_ptr<Run> run, std::optional<base::Duration> checked);
  net::Task<controller::Outcome> Fail(std::shared_ptr<Run> run, std::string_view reason, base::Error error,
                                      std::optional<base::Duration> again = {});
  net::Task<controller::Outcome> Stall(std::shared_ptr<Run> run, std::string_view reason, std::string message);
  net::Task<controller::Outcome> Suspend(std::shared_ptr<Run> run);
  net::Task<controller::Outcome> Finalize(std::shared_ptr<Run> run);
  rollout::Inventory ReadInventory(const Run& run);
  /// To be called when a status with the inventory of the attempt has been written.
  void NoteRecorded(const Run& run);
  net::Task<controller::Outcome> Release(std::shared_ptr<Run> run);

  /// What a source of that kind is kept in; nullptr for a kind that is none.
  kube::ObjectStore* SourcesOf(std::string_view kind) const;
  /// Why this source may not be used at all: the reason and the message of the condition.
  std::optional<std::pair<std::string_view, std::string>> RefusedSource(const Key& key, const SourceReference& ref) const;
  net::Task<void> ReadSourceLive(std::shared_ptr<Run> run);
  std::optional<base::Error> FindSource(Run& run, bool& not_yet) const;
  bool MayBeOutdated(const Run& run) const;
  net::Task<bool> GivesWay(std::shared_ptr<Run> run);
  /// The source's tree, if nobody holds it; Ok, or the outcome of this run.
  net::Task<std::optional<controller::Outcome>> LoadSource(std::shared_ptr<Run> run);
  std::optional<std::string> Refused(const Spec& spec) const;
  std::optional<std::string> UnmetDependency(const Run& run) const;
  std::optional<std::string> WhyUnready(const Run& run, const Dependency& dependency) const;
  bool MayGoOn(const Key& key) const;
  void Emit(const Run& run, kube::EventType type, std::string_view reason, std::string_view message, bool commit_status = false);
  controller::Outcome Next(State& state, base::Duration delay);
  base::Duration Left(const State& state) const;
  base::Duration Interval(const Spec& spec);
  static base::Duration RetryInterval(const Spec& spec);
  bool ProvesRights(const Run& run) const;
  void TellCanceledWait(const Run& run, const std::string& trigger);
  kube::Impersonate Identity(const Key& key, const Spec& spec) const;

  Parts parts_;
  ReconcilerOptions options_;
  StatusWriter writer_;
  Journal journal_;
  Links links_;
  HealthExpressions expressions_;
  RemoteFetcher fetcher_;
  std::shared_ptr<const Cluster> own_cluster_;
  Clusters* clusters_ = nullptr;
  WorkQueue* queue_ = nullptr;
  ClaimMemory claim_memory_;
  std::map<Key, std::shared_ptr<State>> states_;
  std::shared_ptr<std::size_t> investigations_ = std::make_shared<std::size_t>(0);
};

}  // namespace sluice::controller::kustomization
