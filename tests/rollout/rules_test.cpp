// Annotations, order, inventory and normalisation.
#include <algorithm>

#include "document/object.h"
#include "document/yaml.h"
#include "rollout/annotations.h"
#include "rollout/inventory.h"
#include "rollout/normalize.h"
#include "rollout/order.h"
#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::ObjectId;
using document::Value;

TEST(Annotations, SelectorsOfTheContract) {
  struct Row {
    std::string_view metadata;
    std::uint8_t want;
  };
  constexpr Row kRows[] = {
      {"{}", 0},
      {"{annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}", 1},
      {"{labels: {kustomize.toolkit.fluxcd.io/reconcile: Disabled}}", 1},
      {"{annotations: {kustomize.toolkit.fluxcd.io/reconcile: enabled}}", 0},
      {"{annotations: {kustomize.toolkit.fluxcd.io/ssa: ignore}}", 2},
      {"{annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}}", 4},
      {"{annotations: {kustomize.toolkit.fluxcd.io/ssa: merge}}", 8},
      {"{annotations: {kustomize.toolkit.fluxcd.io/force: enabled}}", 16},
      {"{labels: {kustomize.toolkit.fluxcd.io/prune: DISABLED}}", 32},
      {"{annotations: {kustomize.toolkit.fluxcd.io/force: enabled}, labels: {kustomize.toolkit.fluxcd.io/prune: disabled}}", 48},
      {"{annotations: {helm.toolkit.fluxcd.io/reconcile: disabled, reconcile: disabled}}", 0},
      {"{annotations: null}", 0},
  };
  for (const Row& row : kRows) EXPECT_EQ(SelectorsOf(Yaml("metadata: " + std::string(row.metadata))).bits, row.want) << row.metadata;
  EXPECT_TRUE(InMetadata(Yaml("metadata: {labels: {a: Yes}}"), "a", "yes"));
  EXPECT_FALSE(InMetadata(Yaml("metadata: {labels: {a: Yes}}"), "a", "no"));
}

