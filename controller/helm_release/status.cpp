#include "controller/helm_release/status.h"

#include <algorithm>

#include "controller/services.h"
#include "controller/suspension.h"
#include "document/object.h"

namespace sluice::controller::helm_release {
namespace {

using document::Value;

std::int64_t NumberAt(const Value& status, std::string_view field) {
  const Value* value = status.Find(field);
  return value == nullptr ? 0 : value->AsInt().value_or(0);
}

std::string TextAt(const Value& status, std::string_view field) { return std::string(status.StringAt({field})); }

void Put(Value& status, std::string_view field, const std::string& text) {
  if (text.empty()) {
    status.Erase(field);
  } else {
    status.Set(field, text);
  }
}

void Put(Value& status, std::string_view field, std::int64_t number) {
  if (number == 0) {
    status.Erase(field);
  } else {
    status.Set(field, number);
  }
}

}  // namespace

WorkingStatus::WorkingStatus(const Value& object) : generation_(GenerationOf(object)) {
  const Value* status = object.Find("status");
  rest_ = status == nullptr || !status->IsMapping() ? Value::Mapping() : *status;
  conditions_ = Conditions::FromStatus(rest_);
  if (const Value* observed = rest_.Find("observedGeneration")) observed_generation_ = observed->AsInt();
  memory.history = Snapshots::FromValue(rest_.Find("history"));
  memory.last_action = TextAt(rest_, "lastAttemptedReleaseAction");
  memory.failures = NumberAt(rest_, "failures");
  memory.install_failures = NumberAt(rest_, "installFailures");
  memory.upgrade_failures = NumberAt(rest_, "upgradeFailures");
  memory.post_renderers_digest = TextAt(rest_, "observedPostRenderersDigest");
  memory.common_metadata_digest = TextAt(rest_, "observedCommonMetadataDigest");
  memory.generation_observed = observed();
  attempted = {.generation = NumberAt(rest_, "lastAttemptedGeneration"),
               .revision = TextAt(rest_, "lastAttemptedRevision"),
               .revision_digest = TextAt(rest_, "lastAttemptedRevisionDigest"),
               .config_digest = TextAt(rest_, "lastAttemptedConfigDigest")};
  helm_chart = TextAt(rest_, "helmChart");
  storage_ns = TextAt(rest_, "storageNamespace");
  action_duration = TextAt(rest_, "lastAttemptedReleaseActionDuration");
  handled_reconcile = TextAt(rest_, "lastHandledReconcileAt");
  handled_force = TextAt(rest_, "lastHandledForceAt");
  handled_reset = TextAt(rest_, "lastHandledResetAt");
  if (const Value* entries = rest_.Find("inventory")) {
    std::vector<std::string> unreadable;
    inventory = rollout::Inventory::FromValue(*entries, &unreadable);
  }
}

Value WorkingStatus::ToValue() const {
  Value out = rest_;
  if (observed_generation_) out.Set("observedGeneration", *observed_generation_);
  out.Set("conditions", conditions_.ToValue());
  if (memory.history.empty()) {
    out.Erase("history");
  } else {
    out.Set("history", memory.history.ToValue());
  }
  Put(out, "lastAttemptedReleaseAction", memory.last_action);
  Put(out, "failures", memory.failures);
  Put(out, "installFailures", memory.install_failures);
  Put(out, "upgradeFailures", memory.upgrade_failures);
  Put(out, "observedPostRenderersDigest", memory.post_renderers_digest);
  Put(out, "observedCommonMetadataDigest", memory.common_metadata_digest);
  Put(out, "lastAttemptedGeneration", attempted.generation);
  Put(out, "lastAttemptedRevision", attempted.revision);
  Put(out, "lastAttemptedRevisionDigest", attempted.revision_digest);
  Put(out, "lastAttemptedConfigDigest", attempted.config_digest);
  Put(out, "helmChart", helm_chart);
  Put(out, "storageNamespace", storage_ns);
  Put(out, "lastAttemptedReleaseActionDuration", action_duration);
  Put(out, "lastHandledReconcileAt", handled_reconcile);
  Put(out, "lastHandledForceAt", handled_force);
  Put(out, "lastHandledResetAt", handled_reset);
  if (inventory) {
    out.Set("inventory", inventory->ToValue());
  } else {
    out.Erase("inventory");
  }
  return out;
}

void WorkingStatus::SetTrue(std::string_view type, std::string_view reason, std::string_view message, base::TimePoint now) {
  conditions_.Set(type, ConditionStatus::True, reason, message, generation_, now);
}

void WorkingStatus::SetFalse(std::string_view type, std::string_view reason, std::string_view message, base::TimePoint now) {
  conditions_.Set(type, ConditionStatus::False, reason, message, generation_, now);
}

void WorkingStatus::SetUnknown(std::string_view type, std::string_view reason, std::string_view message, base::TimePoint now) {
  conditions_.Set(type, ConditionStatus::Unknown, reason, message, generation_, now);
}

std::string_view WorkingStatus::ReasonOf(std::string_view type) const {
  const Condition* found = Find(type);
  return found == nullptr ? std::string_view() : std::string_view(found->reason);
}

std::string_view WorkingStatus::MessageOf(std::string_view type) const {
  const Condition* found = Find(type);
  return found == nullptr ? std::string_view() : std::string_view(found->message);
}

void WorkingStatus::Reconciling(std::string_view reason, std::string_view message, base::TimePoint now) {
  conditions_.Remove(condition::kStalled);
  SetTrue(condition::kReconciling, reason, message, now);
}

void WorkingStatus::Stall(std::string_view reason, std::string_view message, base::TimePoint now) {
  conditions_.Remove(condition::kReconciling);
  SetTrue(condition::kStalled, reason, message, now);
}

bool WorkingStatus::Suspend(base::TimePoint now) { return EndRunUnderWay(conditions_, "HelmRelease", generation_, now); }

void WorkingStatus::Recover(std::initializer_list<std::string_view> reasons, base::TimePoint now) {
  if (std::ranges::find(reasons, ReasonOf(condition::kReady)) == reasons.end()) return;
  SetUnknown(condition::kReady, reason::kProgressing, "reconciliation in progress", now);
}

void WorkingStatus::Summarize(const Spec& spec, base::TimePoint now) {
  if (!spec.test.enable) conditions_.Remove(condition::kTestSuccess);
  const bool tests = spec.test.enable && !spec.test.ignore_failures;
  const Condition* best = nullptr;
  for (const std::string_view type : {condition::kRemediated, condition::kTestSuccess, condition::kReleased}) {
    if (type == condition::kTestSuccess && !tests) continue;
    const Condition* found = Find(type);
    if (found != nullptr && (best == nullptr || found->observed_generation > best->observed_generation)) best = found;
  }
  if (best != nullptr) {
    const Condition chosen = *best;
    const bool remediated = chosen.type == condition::kRemediated;
    const ConditionStatus status = remediated ? ConditionStatus::False : chosen.status;
    if (status == ConditionStatus::True) conditions_.Remove(condition::kStalled);
    conditions_.Set(condition::kReady, status, chosen.reason, chosen.message, generation_, now);
  }
  memory.post_renderers_digest = PostRenderersDigest(spec);
  memory.common_metadata_digest = CommonMetadataDigest(spec);
}

void WorkingStatus::ShowInSync(const Spec& spec, base::TimePoint now) {
  const Snapshot* latest = memory.history.Latest();
  if (latest == nullptr) return;
  if (IsTrue(condition::kRemediated)) {
    conditions_.Remove(condition::kRemediated);
    conditions_.Remove(condition::kReleased);
    SetTrue(condition::kReleased, reason::kUpgradeSucceeded, SuccessMessage("upgrade", *latest), now);
  }
  const Condition* released = Find(condition::kReleased);
  const bool shown = IsTrue(condition::kReady) && released != nullptr && released->status == ConditionStatus::True;
  if (shown) return;
  const std::string_view why = ReasonOf(condition::kReleased);
  const bool installed = why == reason::kInstallFailed || latest->action == "install";
  if (released == nullptr || why == reason::kInstallFailed || why == reason::kUpgradeFailed || why == reason::kPendingRelease) {
    SetTrue(condition::kReleased, installed ? reason::kInstallSucceeded : reason::kUpgradeSucceeded,
            SuccessMessage(installed ? "install" : "upgrade", *latest), now);
  }
  Summarize(spec, now);
}

std::string SuccessMessage(std::string_view action, const Snapshot& snapshot) {
  return "Helm " + std::string(action) + " succeeded for release " + snapshot.FullName() + " with chart " + snapshot.ChartText();
}

std::string FailureMessage(std::string_view action, const Spec& spec, const std::string& chart, const std::string& version,
                           std::string_view why) {
  return "Helm " + std::string(action) + " failed for release " + spec.ns + "/" + spec.release_name + " with chart " + chart + "@" +
         version + ": " + std::string(why);
}

}  // namespace sluice::controller::helm_release
