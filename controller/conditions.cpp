#include "controller/conditions.h"

#include <algorithm>
#include <tuple>

#include "controller/condition_text.h"

namespace sluice::controller {
namespace {

using document::Value;

int Rank(const Condition& condition) {
  if (condition.type == condition::kStalled) return 0;
  if (condition.type == condition::kReconciling) return 1;
  return condition.type == condition::kReady ? 2 : 3;
}

bool Before(const Condition& a, const Condition& b) {
  const int ra = Rank(a);
  const int rb = Rank(b);
  if (ra != rb || ra < 3) return ra < rb;
  return std::tuple(-a.observed_generation, std::string_view(a.type)) < std::tuple(-b.observed_generation, std::string_view(b.type));
}

}  // namespace

std::string_view ToString(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::True: return "True";
    case ConditionStatus::False: return "False";
    case ConditionStatus::Unknown: break;
  }
  return "Unknown";
}

document::Value OldStatus(const document::Value& object) {
  const document::Value* status = object.Find("status");
  return status == nullptr || !status->IsMapping() ? document::Value::Mapping() : *status;
}

Conditions Conditions::FromStatus(const Value& status) {
  Conditions out;
  const Value* list = status.Find("conditions");
  if (list == nullptr) return out;
  for (const Value& item : list->items()) {
    Condition read;
    read.type = item.StringAt({"type"});
    if (read.type.empty()) continue;
    read.status = ParseConditionStatus(item.StringAt({"status"}));
    read.reason = item.StringAt({"reason"});
    read.message = item.StringAt({"message"});
    read.last_transition_time = item.StringAt({"lastTransitionTime"});
    if (const Value* generation = item.Find("observedGeneration")) read.observed_generation = generation->AsInt().value_or(0);
    out.conditions_.push_back(std::move(read));
  }
  return out;
}

void Conditions::Set(std::string_view type, ConditionStatus status, std::string_view reason, std::string_view message,
                     std::int64_t generation, base::TimePoint now) {
  auto at = std::find_if(conditions_.begin(), conditions_.end(), [&](const Condition& c) { return c.type == type; });
  if (at == conditions_.end()) {
    conditions_.push_back(Condition{.type = std::string(type)});
    at = std::prev(conditions_.end());
  }
  std::string text = CutMessage(message);
  const bool same = at->status == status && at->reason == reason && at->message == text && !at->last_transition_time.empty();
  if (!same) at->last_transition_time = base::FormatRfc3339(now);
  at->status = status;
  at->reason = reason;
  at->message = std::move(text);
  at->observed_generation = generation;
}

void Conditions::Remove(std::string_view type) {
  std::erase_if(conditions_, [&](const Condition& c) { return c.type == type; });
}

const Condition* Conditions::Find(std::string_view type) const {
  for (const Condition& c : conditions_) {
    if (c.type == type) return &c;
  }
  return nullptr;
}

bool Conditions::IsTrue(std::string_view type) const {
  const Condition* found = Find(type);
  return found != nullptr && found->status == ConditionStatus::True;
}

bool Conditions::IsFalse(std::string_view type) const {
  const Condition* found = Find(type);
  return found != nullptr && found->status == ConditionStatus::False;
}

Value Conditions::ToValue() const {
  std::vector<Condition> sorted = conditions_;
  std::stable_sort(sorted.begin(), sorted.end(), Before);
  Value list = Value::Sequence();
  for (const Condition& c : sorted) {
    Value item = Value::Mapping();
    item.Set("lastTransitionTime", c.last_transition_time);
    item.Set("message", c.message);
    if (c.observed_generation != 0)
      item.Set("observedGeneration", c.observed_generation);  // left out as Go does: it is of somebody who keeps none
    item.Set("reason", c.reason);
    item.Set("status", ToString(c.status));
    item.Set("type", c.type);
    list.Append(std::move(item));
  }
  return list;
}

}  // namespace sluice::controller
