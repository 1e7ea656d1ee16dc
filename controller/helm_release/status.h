// controller/helm_release/status.h: the status of a HelmRelease while a run works on it, in Flux's words (flux-contract 7.2, 7.3). Pure: a value that is changed in
// memory and written when it is worth it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "controller/conditions.h"
#include "controller/helm_release/spec.h"
#include "controller/helm_release/state.h"
#include "document/value.h"
#include "rollout/inventory.h"

namespace sluice::controller::helm_release {

namespace condition {
inline constexpr std::string_view kReleased = "Released";
inline constexpr std::string_view kTestSuccess = "TestSuccess";
inline constexpr std::string_view kRemediated = "Remediated";
inline constexpr std::string_view kDrifted = "Drifted";
using controller::condition::kReady;
using controller::condition::kReconciling;
using controller::condition::kStalled;
}  // namespace condition

namespace reason {
inline constexpr std::string_view kInstallSucceeded = "InstallSucceeded";
inline constexpr std::string_view kInstallFailed = "InstallFailed";
inline constexpr std::string_view kUpgradeSucceeded = "UpgradeSucceeded";
inline constexpr std::string_view kUpgradeFailed = "UpgradeFailed";
inline constexpr std::string_view kTestSucceeded = "TestSucceeded";
inline constexpr std::string_view kTestFailed = "TestFailed";
inline constexpr std::string_view kAwaitingTests = "AwaitingTests";
inline constexpr std::string_view kRollbackSucceeded = "RollbackSucceeded";
inline constexpr std::string_view kRollbackFailed = "RollbackFailed";
inline constexpr std::string_view kUninstallSucceeded = "UninstallSucceeded";
inline constexpr std::string_view kUninstallFailed = "UninstallFailed";
inline constexpr std::string_view kDriftDetected = "DriftDetected";
inline constexpr std::string_view kNoDriftDetected = "NoDriftDetected";
inline constexpr std::string_view kPendingRelease = "PendingRelease";
inline constexpr std::string_view kArtifactFailed = "ArtifactFailed";
inline constexpr std::string_view kDependencyNotReady = "DependencyNotReady";
inline constexpr std::string_view kSourceNotReady = "SourceNotReady";
inline constexpr std::string_view kValuesError = "ValuesError";
inline constexpr std::string_view kChartMutateError = "ChartMutateError";
inline constexpr std::string_view kRestClientError = "RESTClientError";
inline constexpr std::string_view kStateError = "StateError";
inline constexpr std::string_view kReconcileError = "ReconcileError";
inline constexpr std::string_view kInvalidCelExpression = "InvalidCELExpression";
inline constexpr std::string_view kAccessDenied = "AccessDenied";
inline constexpr std::string_view kFeatureGateDisabled = "FeatureGateDisabled";
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kProgressingWithRetry = "ProgressingWithRetry";
}  // namespace reason

inline constexpr std::string_view kForceAt = "reconcile.fluxcd.io/forceAt";
inline constexpr std::string_view kResetAt = "reconcile.fluxcd.io/resetAt";

/// What the last run was about.
struct Attempted {
  std::int64_t generation = 0;
  std::string revision, revision_digest, config_digest;
  bool operator==(const Attempted&) const = default;
};

class WorkingStatus {
 public:
  /// What `object` says of itself.
  explicit WorkingStatus(const document::Value& object);
  /// The whole status, for StatusWriter::Write.
  document::Value ToValue() const;

  Memory memory;
  Attempted attempted;
  std::string helm_chart, storage_ns;
  std::string action_duration;  ///< lastAttemptedReleaseActionDuration
  std::string handled_reconcile, handled_force, handled_reset;
  std::optional<rollout::Inventory> inventory;

  // Conditions are of the object's generation.
  void SetTrue(std::string_view type, std::string_view reason, std::string_view message, base::TimePoint now);
  void SetFalse(std::string_view type, std::string_view reason, std::string_view message, base::TimePoint now);
  void SetUnknown(std::string_view type, std::string_view reason, std::string_view message, base::TimePoint now);
  void Remove(std::string_view type) { conditions_.Remove(type); }
  const Condition* Find(std::string_view type) const { return conditions_.Find(type); }
  bool IsTrue(std::string_view type) const { return conditions_.IsTrue(type); }
  std::string_view ReasonOf(std::string_view type) const;
  std::string_view MessageOf(std::string_view type) const;

  /// Reconciling is True: nothing is known to be wrong.
  void Reconciling(std::string_view reason, std::string_view message, base::TimePoint now);
  /// Stalled is True, Reconciling goes, Ready is False.
  void Stall(std::string_view reason, std::string_view message, base::TimePoint now);
  /// The run that was under way is cancelled since the object was suspended (EndRunUnderWay). False: none was.
  bool Suspend(base::TimePoint now);
  /// Ready said that one of `reasons` is in the way, which it no longer is.
  void Recover(std::initializer_list<std::string_view> reasons, base::TimePoint now);
  /// Ready becomes what Remediated, TestSuccess and Released say together; the digests of the spec's renderers are noted.
  void Summarize(const Spec& spec, base::TimePoint now);
  /// The release is as wanted, so what a rollback or failure left in the conditions is put right.
  void ShowInSync(const Spec& spec, base::TimePoint now);
  void ObserveGeneration() { observed_generation_ = generation_; }
  bool observed() const { return observed_generation_ == generation_; }
  std::int64_t generation() const { return generation_; }

 private:
  std::int64_t generation_ = 0;
  std::optional<std::int64_t> observed_generation_;
  Conditions conditions_;
  document::Value rest_;  ///< what of the status is none of the above
};

/// `Helm install succeeded for release team/web.v1 with chart web@1.0.0`
std::string SuccessMessage(std::string_view action, const Snapshot& snapshot);
/// `Helm upgrade failed for release team/web with chart web@1.0.0: why`
std::string FailureMessage(std::string_view action, const Spec& spec, const std::string& chart, const std::string& version,
                           std::string_view why);

}  // namespace sluice::controller::helm_release
