#include "controller/helm_operator/decision.h"

#include <algorithm>
#include <map>

#include "document/json.h"
#include "document/value.h"

namespace sluice::controller::helm_operator {
namespace {

using base::Result;
using document::Value;
using helm::ReleaseStatus;

bool Same(const Value& left, const Value& right);

bool SameMembers(const Value& left, const Value& right) {
  if (left.members().size() != right.members().size()) return false;
  return std::all_of(left.members().begin(), left.members().end(), [&](const document::Member& member) {
    const Value* other = right.Find(member.key);
    return other != nullptr && Same(member.value, *other);
  });
}

bool SameItems(const Value& left, const Value& right) {
  return std::equal(left.items().begin(), left.items().end(), right.items().begin(), right.items().end(), Same);
}

/// 1 is 1.0: what JSON has a float for may have been written either way.
bool Same(const Value& left, const Value& right) {
  if (left.IsMapping() && right.IsMapping()) return SameMembers(left, right);
  if (left.IsSequence() && right.IsSequence()) return SameItems(left, right);
  const auto a = left.IsNumber() ? left.AsDouble() : std::nullopt, b = right.IsNumber() ? right.AsDouble() : std::nullopt;
  if (a && b) return *a == *b;
  return left == right;
}

/// An empty mapping for what is absent, null or no JSON.
Value Parsed(const std::string& json) {
  if (json.empty()) return Value::Mapping();
  Result<Value> value = document::ParseJson(json);
  return value && value->IsMapping() ? *std::move(value) : Value::Mapping();
}

Value MemberOf(const Value& object, std::string_view field) {
  const Value* found = object.Find(field);
  return found == nullptr || found->IsNull() ? Value::Mapping() : *found;
}

/// The templates by name: Helm lists them as the archive does.
std::map<std::string, std::string> TemplatesOf(const Value& chart) {
  std::map<std::string, std::string> out;
  const Value* list = chart.Find("templates");
  if (list == nullptr || !list->IsSequence()) return out;
  for (const Value& item : list->items()) out.emplace(item.StringAt({"name"}), item.StringAt({"data"}));
  return out;
}

bool SameChart(const helm::StoredChart& left, const helm::StoredChart& right) {
  if (left.name != right.name || left.version != right.version || left.app_version != right.app_version) return false;
  if (left.packed == right.packed) return true;
  const Value a = Parsed(helm::ChartJson(left)), b = Parsed(helm::ChartJson(right));
  if (!Same(MemberOf(a, "values"), MemberOf(b, "values"))) return false;
  const auto templates = TemplatesOf(a);
  return templates.empty() || templates == TemplatesOf(b);
}

}  // namespace

Result<Decision> Decide(const Facts& facts) {
  if (!facts.exists) return Decision{.action = Action::Install};
  const bool pending = helm::IsPending(facts.status) || facts.status == ReleaseStatus::Uninstalling;
  if (pending && facts.ours) return Decision{.action = Action::Resume};
  if (facts.status == ReleaseStatus::Failed && facts.ours && facts.under_way) return Decision{.action = Action::Remedy};
  if (facts.status != ReleaseStatus::Deployed) {
    return base::MakeError(base::Reason::Conflict, "status '" + std::string(ToString(facts.status)) +
                                                       "' of release does not allow a safe upgrade; bring it to 'deployed' first, for "
                                                       "example with `helm rollback`");
  }
  if (facts.under_way && facts.rollback_done && facts.ours) return Decision{.action = Action::Conclude};
  if (!facts.synced) return Decision{.action = facts.never_observed || facts.under_way ? Action::Compare : Action::Upgrade};
  if (facts.chart_changed || (facts.rolled_back && facts.may_retry)) return Decision{.action = Action::Upgrade};
  return Decision{.action = Action::Compare, .with_attempt = facts.rolled_back};
}

bool Differs(const helm::Release& release, const helm::Draft& draft) {
  if (!release.chart || !draft.chart || !SameChart(*release.chart, *draft.chart)) return true;
  return release.config != draft.config && !Same(Parsed(release.config), Parsed(draft.config));
}

}  // namespace sluice::controller::helm_operator
