// controller/helm_operator/status.h: the status of a helm.fluxcd.io/v1 HelmRelease while a run works on it, in the operator's words (fluxcd/helm-operator, pkg/status):
// a phase, and the conditions that go with it. Beyond the operator, the message of a failure ends in its cause. Pure: a value that is changed in memory and
// written when it is worth it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "controller/conditions.h"
#include "controller/helm_operator/spec.h"
#include "document/value.h"

namespace sluice::controller::helm_operator {

enum class Phase {
  None,
  ChartFetched,
  ChartFetchFailed,
  Installing,
  Upgrading,
  Deployed,
  DeployFailed,
  Testing,
  TestFailed,
  Tested,
  Succeeded,
  Failed,
  RollingBack,
  RolledBack,
  RollbackFailed,
};
std::string_view ToString(Phase phase);   ///< "DeployFailed"; "" for None
Phase ParsePhase(std::string_view word);  ///< what is no phase is None
/// Is this the phase of a run that had not come to its end? No run ends in one of these.
bool IsUnderWay(Phase phase);

class WorkingStatus {
 public:
  /// What `object` says of itself.
  explicit WorkingStatus(const document::Value& object);
  /// The whole status, for StatusWriter::Write.
  document::Value ToValue() const;

  Phase phase = Phase::None;
  std::string release_name, release_status, revision, last_attempted_revision;
  std::int64_t rollback_count = 0;

  /// Sets the phase and its conditions. `cause` (may be "") is why, of a phase that is a failure. Of TestFailed Released is not touched where `ignore_test_failures`.
  void Enter(Phase next, const std::string& cause, bool ignore_test_failures, base::TimePoint now);

  bool IsTrue(std::string_view type) const;
  std::string_view MessageOf(std::string_view type) const;
  /// The current generation has been brought to an end, good or bad.
  bool HasSynced() const { return observed_generation_ >= generation_; }
  bool NeverObserved() const { return observed_generation_ == 0; }
  /// The current generation has been rolled back.
  bool HasRolledBack() const { return HasSynced() && IsTrue("RolledBack"); }
  void ObserveGeneration() { observed_generation_ = std::max(observed_generation_, generation_); }
  std::int64_t generation() const { return generation_; }

 private:
  struct Entry {
    std::string type, reason, message, last_update_time, last_transition_time;
    ConditionStatus status = ConditionStatus::Unknown;
  };
  const Entry* Find(std::string_view type) const;
  void Set(std::string_view type, ConditionStatus status, std::string message, base::TimePoint now);

  std::string name_, ns_;  ///< of the release, for messages
  std::int64_t generation_ = 0, observed_generation_ = 0;
  std::vector<Entry> conditions_;  ///< the one that was set last is last
};

/// May a release that was rolled back be upgraded again?
bool ShouldRetryUpgrade(const RollbackSpec& spec, std::int64_t rollback_count);

}  // namespace sluice::controller::helm_operator
