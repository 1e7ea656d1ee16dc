// controller/kustomization/state.h: what the reconciler remembers of one Kustomization between runs. Nothing here has to survive a restart.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "controller/health.h"
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/status.h"
#include "net/executor.h"

namespace sluice::controller::kustomization {

struct Reconciler::State {
  net::Event woken{net::Event::Kind::AutoReset};  ///< the index saw a change of our objects
  std::string uid;                                ///< of the Kustomization; another one starts afresh

  // The intent that is applied, pruned and on record; compared with what is asked for now.
  bool applied = false;
  std::int64_t generation = 0;
  std::string revision, variables, requested;
  base::ReadSet reads;
  bool elsewhere = false;  ///< other repositories or addresses were read, too: nobody can say that they are as they were
  std::vector<std::shared_ptr<sources::Repository>> repositories;  ///< those; held, so that their caches stay
  Attempt attempt;
  bool changed = false;     ///< something was written for it
  base::TimePoint started;  ///< of the run that applied it

  std::shared_ptr<const Cluster> cluster;  ///< that it was applied to; declared before what refers into it

  /// Every condition of health of what is applied: asked about once more whenever a revision that changes nothing is reported.
  std::vector<Awaited> awaited;
  std::string account;  ///< whose rights the last apply was made with

  // Waiting for health.
  std::unique_ptr<HealthWatch> health;
  bool was_healthy = false;  ///< before: then a passed check is no news, unless a new revision changed something
  bool new_revision = false;
  bool unhealthy = false;                                  ///< reported as failed; still listening, it may recover
  std::shared_ptr<void> investigation;                     ///< a place among those whose causes are looked for; held while it waits
  std::shared_ptr<const rollout::CustomStatus> judged_by;  ///< the health expressions that the index has judged our objects by
  base::TimePoint wait_started, deadline, reported_at;
  std::string reported;

  std::set<document::ObjectId> held;  ///< the mass removal that the prune guard holds; after a restart nobody knows
  bool hands_over = false;            ///< objects that are no longer wanted wait for others to take them
  bool waits_for_dependency = false;
  std::string waits_for_source;  ///< the source that is not there yet
  base::TimePoint source_missing_since;
  base::TimePoint gives_way_since;  ///< a new revision, in which nothing of ours changed, is not reported yet
  base::TimePoint due;              ///< of the next look at the latest
  base::TimePoint last_drift, drift_not_before;
  unsigned drifts = 0;  ///< put back in quick succession

  void ForgetIntent() {
    applied = false;
    unhealthy = false;
    health.reset();
    investigation.reset();
    reported.clear();
  }
};

}  // namespace sluice::controller::kustomization
