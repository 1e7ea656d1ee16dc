#include "rollout/plan.h"

#include <algorithm>
#include <array>

#include "rollout/fingerprint.h"

namespace sluice::rollout {

namespace {

using document::Value;

struct Decision {
  Action action;
  std::string_view why;
};

Decision Decide(const LiveFacts& live, Selectors selectors, std::uint64_t desired, std::uint64_t rules) {
  const bool exists = live.presence == LiveFacts::Presence::Present || live.presence == LiveFacts::Presence::Foreign;
  if (selectors.Has(Selector::ReconcileDisabled)) return {Action::Skip, "reconcile is disabled"};
  if (selectors.Has(Selector::SsaIgnore)) return {Action::Skip, "ssa is Ignore"};
  if (exists && selectors.Has(Selector::SsaIfNotPresent)) return {Action::Skip, "it exists, and ssa is IfNotPresent"};
  if (live.presence == LiveFacts::Presence::Absent) return {Action::Create, "not found among the objects of this owner"};
  if (live.presence == LiveFacts::Presence::Unknown) return {Action::Configure, "the live object is not known"};
  if (live.presence == LiveFacts::Presence::Foreign) return {Action::Configure, "another owner's labels are on it"};
  if (live.deleting) return {Action::Configure, "it is being deleted"};
  if (live.leftovers && !selectors.Has(Selector::SsaMerge)) return {Action::Configure, "fields of other managers are to be undone"};
  if (live.fingerprint == desired) return {Action::Unchanged, ""};
  if (live.fingerprint == 0) return {Action::Configure, "no field is ours yet"};
  if (live.settled == Settled{desired ^ rules, live.fingerprint}) return {Action::Unchanged, ""};
  return {Action::Configure, "fields differ from the live object"};
}

// Indexes of `desired`, by stage, each in apply order. Of objects with one id the last wins, as with kubectl.
std::array<std::vector<PlannedObject>, std::size(kStages)> IntoStages(const std::vector<Value>& desired, const CustomStageKinds& custom) {
  std::array<std::vector<PlannedObject>, std::size(kStages)> stages;
  for (std::size_t i = 0; i < desired.size(); ++i) {
    PlannedObject object;
    object.id = document::IdOf(desired[i]);
    object.desired = i;
    stages[static_cast<std::size_t>(StageOf(desired[i], custom))].push_back(std::move(object));
  }
  for (auto& stage : stages) {
    std::sort(stage.begin(), stage.end(), [](const PlannedObject& a, const PlannedObject& b) {
      if (AppliedBefore(a.id, b.id)) return true;
      return !AppliedBefore(b.id, a.id) && a.desired > b.desired;
    });
    stage.erase(std::unique(stage.begin(), stage.end(), [](const PlannedObject& a, const PlannedObject& b) { return a.id == b.id; }),
                stage.end());
  }
  return stages;
}

PlannedPrune PlanPrune(const InventoryEntry& entry, const LiveFacts& live) {
  PlannedPrune prune{.entry = entry, .action = PruneAction::Delete, .why = ""};
  const auto keep = [&](std::string_view why) {
    prune.action = PruneAction::Keep;
    prune.why = why;
    return prune;
  };
  if (live.presence == LiveFacts::Presence::Unknown) {
    prune.action = PruneAction::Check;
    return prune;
  }
  if (live.presence == LiveFacts::Presence::Absent) {
    prune.action = PruneAction::Gone;
    return prune;
  }
  if (live.presence == LiveFacts::Presence::Foreign) return keep("another owner's labels are on it");
  if (live.selectors.Has(Selector::PruneDisabled)) return keep("prune is disabled");
  if (live.selectors.Has(Selector::ReconcileDisabled)) return keep("reconcile is disabled");
  if (live.selectors.Has(Selector::SsaIgnore)) return keep("ssa is Ignore");
  return prune;
}

std::vector<PlannedPrune> PlanPrunes(const Inventory& last, const Inventory& now, const LiveLookup& lookup) {
  std::vector<InventoryEntry> entries = last.Without(now);
  std::sort(entries.begin(), entries.end(), [](const InventoryEntry& a, const InventoryEntry& b) { return AppliedBefore(b.id, a.id); });
  std::vector<PlannedPrune> prunes;
  for (const InventoryEntry& entry : entries) prunes.push_back(PlanPrune(entry, lookup(entry.id, entry.version)));
  return prunes;
}

std::string WhyHeld(const Plan& plan, const Inventory& last, const PlanOptions& options) {
  const auto deletions = static_cast<std::size_t>(std::count_if(plan.prune.begin(), plan.prune.end(), [](const PlannedPrune& prune) {
    return prune.action == PruneAction::Delete || prune.action == PruneAction::Check;
  }));
  if (deletions == 0) return "";
  if (!options.prune) return "prune is off";
  if (options.hold_empty && plan.inventory.empty() && !last.empty())
    return "the build is empty, and " + std::to_string(deletions) + " objects would be deleted";
  if (deletions > options.max_deletions) {
    return std::to_string(deletions) + " objects would be deleted, more than the " + std::to_string(options.max_deletions) +
           " allowed at once";
  }
  return "";
}

std::string_view Word(PruneAction action) {
  switch (action) {
    case PruneAction::Delete: return "deleted";
    case PruneAction::Check: return "deleted if it is ours";
    case PruneAction::Keep: return "kept";
    case PruneAction::Gone: break;
  }
  return "gone";
}

std::string Line(const document::ObjectId& id, std::string_view word, std::string_view why) {
  std::string line = id.ToString() + " " + std::string(word);
  if (!why.empty()) line += " (" + std::string(why) + ")";
  return line + "\n";
}

bool Writes(const PlannedObject& object) { return object.action == Action::Create || object.action == Action::Configure; }

}  // namespace

std::string_view ToString(Action action) {
  switch (action) {
    case Action::Create: return "created";
    case Action::Configure: return "configured";
    case Action::Unchanged: return "unchanged";
    case Action::Skip: break;
  }
  return "skipped";
}

bool PlannedStage::HasChanges() const { return std::any_of(objects.begin(), objects.end(), &Writes); }

bool Plan::HasChanges() const {
  const bool deletes = held.empty() && std::any_of(prune.begin(), prune.end(), [](const PlannedPrune& p) {
                         return p.action == PruneAction::Delete || p.action == PruneAction::Check;
                       });
  return deletes || std::any_of(stages.begin(), stages.end(), [](const PlannedStage& stage) { return stage.HasChanges(); });
}

std::string Plan::ToString() const {
  std::string text;
  for (const PlannedStage& stage : stages) {
    for (const PlannedObject& object : stage.objects) {
      if (object.action != Action::Unchanged) text += Line(object.id, rollout::ToString(object.action), object.why);
    }
  }
  if (!held.empty()) return text + "nothing is pruned: " + held + "\n";
  for (const PlannedPrune& p : prune) text += Line(p.entry.id, Word(p.action), p.why);
  return text;
}

PlannedObject PlanObject(const Value& desired, const LiveFacts& live, std::uint64_t rules) {
  PlannedObject object;
  object.id = document::IdOf(desired);
  const std::uint64_t fingerprint = FingerprintDesired(desired);
  object.fingerprint = fingerprint ^ rules;
  object.selectors = SelectorsOf(desired) | live.selectors;
  const Decision decision = Decide(live, object.selectors, fingerprint, rules);
  object.action = decision.action;
  object.why = decision.why;
  return object;
}

Plan MakePlan(const Inventory& last, const std::vector<Value>& desired, const LiveLookup& lookup, const PlanOptions& options) {
  Plan plan;
  std::vector<InventoryEntry> entries;
  auto stages = IntoStages(desired, options.custom_stage_kinds);
  for (const Stage stage : kStages) {
    auto& objects = stages[static_cast<std::size_t>(stage)];
    if (objects.empty()) continue;
    for (PlannedObject& object : objects) {
      const Value& value = desired[object.desired];
      const std::size_t index = object.desired;
      entries.push_back(EntryOf(value));
      object = PlanObject(value, lookup(object.id, entries.back().version));
      object.desired = index;
    }
    plan.stages.push_back({.stage = stage, .objects = std::move(objects), .waited = IsWaitedFor(stage)});
  }
  plan.inventory = Inventory(std::move(entries));
  plan.prune = PlanPrunes(last, plan.inventory, lookup);
  plan.held = WhyHeld(plan, last, options);
  if (!plan.held.empty() && options.prune) plan.inventory = plan.inventory.Union(last);
  return plan;
}

}  // namespace sluice::rollout
