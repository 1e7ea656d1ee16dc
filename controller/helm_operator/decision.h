// controller/helm_operator/decision.h: what is done next about a release, by the operator's rules (fluxcd/helm-operator, pkg/release): the cheap questions first, then
// a comparison of what is wanted with what is on record. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "helm/release/draft.h"
#include "helm/release/record.h"

namespace sluice::controller::helm_operator {

enum class Action {
  Install,
  Upgrade,
  Compare,   ///< and upgrade if it differs
  Resume,    ///< what we began and did not finish
  Remedy,    ///< a failure of ours that nobody has answered
  Conclude,  ///< a rollback of ours that was not told of
};

struct Facts {
  bool exists = false;
  helm::ReleaseStatus status = helm::ReleaseStatus::Unknown;  ///< of the newest revision
  bool ours = false;                                          ///< it was last written by us
  bool synced = false;                                        ///< the HelmRelease's generation has been brought to an end
  bool never_observed = false;                                ///< no generation has
  bool under_way = false;                                     ///< the status shows a run that died
  bool rollback_done = false;                                 ///< that run was rolling back, and the newest revision is a rollback
  bool rolled_back = false, chart_changed = false, may_retry = false;
};

struct Decision {
  Action action = Action::Compare;
  bool with_attempt = false;  ///< compare with the newest revision that failed or was superseded, not with the last one
};

/// Errors: Conflict, a release in a state from which upgrading is not safe.
/// Beyond the operator: a release that is just met is compared first, so that taking it over makes no new revision; and what a dead process left is gone on with.
base::Result<Decision> Decide(const Facts& facts);

/// Do the values and the chart (name, versions, default values, templates) of the revision differ from the draft's? Numbers are compared as such. What a record leaves
/// out because of its size does not count.
bool Differs(const helm::Release& release, const helm::Draft& draft);

}  // namespace sluice::controller::helm_operator
