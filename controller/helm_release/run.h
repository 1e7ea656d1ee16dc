// controller/helm_release/run.h: what the reconciler remembers of one HelmRelease between runs, which need not survive a restart, and what a run found so far.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/helm_release/conceal.h"
#include "controller/helm_release/reconciler.h"

namespace sluice::controller::helm_release {

struct Reconciler::State {
  net::Event woken{net::Event::Kind::AutoReset};  ///< the index saw a change of our objects
  std::string uid;                                ///< of the HelmRelease; another one starts afresh

  // The intent that was last brought to its end, in sync or stalled; compared with what is asked for now.
  bool settled = false;
  std::int64_t generation = 0;
  std::string source_digest, requested;

  DriftMode drift_mode = DriftMode::Disabled;
  bool drifted_meanwhile = false;  ///< somebody changed an object while a run was under way, which may have looked before that
  std::shared_ptr<const Cluster> cluster;
  std::shared_ptr<const rollout::CustomStatus> judged_by;  ///< the health expressions that the index has judged our objects by

  // With what an action that may still be pending was begun.
  bool begun = false;
  std::string begun_post_renderers, begun_common_metadata;

  bool waits_for_dependency = false;
  std::string waits_for_source;  ///< the source that is not there yet
  base::TimePoint source_missing_since;
  base::TimePoint due;                           ///< of the next look at the latest
  base::TimePoint last_drift, drift_not_before;  ///< somebody who undoes our corrections is answered ever more slowly
  unsigned drifts = 0;
};

struct Reconciler::Run {
  explicit Run(const kube::SharedObject& of) : object(of), status(*of) {}

  /// `message` without what its values have from Secrets.
  std::string Conceal(std::string message) const {
    return composed ? Concealed(std::move(message), composed->secrets) : std::move(message);
  }

  Key key;
  kube::SharedObject object;
  base::Logger log = base::Logger::Null();
  Spec spec;
  State* state = nullptr;
  std::shared_ptr<State> keep;
  Triggers why = 0;
  base::TimePoint started;
  WorkingStatus status;

  SourceKey source_key;
  std::shared_ptr<const SourceArtifact> source;
  std::shared_ptr<const OpenedChart> chart;
  std::string chart_version, oci_digest;  ///< the version with what the artifact's digest adds to it
  std::shared_ptr<const Composed> composed;
  std::shared_ptr<const Cluster> cluster;
  kube::Impersonate as;
  Wanted wanted;
  bool forced = false, same_generation = false;  ///< the last attempt was of this generation

  std::unique_ptr<releases::Storage> storage;
  std::unique_ptr<IndexFollower> follower;
  std::unique_ptr<releases::Actions> actions;
  helm::History history;
  std::map<int, helm::Release> written;   ///< what a step wrote, by version, as it was written last
  bool resumes = false;                   ///< the step goes on with what a run before it began
  std::vector<kube::ObjectRef> crds;      ///< of the chart
  std::vector<kube::ObjectRef> rendered;  ///< the objects of the draft, with their namespaces
  std::string announced;                  ///< of Reconciling, while a step runs
  std::vector<Drift> drifts;

  const helm::ReleaseRecord* Last() const { return helm::LastOf(history); }
};

}  // namespace sluice::controller::helm_release
