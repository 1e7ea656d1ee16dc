// controller/helm_release/reconciler.h: what a HelmRelease asks for is fetched, rendered, released, tested, healed when it fails and kept that way. Rules:
// flux-contract 7; the next step is told by state.h, the steps themselves are releases/actions.h's. A run holds no place in the queue while it waits for the cluster, and
// newer intent cancels it at its next wait; the record that it leaves pending is then gone on with, or given up.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/artifact_loader.h"
#include "controller/clusters.h"
#include "controller/config_watcher.h"
#include "controller/expressions.h"
#include "controller/helm_release/chart_cache.h"
#include "controller/helm_release/cluster_facts.h"
#include "controller/helm_release/drift.h"
#include "controller/helm_release/follower.h"
#include "controller/helm_release/links.h"
#include "controller/helm_release/renderer.h"
#include "controller/helm_release/spec.h"
#include "controller/helm_release/state.h"
#include "controller/helm_release/status.h"
#include "controller/helm_release/values.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/source_stores.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "helm/release/stored_chart.h"
#include "kube/index.h"
#include "kube/observe.h"
#include "releases/actions.h"

namespace sluice::controller::helm_release {

struct ReconcilerOptions {
  bool no_cross_namespace_refs = false;
  std::string default_service_account;
  std::vector<std::string> override_managers;
  std::string snapshot_digest_algo = "sha256";
};

class Reconciler final : public kube::OwnedListener {
 public:
  struct Parts {
    net::Runtime& runtime;
    net::Scope& scope;  ///< of what templates look up
    Services& services;
    kube::ObjectStore& store;  ///< of HelmReleases
    SourceStores sources;      ///< of HelmChart, OCIRepository, ExternalArtifact
    SourceRegistry& registry;
    kube::Observer& observer;
    kube::EventRecorder& events;
    ArtifactLoader& loader;
    Renderer& renderer;
  };
  Reconciler(Parts parts, ReconcilerOptions options);
  ~Reconciler() override;

  /// What it is tied to in a circle; set before the first run. `index` is of the labels helm.toolkit.fluxcd.io and the manager helm-controller.
  void Connect(kube::OwnedIndex& index, WorkQueue& queue, Clusters& clusters);
  /// Lets go of everything it remembers, and so of the clusters it holds. After the last run.
  void ForgetAll();

  net::Task<controller::Outcome> Reconcile(Key key, Triggers why);

  void OnChanged(const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) override;
  std::optional<rollout::Status> Judge(std::string_view owner_ns, std::string_view owner_name,
                                       const document::Value& object) const override;
  void OnRemoteChanged(const Cluster* cluster, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes);
  /// A ConfigMap or Secret changed whose news is asked for by label.
  void OnConfigChanged(const ConfigKey& config);
  /// A HelmRelease changed: those that depend on it may go on.
  void OnReleaseChanged(const kube::SharedObject& before, const kube::SharedObject& after);
  /// A source has another revision, or none.
  void OnSourceChanged(const SourceKey& source);
  /// A source object was written: those who wait for it look again.
  void OnSourceWritten(const SourceKey& source);

  const ChartCache& charts() const { return charts_; }

 private:
  struct State;
  struct Run;
  using RunPtr = std::shared_ptr<Run>;
  /// A step on the way: nullopt goes on, else the run ends so.
  using Early = std::optional<controller::Outcome>;

  // reconciler.cpp: what has to be there before anything is released.
  net::Task<controller::Outcome> RunFull(RunPtr run);
  net::Task<Early> CheckDependencies(RunPtr run);
  std::optional<std::string> WhyUnready(const Run& run, const Dependency& wanted) const;
  net::Task<Early> ReadValues(RunPtr run);
  net::Task<Early> FindCluster(RunPtr run);
  net::Task<Early> LeaveOldTarget(RunPtr run);
  net::Task<Early> JudgeAnew(RunPtr run);
  void NoteAttempt(Run& run);

  // reconciler_source.cpp: where the chart comes from.
  net::Task<Early> WriteHelmChart(RunPtr run);
  net::Task<base::Result<void>> DeleteHelmChart(RunPtr run);
  net::Task<Early> FindSource(RunPtr run);
  net::Task<Early> LoadChart(RunPtr run);
  std::optional<std::string> Refused(const Run& run, const SourceKey& source) const;

