#include "controller/helm_operator/status.h"

#include <algorithm>
#include <array>

#include "controller/condition_text.h"
#include "controller/services.h"

namespace sluice::controller::helm_operator {
namespace {

using document::Value;

constexpr std::array<std::string_view, 15> kPhases = {"",          "ChartFetched", "ChartFetchFailed", "Installing", "Upgrading",
                                                      "Deployed",  "DeployFailed", "Testing",          "TestFailed", "Tested",
                                                      "Succeeded", "Failed",       "RollingBack",      "RolledBack", "RollbackFailed"};

struct Effect {
  std::string_view type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string_view sentence;   ///< what is said before ` Helm release 'x' in 'y'.`
  bool fails_release = false;  ///< Released becomes False with it
};

Effect EffectOf(Phase phase) {
  using enum ConditionStatus;
  switch (phase) {
    case Phase::ChartFetched: return {"ChartFetched", True, "Chart fetch was successful for"};
    case Phase::ChartFetchFailed: return {"ChartFetched", False, "Chart fetch failed for", true};
    case Phase::Installing: return {"Deployed", Unknown, "Running installation for"};
    case Phase::Upgrading: return {"Deployed", Unknown, "Running upgrade for"};
    case Phase::Deployed: return {"Deployed", True, "Installation or upgrade succeeded for"};
    case Phase::DeployFailed: return {"Deployed", False, "Installation or upgrade failed for", true};
    case Phase::Testing: return {"Tested", Unknown, "Testing"};
    case Phase::TestFailed: return {"Tested", False, "Test failed for", true};
    case Phase::Tested: return {"Tested", True, "Tested"};
    case Phase::Succeeded: return {"Released", True, "Release was successful for"};
    case Phase::Failed: return {"Released", False, "Release failed for"};
    case Phase::RollingBack: return {"RolledBack", Unknown, "Rolling back"};
    case Phase::RolledBack: return {"RolledBack", True, "Rolled back"};
    case Phase::RollbackFailed: return {"RolledBack", False, "Rollback failed for"};
    case Phase::None: break;
  }
  return {};
}

void SetText(Value& status, std::string_view field, const std::string& text) {
  if (!text.empty()) status.Set(field, text);
}

}  // namespace

std::string_view ToString(Phase phase) { return kPhases[static_cast<std::size_t>(phase)]; }

Phase ParsePhase(std::string_view word) {
  const auto at = std::find(kPhases.begin(), kPhases.end(), word);
  return at == kPhases.end() ? Phase::None : static_cast<Phase>(at - kPhases.begin());
}

bool IsUnderWay(Phase phase) {
  switch (phase) {
    case Phase::Installing:
    case Phase::Upgrading:
    case Phase::Deployed:
    case Phase::Testing:
    case Phase::Tested:
    case Phase::RollingBack: return true;
    default: return false;
  }
}

WorkingStatus::WorkingStatus(const Value& object)
    : name_(ReleaseNameOf(object)), ns_(TargetNamespaceOf(object)), generation_(GenerationOf(object)) {
  const Value* status = object.Find("status");
  if (status == nullptr) return;
  phase = ParsePhase(status->StringAt({"phase"}));
  release_name = status->StringAt({"releaseName"});
  release_status = status->StringAt({"releaseStatus"});
  revision = status->StringAt({"revision"});
  last_attempted_revision = status->StringAt({"lastAttemptedRevision"});
  if (const Value* count = status->Find("rollbackCount")) rollback_count = count->AsInt().value_or(0);
  if (const Value* observed = status->Find("observedGeneration")) observed_generation_ = observed->AsInt().value_or(0);
  const Value* list = status->Find("conditions");
  if (list == nullptr) return;
  for (const Value& item : list->items()) {
    conditions_.push_back({.type = std::string(item.StringAt({"type"})),
                           .reason = std::string(item.StringAt({"reason"})),
                           .message = std::string(item.StringAt({"message"})),
                           .last_update_time = std::string(item.StringAt({"lastUpdateTime"})),
                           .last_transition_time = std::string(item.StringAt({"lastTransitionTime"})),
                           .status = ParseConditionStatus(item.StringAt({"status"}))});
  }
}

Value WorkingStatus::ToValue() const {
  Value status = Value::Mapping();
  if (observed_generation_ > 0) status.Set("observedGeneration", observed_generation_);
  SetText(status, "phase", std::string(ToString(phase)));
  SetText(status, "releaseName", release_name);
  SetText(status, "releaseStatus", release_status);
  SetText(status, "revision", revision);
  SetText(status, "lastAttemptedRevision", last_attempted_revision);
  if (rollback_count > 0) status.Set("rollbackCount", rollback_count);
  if (conditions_.empty()) return status;
  Value& list = status.Set("conditions", Value::Sequence());
  for (const Entry& entry : conditions_) {
    Value item = Value::Mapping();
    item.Set("type", entry.type);
    item.Set("status", ToString(entry.status));
    SetText(item, "lastUpdateTime", entry.last_update_time);
    SetText(item, "lastTransitionTime", entry.last_transition_time);
    SetText(item, "reason", entry.reason);
    SetText(item, "message", entry.message);
    list.Append(std::move(item));
  }
  return status;
}

const WorkingStatus::Entry* WorkingStatus::Find(std::string_view type) const {
  const auto at = std::find_if(conditions_.begin(), conditions_.end(), [&](const Entry& entry) { return entry.type == type; });
  return at == conditions_.end() ? nullptr : &*at;
}

bool WorkingStatus::IsTrue(std::string_view type) const {
  const Entry* entry = Find(type);
  return entry != nullptr && entry->status == ConditionStatus::True;
}

std::string_view WorkingStatus::MessageOf(std::string_view type) const {
  const Entry* entry = Find(type);
  return entry == nullptr ? std::string_view() : std::string_view(entry->message);
}

/// One that says what it said before stays as it is, with its times.
void WorkingStatus::Set(std::string_view type, ConditionStatus status, std::string message, base::TimePoint now) {
  const Entry* before = Find(type);
  const std::string reason(ToString(phase));
  if (before != nullptr && before->status == status && before->reason == reason && before->message == message) return;
  const std::string time = base::FormatRfc3339(now);
  Entry entry{.type = std::string(type), .reason = reason, .message = std::move(message), .last_update_time = time, .status = status};
  entry.last_transition_time = before != nullptr && before->status == status ? before->last_transition_time : time;
  std::erase_if(conditions_, [&](const Entry& each) { return each.type == type; });
  conditions_.push_back(std::move(entry));
}

void WorkingStatus::Enter(Phase next, const std::string& cause, bool ignore_test_failures, base::TimePoint now) {
  phase = next;
  const Effect effect = EffectOf(next);
  if (effect.type.empty()) return;
  std::string message = std::string(effect.sentence) + " Helm release '" + name_ + "' in '" + ns_ + "'.";
  if (!cause.empty()) message = CutMessage(message + " " + cause);
  Set(effect.type, effect.status, message, now);
  const bool ignored = next == Phase::TestFailed && ignore_test_failures;
  if (effect.fails_release && !ignored) Set("Released", ConditionStatus::False, message, now);
  if (next == Phase::Succeeded) {
    std::erase_if(conditions_, [](const Entry& entry) { return entry.type == "RolledBack"; });
    rollback_count = 0;
  }
  if (next == Phase::RolledBack) ++rollback_count;
}

bool ShouldRetryUpgrade(const RollbackSpec& spec, std::int64_t rollback_count) {
  return spec.retry && (spec.max_retries == 0 || rollback_count <= spec.max_retries);
}

}  // namespace sluice::controller::helm_operator
