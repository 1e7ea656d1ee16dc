// controller/helm_release/state.h: from what is in storage, what the status remembers and what is wanted, to the next step (flux-contract 7.7). Pure; the rules and
// words are those of helm-controller's atomic release: one step of a kind a run, and none behind a remediation.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "controller/helm_release/snapshot.h"
#include "controller/helm_release/spec.h"
#include "helm/release/record.h"

namespace sluice::controller::helm_release {

enum class ReleaseState {
  Absent,     ///< nothing in storage, or only what was uninstalled
  Unmanaged,  ///< something is there that we did not make, or that somebody changed
  OutOfSync,  ///< it was made from something else than is wanted now
  Drifted,    ///< the cluster differs from it; told by whoever looked
  Locked,     ///< an action on it has not come to an end
  Untested,
  InSync,
  Failed,  ///< the last action, or a test
};
std::string_view ToString(ReleaseState state);

struct Judgement {
  ReleaseState state = ReleaseState::Absent;
  std::string reason;
};

/// What a release is to be made from.
struct Wanted {
  std::string chart_name, chart_version, config_digest, post_renderers_digest, common_metadata_digest;
};

/// What of the status counts.
struct Memory {
  Snapshots history;
  std::string last_action;  ///< lastAttemptedReleaseAction: "install", "upgrade" or ""
  std::int64_t failures = 0, install_failures = 0, upgrade_failures = 0;
  std::string post_renderers_digest, common_metadata_digest;  ///< observed…
  bool generation_observed = false;                           ///< observedGeneration is the generation
  void ClearFailures() { failures = install_failures = upgrade_failures = 0; }
};

/// `last`: the newest revision in storage; null: there is none. Never Drifted. Errors: Invalid `unable to determine state for release with status 'x'`.
base::Result<Judgement> Judge(const helm::Release* last, const Spec& spec, const Wanted& wanted, const Memory& memory);

enum class Step { None, Install, Upgrade, Test, Rollback, UninstallRemediation, Unlock, CorrectDrift };
/// Flux's name of the action: "install", "uninstall" (also as remediation), "correct cluster drift" …
std::string_view NameOf(Step step);
/// Steps of one kind are not taken twice in a run.
enum class StepKind { None, Release, Remediate, Test, Unlock, Drift };
StepKind KindOf(Step step);
/// How long the step may take.
base::Duration TimeoutOf(Step step, const Spec& spec);

struct Decision {
  Step step = Step::None;
  std::string stalled;  ///< reason of the condition: RetriesExceeded, MissingRollbackTarget; "" if it is not
  std::string message;  ///< with it
};

/// `forced`: reconcile.fluxcd.io/forceAt asks for it. Cuts the history as far as it is no longer needed. A Rollback holds only as long as its target is in
/// storage as it was; else the caller upgrades.
Decision Decide(const Judgement& judgement, const Spec& spec, Memory& memory, bool forced);

/// Of the action that was attempted last: what follows its failure; nullptr before any.
const Remediation* ActiveRemediation(const Spec& spec, const Memory& memory);
/// The same, if it is to be retried only.
const RetryStrategy* ActiveRetry(const Spec& spec, const Memory& memory);
/// Failures of the action that was attempted last.
std::int64_t ActiveFailures(const Memory& memory);
bool IgnoresTestFailures(const Spec& spec, const Memory& memory);

/// What becomes of a run.
enum class Ending {
  GoOn,             ///< the next step may be taken
  Done,             ///< until the interval has passed
  RetryLater,       ///< RetryOnFailure: after its interval
  Requeue,          ///< at once, with growing pauses
  RetriesExceeded,  ///< stalled
};
/// Before `next` is taken: may it be, after those of `taken`?
Ending BeforeStep(Step next, const std::set<StepKind>& taken, const Spec& spec, const Memory& memory);
/// After `step` was taken.
Ending AfterStep(Step step, const Spec& spec, const Memory& memory);

/// Why the failures so far no longer count; "" if they do. Words of helm-controller's log.
std::string ResetReason(std::int64_t generation, std::int64_t attempted_generation, const std::string& version,
                        const std::string& attempted_version, const std::string& config_digest, const std::string& attempted_digest,
                        bool reset_requested);

/// Why the release has to be uninstalled before anything else, since another one is wanted: "storage namespace", "release namespace", "release name", "chart name";
/// "" if it has not. `status_storage_ns`: status.storageNamespace.
std::string TargetChange(const Spec& spec, const Snapshot* latest, std::string_view status_storage_ns, const std::string& chart_name);

/// Is a one-off request (`annotation`: forceAt, resetAt) to be honoured now? Its value must be that of requestedAt, and neither may have been handled.
bool IsRequested(std::string_view annotation, std::string_view requested_at, std::string_view handled_requested_at,
                 std::string_view handled_annotation);

}  // namespace sluice::controller::helm_release
