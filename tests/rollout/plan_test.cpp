#include "rollout/plan.h"

#include <map>

#include "rollout/fingerprint.h"
#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;
using Presence = LiveFacts::Presence;

Value ConfigMap(const std::string& name, const std::string& metadata = "") {
  return Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: shop" +
              (metadata.empty() ? "" : ", " + metadata) + "}, data: {a: x}}");
}

LiveFacts Live(std::uint64_t fingerprint, std::uint8_t selectors = 0) {
  return {.presence = Presence::Present, .fingerprint = fingerprint, .selectors = {selectors}, .deleting = false, .settled = {}};
}

TEST(Plan, DecidesForEachObject) {
  const Value object = ConfigMap("a");
  const std::uint64_t same = FingerprintDesired(object);
  LiveFacts absent, foreign = Live(same), deleting = Live(same), settled = Live(5);
  absent.presence = Presence::Absent;
  foreign.presence = Presence::Foreign;
  deleting.deleting = true;
  settled.settled = Settled{same, 5};
  LiveFacts settled_before = settled;
  LiveFacts settled_unowned = Live(0);
  settled_unowned.settled = Settled{same, 0};
  settled_before.fingerprint = 6;
  const std::string disabled = "annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}",
                    ignore = "labels: {kustomize.toolkit.fluxcd.io/ssa: Ignore}",
                    once = "annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}";
  struct Row {
    std::string_view rule;
    Value desired;
    LiveFacts live;
    std::string_view want;
  };
  const Row rows[] = {
      {"equal fingerprints", object, Live(same), "unchanged: "},
      {"other fingerprints", object, Live(same + 1), "configured: fields differ from the live object"},
      {"no field is ours", object, Live(0), "configured: no field is ours yet"},
      {"absent", object, absent, "created: not found among the objects of this owner"},
      {"unknown", object, {}, "configured: the live object is not known"},
      {"foreign", object, foreign, "configured: another owner's labels are on it"},
      {"being deleted", object, deleting, "configured: it is being deleted"},
      {"settled", object, settled, "unchanged: "},
      {"settled for another live object", object, settled_before, "configured: fields differ from the live object"},
      {"settled while no field is ours, which tells nothing of the live object", object, settled_unowned,
       "configured: no field is ours yet"},
      {"disabled on the desired object", ConfigMap("a", disabled), absent, "skipped: reconcile is disabled"},
      {"disabled on the live object", object, Live(0, 1), "skipped: reconcile is disabled"},
      {"ignored", ConfigMap("a", ignore), Live(0), "skipped: ssa is Ignore"},
      {"if not present, and absent", ConfigMap("a", once), absent, "created: not found among the objects of this owner"},
      {"if not present, and present", ConfigMap("a", once), Live(0), "skipped: it exists, and ssa is IfNotPresent"},
      {"if not present on the live object", object, Live(0, 4), "skipped: it exists, and ssa is IfNotPresent"},
      {"merge is applied", object, Live(0, 8), "configured: no field is ours yet"},
  };
  for (const Row& row : rows) {
    const PlannedObject planned = PlanObject(row.desired, row.live);
    EXPECT_EQ(std::string(ToString(planned.action)) + ": " + planned.why, row.want) << row.rule;
  }
}

using Facts = std::map<std::string, LiveFacts>;
LiveLookup LookupIn(const Facts& facts) {
  return [&facts](const document::ObjectId& id, std::string_view) {
    const auto found = facts.find(id.name);
    return found == facts.end() ? LiveFacts{} : found->second;
  };
}

