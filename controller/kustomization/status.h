// controller/kustomization/status.h: the statuses of a Kustomization: pure functions from what was and what happened to what is written, in the
// words of Flux (docs/architecture.md, "Kustomization").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "controller/kustomization/spec.h"
#include "document/value.h"

namespace sluice::controller::kustomization {

namespace reason {
inline constexpr std::string_view kSucceeded = "ReconciliationSucceeded";
inline constexpr std::string_view kFailed = "ReconciliationFailed";
inline constexpr std::string_view kBuildFailed = "BuildFailed";
inline constexpr std::string_view kArtifactFailed = "ArtifactFailed";
inline constexpr std::string_view kDependencyNotReady = "DependencyNotReady";
inline constexpr std::string_view kPruneFailed = "PruneFailed";
inline constexpr std::string_view kPruneHeld =
    "PruneHeld";  ///< ours: the prune guard waits for a word (docs/architecture.md, "Prune guard")
inline constexpr std::string_view kInventoryUnreadable = "InventoryUnreadable";  ///< ours: somebody wrote nonsense into the status
inline constexpr std::string_view kHealthCheckFailed = "HealthCheckFailed";
inline constexpr std::string_view kHealthCheckCanceled = "HealthCheckCanceled";
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kFeatureGateDisabled = "FeatureGateDisabled";
inline constexpr std::string_view kAccessDenied = "AccessDenied";
inline constexpr std::string_view kInvalidCELExpression = "InvalidCELExpression";
}  // namespace reason

/// The condition `PruneHeld` (status True): what the prune guard holds. Its reason says whether all of a removal is held, or single objects.
inline constexpr std::string_view kHeldCondition = "PruneHeld";
inline constexpr std::string_view kMassRemoval = "MassRemoval";
inline constexpr std::string_view kHoldsData = "HoldsData";

/// What one attempt was about; fields not known yet are empty.
struct Attempt {
  std::string revision, origin_revision;
  bool fetched = true;                       ///< the source's tree is here: this is an attempt at its revision
  std::string digest;                        ///< of the built manifests; "" before a build: then no history is kept
  std::optional<document::Value> inventory;  ///< `status.inventory` to be written; none leaves it as it is
  base::Duration duration{};
  std::string timeout;  ///< of the spec, in Go's words; "": the step at which a run fails is not named
  struct Held {
    bool mass = false;
    std::string message;
  };
  bool judged = false;       ///< the prune guard has been asked: `held` is its word, also where it is empty
  std::optional<Held> held;  ///< what it holds
};

/// Whether the status says that a mass removal is held.
bool HoldsMass(const document::Value& object);

/// `Detecting drift for revision main@sha1:… with a timeout of 9m30s`.
std::string ProgressMessage(std::string_view step, const Attempt& attempt);

/// At work: Reconciling=True with `message`; Ready becomes Unknown only where it was absent, Unknown, or `drifted`.
document::Value StatusProgressing(const document::Value& object, const Attempt& attempt, std::string_view message, bool drifted,
                                  base::TimePoint now);
/// Applied, and waiting for health: as above, and Healthy=Unknown. `details` (what lacks what) go behind the messages of Reconciling and Ready.
document::Value StatusChecking(const document::Value& object, const Attempt& attempt, std::string_view message, std::string_view details,
                               base::TimePoint now);
/// All done: Ready=True; Healthy=True if `checked` (with how long it took), else absent.
document::Value StatusSucceeded(const document::Value& object, const Attempt& attempt, std::optional<base::Duration> checked,
                                base::TimePoint now);
/// Failed, worth another try: Ready=False, Reconciling=True/ProgressingWithRetry; with HealthCheckFailed also Healthy=False,
/// without the words in front of its own. Reconciling keeps saying which step it was.
document::Value StatusFailed(const document::Value& object, const Attempt& attempt, std::string_view reason, std::string_view message,
                             base::TimePoint now);
/// Failed until the spec changes: Stalled=True, Ready=False.
document::Value StatusStalled(const document::Value& object, std::string_view reason, std::string_view message, base::TimePoint now);
/// Suspended, which ended whatever went on. As in Flux a Ready=True stays and holds for this generation, and a failure stays as it was reported; where a run was under way,
/// nothing says any more that it is, and Ready=False says what became of it. `attempt` may be empty: then it was not about to record anything.
document::Value StatusSuspended(const document::Value& object, const Attempt& attempt, base::TimePoint now);

/// Whether `object` shows all that StatusSucceeded would write for `revision`, so that nothing needs to be written: a run that changed nothing.
bool ShowsSuccess(const document::Value& object, std::string_view revision);
/// Whether the last run failed, as far as the status tells.
bool ShowsFailure(const document::Value& object);

}  // namespace sluice::controller::kustomization
