#include "controller/suspension.h"

namespace sluice::controller {

bool IsOfRunUnderWay(const Condition* condition) { return condition != nullptr && condition->reason == "Progressing"; }

bool EndRunUnderWay(Conditions& conditions, std::string_view kind, std::int64_t generation, base::TimePoint now) {
  const bool reconciling = IsOfRunUnderWay(conditions.Find(condition::kReconciling));
  const bool waits = IsOfRunUnderWay(conditions.Find(condition::kReady));
  if (reconciling) conditions.Remove(condition::kReconciling);
  if (waits) {
    conditions.Set(condition::kReady, ConditionStatus::False, kSuspendedReason,
                   "Reconciliation canceled: the " + std::string(kind) + " was suspended; resume it to go on", generation, now);
  }
  return reconciling || waits;
}

}  // namespace sluice::controller