TEST(Plan, StagesPrunesAndInventory) {
  const std::vector<Value> desired = {ConfigMap("web"),
                                      Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}"),
                                      Yaml("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}}"),
                                      Yaml("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"), ConfigMap("same")};
  Facts facts;
  facts["same"] = Live(FingerprintDesired(desired[4]));
  facts["web"].presence = facts["fast"].presence = Presence::Absent;
  facts["old"] = Live(1);
  facts["kept"] = Live(1, 32);
  facts["off"] = Live(1, 1);
  facts["ignored"] = Live(1, 2);
  facts["gone"].presence = Presence::Absent;
  facts["theirs"].presence = Presence::Foreign;
  Inventory last;
  for (const auto name : {"gone", "old", "kept", "same", "off", "ignored", "theirs", "unknown"})
    last.Add({{"", "ConfigMap", "shop", name}, "v1"});
  last.Add({{"", "Service", "shop", "old"}, "v1"});
  const Plan plan = MakePlan(last, desired, LookupIn(facts));
  EXPECT_EQ(plan.ToString(),
            "Namespace/shop configured (the live object is not known)\n"
            "StorageClass/fast created (not found among the objects of this owner)\n"
            "ConfigMap/shop/web created (not found among the objects of this owner)\n"
            "Deployment/shop/web created (not found among the objects of this owner)\n"
            "Service/shop/old deleted\n"
            "ConfigMap/shop/unknown deleted if it is ours\n"
            "ConfigMap/shop/theirs kept (another owner's labels are on it)\n"
            "ConfigMap/shop/old deleted\n"
            "ConfigMap/shop/off kept (reconcile is disabled)\n"
            "ConfigMap/shop/kept kept (prune is disabled)\n"
            "ConfigMap/shop/ignored kept (ssa is Ignore)\n"
            "ConfigMap/shop/gone gone\n");
  ASSERT_EQ(plan.stages.size(), 3u);
  EXPECT_TRUE(plan.stages[0].waited && plan.stages[1].waited && !plan.stages[2].waited);
  EXPECT_EQ(plan.stages[2].objects[1].id.name, "web");
  EXPECT_EQ(plan.stages[2].objects[1].desired, 0u);
  std::string inventory;
  for (const InventoryEntry& entry : plan.inventory.entries()) inventory += EncodeInventoryId(entry.id) + " ";
  EXPECT_EQ(inventory,
            "_shop__Namespace _fast_storage.k8s.io_StorageClass shop_same__ConfigMap shop_web__ConfigMap shop_web_apps_Deployment ");
  EXPECT_TRUE(plan.HasChanges());
}

TEST(Plan, NothingToDo) {
  const std::vector<Value> desired = {ConfigMap("same")};
  Facts facts;
  facts["same"] = Live(FingerprintDesired(desired[0]));
  Inventory last;
  last.Add({{"", "ConfigMap", "shop", "same"}, "v1"});
  const Plan plan = MakePlan(last, desired, LookupIn(facts));
  EXPECT_FALSE(plan.HasChanges());
  EXPECT_EQ(plan.ToString(), "");
  EXPECT_EQ(plan.inventory, last);
}

TEST(Plan, PrunesNothingWhenItIsOffOrTheGuardHolds) {
  Inventory last;
  Facts facts;
  for (const auto name : {"a", "b", "c"}) {
    last.Add({{"", "ConfigMap", "shop", name}, "v1"});
    facts[name] = Live(1);
  }
  PlanOptions off, budget, empty;
  off.prune = false;
  budget.max_deletions = 2;
  empty.hold_empty = true;
  const Plan all = MakePlan(last, {}, LookupIn(facts));
  EXPECT_EQ(all.ToString(), "ConfigMap/shop/c deleted\nConfigMap/shop/b deleted\nConfigMap/shop/a deleted\n");
  EXPECT_TRUE(all.inventory.empty());
  const Plan without = MakePlan(last, {}, LookupIn(facts), off);
  EXPECT_EQ(without.ToString(), "nothing is pruned: prune is off\n");
  EXPECT_TRUE(without.inventory.empty());
  const Plan over = MakePlan(last, {}, LookupIn(facts), budget);
  EXPECT_EQ(over.ToString(), "nothing is pruned: 3 objects would be deleted, more than the 2 allowed at once\n");
  EXPECT_EQ(over.inventory, last);
  EXPECT_FALSE(over.HasChanges());
  const Plan none = MakePlan(last, {}, LookupIn(facts), empty);
  EXPECT_EQ(none.ToString(), "nothing is pruned: the build is empty, and 3 objects would be deleted\n");
  EXPECT_EQ(none.inventory, last);
  EXPECT_EQ(MakePlan(last, {ConfigMap("a")}, LookupIn(facts), budget).held, "");
}

TEST(Plan, CustomStagesAndVersions) {
  PlanOptions options;
  options.custom_stage_kinds = {{"", "ConfigMap"}};
  Inventory last;
  last.Add({{"", "ConfigMap", "shop", "a"}, "v1beta1"});
  const Plan plan = MakePlan(
      last, {Yaml("{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: shop}}"), ConfigMap("a")},
      [](const document::ObjectId&, std::string_view) { return LiveFacts{}; }, options);
  ASSERT_EQ(plan.stages.size(), 2u);
  EXPECT_EQ(plan.stages[0].stage, Stage::Custom);
  EXPECT_FALSE(plan.stages[0].waited);
  EXPECT_TRUE(plan.prune.empty()) << "another version of the same object";
  EXPECT_EQ(plan.inventory.entries()[0].version, "v1");
}

}  // namespace
}  // namespace sluice::rollout
