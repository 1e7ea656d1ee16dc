// controller/helm_operator/reconciler.h: a HelmRelease of the older Helm operator (helm.fluxcd.io/v1) is brought to what it asks for, by that operator's rules
// (fluxcd/helm-operator, pkg/release) and in its words, on the same actions as the HelmReleases of today (releases/actions.h), with Helm 3's ways: records
// without a method of apply, three-way merges. A run every sync interval; one whose wait newer intent ends leaves its record pending, and the next goes on.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controller/clusters.h"
#include "controller/helm_operator/charts.h"
#include "controller/helm_operator/decision.h"
#include "controller/helm_operator/spec.h"
#include "controller/helm_operator/status.h"
#include "controller/helm_operator/values.h"
#include "controller/helm_release/cluster_facts.h"
#include "controller/services.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "helm/release/history.h"
#include "helm/release/stored_chart.h"
#include "kube/events.h"
#include "kube/index.h"
#include "kube/observe.h"
#include "net/http.h"
#include "releases/actions.h"

namespace sluice::controller::helm_operator {

struct ReconcilerOptions {
  base::Duration sync_interval = std::chrono::minutes(3);
  ChartOptions charts;
  SpecRules rules;
};

class Reconciler {
 public:
  struct Parts {
    net::Runtime& runtime;
    net::Scope& scope;  ///< of what templates look up
    Services& services;
    kube::ObjectStore& store;  ///< of these HelmReleases
    kube::EventRecorder& events;
    Charts::Parts charts;
  };
  Reconciler(Parts parts, ReconcilerOptions options);
  ~Reconciler();

  /// Before the first run. `index` and `observer` are only lent to what asks for a Cluster.
  void Connect(WorkQueue& queue, kube::OwnedIndex& index, kube::Observer& observer);
  net::Task<Outcome> Reconcile(Key key, Triggers why);

 private:
  struct State;
  struct Run;
  using RunPtr = std::shared_ptr<Run>;

  // reconciler.cpp: what a release is made of, and what is to be done.
  net::Task<Outcome> RunFull(RunPtr run);
  net::Task<base::Result<void>> FetchChart(RunPtr run);
  net::Task<base::Result<void>> ReadValues(RunPtr run);
  net::Task<base::Result<Decision>> Determine(RunPtr run);
  net::Task<base::Result<void>> CheckOwner(RunPtr run);
  net::Task<base::Result<void>> CheckMigration(const Run& run) const;
  net::Task<Outcome> Perform(RunPtr run, Decision decision);
  net::Task<base::Result<helm::Draft>> MakeDraft(RunPtr run, bool upgrade);
  net::Task<base::Result<std::vector<helm::CrdFile>>> CrdsOf(RunPtr run);

  // reconciler_actions.cpp: one step each. Errors have been noted; Canceled ends the run as it is.
  net::Task<base::Result<void>> CompareAndUpgrade(RunPtr run, bool with_attempt);
  net::Task<base::Result<void>> Install(RunPtr run);
  net::Task<base::Result<void>> Upgrade(RunPtr run, std::optional<helm::Draft> draft);
  net::Task<base::Result<void>> AfterUpgrade(RunPtr run, releases::Outcome outcome);
  net::Task<base::Result<void>> AfterInstall(RunPtr run, releases::Outcome outcome);
  net::Task<base::Result<void>> TestAndSucceed(RunPtr run);
  net::Task<base::Result<void>> RunTests(RunPtr run);
  net::Task<base::Result<void>> Answer(RunPtr run);
  net::Task<base::Result<void>> RollBack(RunPtr run);
  net::Task<base::Result<void>> AfterRollback(RunPtr run, releases::Outcome outcome);
  net::Task<base::Result<void>> UninstallFailed(RunPtr run);
  net::Task<base::Result<void>> Resume(RunPtr run);
  net::Task<base::Result<void>> Conclude(RunPtr run);
  net::Task<base::Result<void>> Settle(RunPtr run);
  net::Task<base::Result<void>> MarkObjects(RunPtr run);

  // reconciler_end.cpp
  net::Task<base::Result<void>> Enter(RunPtr run, Phase phase, std::string cause = "");
  net::Task<Outcome> End(RunPtr run);
  net::Task<Outcome> Fail(RunPtr run, Phase phase, base::Error error);
  net::Task<Outcome> Refuse(RunPtr run, base::Error error);
  net::Task<Outcome> Finalize(RunPtr run);
  net::Task<base::Result<void>> RemoveRelease(RunPtr run);
  net::Task<base::Result<void>> Uninstall(RunPtr run);
  net::Task<base::Result<void>> Write(RunPtr run);
  void OpenStorage(const RunPtr& run);
  net::Task<base::Result<void>> ReadStorage(RunPtr run);
  void Tell(const Run& run, kube::EventType type, std::string_view reason, const std::string& message) const;

  base::TimePoint Now() const { return parts_.services.clock.Now(); }
  Outcome Again(base::Duration delay) const;

  Parts parts_;
  const ReconcilerOptions options_;
  StatusWriter writer_;
  Charts charts_;
  helm_release::ClusterFacts facts_;
  helm::ChartPool pool_;
  net::HttpClient http_;
  std::shared_ptr<const Cluster> cluster_;
  WorkQueue* queue_ = nullptr;
  std::map<Key, std::shared_ptr<State>> states_;
};

}  // namespace sluice::controller::helm_operator