TEST(Order, StagesOfTheContract) {
  struct Row {
    std::string_view api_version, kind;
    Stage want;
  };
  constexpr Row kRows[] = {
      {"apiextensions.k8s.io/v1", "CustomResourceDefinition", Stage::Definitions},
      {"v1", "Namespace", Stage::Definitions},
      {"rbac.authorization.k8s.io/v1", "ClusterRole", Stage::Definitions},
      {"example.com/v1", "Namespace", Stage::Rest},
      {"example.com/v1", "ClusterRole", Stage::Rest},
      {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", Stage::Rest},
      {"storage.k8s.io/v1", "StorageClass", Stage::Classes},
      {"example.com/v1", "FooClass", Stage::Classes},
      {"example.com/v1", "Classy", Stage::Rest},
      {"example.com/v1", "Early", Stage::Custom},
      {"other.com/v1", "Early", Stage::Rest},
      {"v1", "ConfigMap", Stage::Rest},
  };
  for (const Row& row : kRows) {
    Value object = Value::Mapping();
    object.Set("apiVersion", row.api_version);
    object.Set("kind", row.kind);
    EXPECT_EQ(StageOf(object, {{"example.com", "Early"}}), row.want) << row.kind;
  }
  EXPECT_TRUE(IsWaitedFor(Stage::Definitions) && IsWaitedFor(Stage::Classes));
  EXPECT_FALSE(IsWaitedFor(Stage::Custom) || IsWaitedFor(Stage::Rest));
}

TEST(Order, SortsAsFlux) {
  const ObjectId kSorted[] = {{"apiextensions.k8s.io", "CustomResourceDefinition", "", "a"},
                              {"", "Namespace", "", "a"},
                              {"", "Namespace", "", "b"},
                              {"rbac.authorization.k8s.io", "ClusterRole", "", "a"},
                              {"rbac.authorization.k8s.io", "ClusterRoleBinding", "", "a"},
                              {"", "ServiceAccount", "a", "a"},
                              {"rbac.authorization.k8s.io", "Role", "a", "a"},
                              {"", "ConfigMap", "a", "b"},
                              {"", "ConfigMap", "b", "a"},
                              {"", "Secret", "a", "a"},
                              {"", "Service", "a", "a"},
                              {"apps", "Deployment", "a", "a"},
                              {"apps", "StatefulSet", "a", "a"},
                              {"batch", "CronJob", "a", "a"},
                              {"policy", "PodDisruptionBudget", "a", "a"},
                              {"", "Pod", "a", "a"},
                              {"apps", "DaemonSet", "a", "a"},
                              {"networking.k8s.io", "Ingress", "a", "a"},
                              {"admissionregistration.k8s.io", "MutatingWebhookConfiguration", "", "a"},
                              {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "", "a"}};
  for (std::size_t i = 0; i < std::size(kSorted); ++i) {
    for (std::size_t k = 0; k < std::size(kSorted); ++k)
      EXPECT_EQ(AppliedBefore(kSorted[i], kSorted[k]), i < k) << kSorted[i].kind << " " << kSorted[k].kind;
  }
  auto objects = YamlStream(
      "{kind: Deployment, apiVersion: apps/v1, metadata: {name: b}}\n---\n{kind: Secret, apiVersion: v1, metadata: {name: z}}\n---\n"
      "{kind: Deployment, apiVersion: apps/v1, metadata: {name: a}}\n");
  SortForApply(objects);
  std::string names;
  for (const Value& object : objects) names += std::string(document::NameOf(object));
  EXPECT_EQ(names, "zab");
}

TEST(Inventory, EntriesOfTheContract) {
  struct Row {
    ObjectId id;
    std::string_view text;
  };
  const Row rows[] = {
      {{"apps", "Deployment", "default", "podinfo"}, "default_podinfo_apps_Deployment"},
      {{"", "Service", "default", "podinfo"}, "default_podinfo__Service"},
      {{"", "Namespace", "", "prod"}, "_prod__Namespace"},
      {{"rbac.authorization.k8s.io", "ClusterRole", "", "system:a:b"}, "_system__a__b_rbac.authorization.k8s.io_ClusterRole"}};
  for (const Row& row : rows) {
    EXPECT_EQ(EncodeInventoryId(row.id), row.text);
    EXPECT_EQ(DecodeInventoryId(row.text).value(), row.id);
  }
  for (const auto text : {"", "a", "a_b", "a_b_c", "a__b_C", "_", "___", "__g_K", "a_n_g_"}) {
    const auto id = DecodeInventoryId(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().message, "unable to parse stored object metadata: " + std::string(text));
  }
}

TEST(Inventory, RoundTripAndDifference) {
  const Value value = Yaml("entries:\n- {id: default_a__Service, v: v1}\n- {id: default_b_apps_Deployment, v: v1}\n");
  const Inventory last = Inventory::FromValue(value);
  EXPECT_EQ(last.ToValue(), value);
  EXPECT_TRUE(Inventory::FromValue(Value()).empty());
  std::vector<std::string> unreadable;
  EXPECT_EQ(Inventory::FromValue(Yaml("entries: [{id: bad, v: v1}, {id: default_a__Service, v: v1}, 7]"), &unreadable).entries().size(),
            1u);
  EXPECT_EQ(unreadable, (std::vector<std::string>{"bad", ""}));

  const Inventory now({{{"apps", "Deployment", "default", "b"}, "v2"}, {{"", "Secret", "default", "c"}, "v1"}});
  const auto stale = last.Without(now);
  ASSERT_EQ(stale.size(), 1u);
  EXPECT_EQ(stale[0].id.name, "a");
  const Inventory both = now.Union(last);
  ASSERT_EQ(both.entries().size(), 3u);
  EXPECT_EQ(both.entries()[0].version, "v2");
  EXPECT_EQ(both.entries()[2].id.name, "a");
  Inventory grown = last;
  grown.Add({{"apps", "Deployment", "default", "b"}, "v3"});
  EXPECT_EQ(grown.entries().size(), 2u);
  EXPECT_EQ(grown.entries()[1].version, "v3");
  EXPECT_TRUE(grown.Contains({"", "Service", "default", "a"}));
}

std::string Normalized(const std::string& text, const NormalizeOptions& options = {}) {
  const auto objects = NormalizeDesired(YamlStream(text), options);
  if (!objects) return "error: " + objects.error().message;
  std::string out;
  for (const Value& object : *objects) out += (out.empty() ? "" : "---\n") + document::EmitYaml(object);
  return out;
}

TEST(Normalize, RulesOfTheContract) {
  struct Row {
    std::string_view rule, in, want;
  };
  constexpr Row kRows[] = {
      {"ports of containers, not of init containers",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: [{name: c, ports: "
       "[{containerPort: 1}, {containerPort: 2, protocol: UDP}]}], "
       "initContainers: [{name: i, ports: [{containerPort: 3}]}]}}}}",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  strategy: {}\n  template:\n    metadata: {}\n    spec:\n"
       "      containers:\n      - name: c\n        ports:\n        - containerPort: 1\n          protocol: TCP\n        - containerPort: "
       "2\n"
       "          protocol: UDP\n        resources: {}\n      initContainers:\n      - name: i\n        ports:\n        - containerPort: "
       "3\n"
       "        resources: {}\n"},
      {"ports of a cron job",
       "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, "
       "ports: [{containerPort: 1}]}]}}}}}}",
       "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: a\nspec:\n  jobTemplate:\n    metadata: {}\n    spec:\n      template:\n"
       "        metadata: {}\n        spec:\n          containers:\n          - name: c\n            ports:\n            - containerPort: "
       "1\n"
       "              protocol: TCP\n            resources: {}\n  schedule: \"\"\n"},
      {"ports of a service", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}",
       "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n  - port: 80\n    protocol: TCP\n    targetPort: 80\n"},
      {"a foreign Service is left alone", "{apiVersion: example.com/v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}",
       "apiVersion: example.com/v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n  - port: 80\n"},
      {"stringData goes into data",
       "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: new, b: \"\"}, data: {a: b2xk, c: Yw==}}",
       "apiVersion: v1\ndata:\n  a: bmV3\n  b: \"\"\n  c: Yw==\nkind: Secret\nmetadata:\n  name: a\n"},
      {"base64 in one line", "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: \"Yw=\\n=\\n\"}}",
       "apiVersion: v1\ndata:\n  a: Yw==\nkind: Secret\nmetadata:\n  name: a\n"},
      {"nulls of built-in kinds", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: null}, data: {a: null, b: x}}",
       "apiVersion: v1\ndata:\n  a: \"\"\n  b: x\nkind: ConfigMap\nmetadata:\n  name: a\n"},
      {"nulls of custom resources stay",
       "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: a}, spec: {values: {x: null}}}",
       "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: a\nspec:\n  values:\n    x: null\n"},
      {"status and creationTimestamp",
       "{apiVersion: example.com/v1, kind: X, metadata: {name: a, creationTimestamp: null}, status: {a: 1}}",
       "apiVersion: example.com/v1\nkind: X\nmetadata:\n  name: a\n"},
      {"status of a CRD stays",
       "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, status: {a: 1}}",
       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a\nstatus:\n  a: 1\n"},
      {"lists",
       "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMapList, items: [{apiVersion: v1, kind: ConfigMap, metadata: "
       "{name: a}}]}, "
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}]}",
       "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n"},
      {"kustomize's own objects and empty documents", "---\n---\n{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}\n", ""},
      {"no name", "---\napiVersion: v1\nkind: ConfigMap\n", "error: object 1 (line 2): missing metadata.name"},
      {"no kind", "apiVersion: v1\nmetadata: {name: a}\n", "error: object 1 (line 1): missing kind"},
      {"no apiVersion", "{kind: A, apiVersion: v1, metadata: {name: a}}\n---\nkind: ConfigMap\nmetadata: {name: a}\n",
       "error: object 2 (line 3): missing apiVersion"},
      {"no mapping", "just text", "error: object 1 (line 1): is not a mapping"},
      {"stringData that is no text", "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: n}, stringData: {a: 1}}",
       "error: Secret/n/a: stringData.a is not a string"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Normalized(std::string(row.in)), row.want) << row.rule;
}

TEST(Normalize, OwnerLabelsThenCommonMetadata) {
  NormalizeOptions options;
  options.owner = {"flux", "apps"};
  options.common_labels = {{"team", "shop"}, {"kustomize.toolkit.fluxcd.io/name", "mine"}};
  options.common_annotations = {{"by", "sluice"}};
  EXPECT_EQ(
      Normalized("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {team: old, x: \"1\"}}}", options),
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    by: sluice\n  labels:\n    kustomize.toolkit.fluxcd.io/name: mine\n"
      "    kustomize.toolkit.fluxcd.io/namespace: flux\n    team: shop\n    x: \"1\"\n  name: a\n");
}

TEST(Normalize, BuiltInGroupsAreThoseOfTheScheme) {
  for (const auto group : {"", "apps", "batch", "policy", "networking.k8s.io", "rbac.authorization.k8s.io"})
    EXPECT_TRUE(IsBuiltInGroup(group)) << group;
  for (const auto group : {"apiextensions.k8s.io", "apiregistration.k8s.io", "gateway.networking.k8s.io", "kustomize.toolkit.fluxcd.io"})
    EXPECT_FALSE(IsBuiltInGroup(group)) << group;
}

}  // namespace
}  // namespace sluice::rollout