  // reconciler_release.cpp: the loop of steps.
  net::Task<controller::Outcome> Release(RunPtr run);
  net::Task<base::Result<void>> ReadStorage(RunPtr run);
  net::Task<base::Result<Decision>> NextStep(RunPtr run, bool first);
  net::Task<Early> TakeOne(RunPtr run, Step step);
  net::Task<base::Result<Judgement>> JudgeRelease(RunPtr run);
  net::Task<base::Result<void>> Announce(RunPtr run, Step step);
  /// Errors: what kept the step from leaving a trace in storage.
  net::Task<base::Result<void>> Take(RunPtr run, Step step);
  /// What is to be done about a record of ours that is still pending.
  struct Unfinished {
    Step step = Step::None;
    bool resumes = false;  ///< else the step gives it up
  };
  std::optional<Unfinished> FindUnfinished(const Run& run) const;
  void Adopt(Run& run) const;
  void CountFailure(Run& run, const Snapshot& snapshot, std::string_view description) const;
  void ShowJudgement(Run& run, const Judgement& judgement, Step step);
  net::Task<controller::Outcome> End(RunPtr run, Ending ending);

  // reconciler_actions.cpp: one step each.
  net::Task<base::Result<void>> InstallOrUpgrade(RunPtr run, Step step);
  net::Task<base::Result<void>> RollBack(RunPtr run);
  net::Task<base::Result<void>> UninstallToRemedy(RunPtr run);
  net::Task<base::Result<void>> RunTests(RunPtr run);
  net::Task<base::Result<void>> Unlock(RunPtr run);
  net::Task<base::Result<void>> PutRight(RunPtr run);
  static Sharing SharingOf(const Run& run, bool reuses_record);
  net::Task<base::Result<helm::Draft>> MakeDraft(RunPtr run, bool upgrade);
  net::Task<void> ReportProgress(RunPtr run, std::string details);
  net::Task<base::Result<void>> ApplyCrds(RunPtr run, bool upgrade);
  void NoteWritten(Run& run, std::string_view action);
  void NoteFailure(Run& run, std::string_view action, std::string_view type, std::string_view reason, const releases::Outcome& outcome,
                   std::string_view message);
  void NoteInventory(Run& run, const helm::Release& release);
  releases::InstallOptions InstallOptionsOf(const Run& run) const;
  releases::UpgradeOptions UpgradeOptionsOf(const Run& run) const;
  releases::RollbackOptions RollbackOptionsOf(const Run& run) const;
  releases::UninstallOptions UninstallOptionsOf(const Run& run) const;
  releases::Actions::ResumeOptions ResumeOptionsOf(const Run& run) const;
  void OpenStorage(RunPtr run, std::string ns);

  // reconciler_end.cpp: how a run ends.
  net::Task<controller::Outcome> Suspend(RunPtr run);
  net::Task<controller::Outcome> Finish(RunPtr run, controller::Outcome outcome, bool observed);
  net::Task<controller::Outcome> Fail(RunPtr run, std::string_view reason, base::Error error, std::optional<base::Duration> again);
  net::Task<controller::Outcome> Stall(RunPtr run, std::string_view reason, std::string message);
  net::Task<controller::Outcome> Finalize(RunPtr run);
  base::Result<void> NothingShown(Run& run, const base::Error& error) const;
  net::Task<base::Result<void>> Uninstall(RunPtr run);
  net::Task<base::Result<bool>> MayUninstall(RunPtr run);
  net::Task<base::Result<void>> Write(RunPtr run);

  void Wake(State& state, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes);
  void Emit(const Run& run, kube::EventType type, std::string_view reason, std::string_view message) const;
  /// With the metadata of the release that `snapshot` shows; of what was attempted without one.
  void EmitOf(const Run& run, const Snapshot* snapshot, kube::EventType type, std::string_view reason, std::string_view message) const;
  controller::Outcome Next(State& state, base::Duration delay);
  base::Duration Interval(const Spec& spec);
  kube::Impersonate Identity(const Key& key, const Spec& spec) const;
  base::TimePoint Now() const { return parts_.services.clock.Now(); }

  Parts parts_;
  ReconcilerOptions options_;
  StatusWriter writer_;
  Links links_;
  HealthExpressions expressions_;
  ChartCache charts_;
  ClusterFacts facts_;
  helm::ChartPool pool_;
  std::shared_ptr<const Cluster> own_cluster_;
  Clusters* clusters_ = nullptr;
  WorkQueue* queue_ = nullptr;
  std::map<Key, std::shared_ptr<State>> states_;
};

}  // namespace sluice::controller::helm_release
