// What others left on an object and how it becomes ours. Rules: fluxcd/pkg ssa (patch.go) and kustomize-controller's list of managers.
#include "rollout/takeover.h"

#include "document/json.h"
#include "document/yaml.h"
#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;

const TakeoverRules kRules{.manager = "kustomize-controller", .overridden = {"argo"}};

std::string Entry(std::string_view manager, std::string_view operation, std::string_view fields, std::string_view subresource = "") {
  std::string entry =
      "{manager: " + std::string(manager) + ", operation: " + std::string(operation) + ", apiVersion: v1, fieldsV1: " + std::string(fields);
  if (!subresource.empty()) entry += ", subresource: " + std::string(subresource);
  return entry + "}";
}

Value Live(const std::string& entries, const std::string& metadata = "") {
  return Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {resourceVersion: '7', " + metadata + " managedFields: [" + entries + "]}}");
}

TEST(Takeover, Leftovers) {
  struct Row {
    std::string_view rule, manager, operation, subresource;
    bool want;
  };
  constexpr Row kRows[] = {
      {"kubectl apply", "kubectl-client-side-apply", "Update", "", true},
      {"kubectl edit", "kubectl-edit", "Update", "", true},
      {"kubectl apply --server-side", "kubectl", "Apply", "", true},
      {"kubectl scale is a matter of the subresource", "kubectl", "Update", "scale", false},
      {"what was there before managed fields", "before-first-apply", "Update", "", true},
      {"but never as an apply", "before-first-apply", "Apply", "", false},
      {"Flux before server-side apply", "kustomize-controller", "Update", "", true},
      {"its status", "kustomize-controller", "Update", "status", false},
      {"our own entry", "kustomize-controller", "Apply", "", false},
      {"overridden by a flag", "argocd-controller", "Apply", "", true},
      {"of both operations", "argocd-controller", "Update", "", true},
      {"others", "helm", "Update", "", false},
      {"not merely alike", "my-kubectl", "Update", "", false},
  };
  for (const Row& row : kRows)
    EXPECT_EQ(HasLeftovers(Live(Entry(row.manager, row.operation, "{f:data: {f:a: {}}}", row.subresource)), kRules), row.want) << row.rule;
  EXPECT_FALSE(HasLeftovers(Yaml("{metadata: {managedFields: null}}"), kRules));
  EXPECT_FALSE(HasLeftovers(Yaml("{metadata: 3}"), kRules));
}

TEST(Takeover, AnnotationsAndLabels) {
  for (const std::string_view metadata :
       {"annotations: {kubectl.kubernetes.io/last-applied-configuration: x},", "annotations: {kustomize.toolkit.fluxcd.io/checksum: x},",
        "annotations: {fluxcd.io/sync-checksum: x},", "labels: {fluxcd.io/sync-gc-mark: x},"}) {
    EXPECT_TRUE(HasLeftovers(Live("", std::string(metadata)), kRules)) << metadata;
  }
  EXPECT_FALSE(HasLeftovers(Live("", "annotations: {fluxcd.io/sync-gc-mark: x}, labels: {fluxcd.io/sync-checksum: x},"), kRules));
  // Written in the manifests themselves it would come back with every apply.
  const std::string ours =
      Entry("kustomize-controller", "Apply", "{f:metadata: {f:annotations: {f:kubectl.kubernetes.io/last-applied-configuration: {}}}}");
  EXPECT_FALSE(HasLeftovers(Live(ours, "annotations: {kubectl.kubernetes.io/last-applied-configuration: x},"), kRules));
}

std::string PatchOf(const Value& live) {
  const auto patch = TakeoverPatch(live, kRules);
  return patch ? document::EmitJson(*patch) : "none";
}

TEST(Takeover, PatchMergesIntoOurEntryOrRenamesTheFirst) {
  struct Row {
    std::string_view rule;
    Value live;
    std::string want;
  };
  const std::string version = R"({"op":"replace","path":"/metadata/resourceVersion","value":"7"})";
  const Row rows[] = {
      {"nothing left", Live(Entry("kustomize-controller", "Apply", "{f:data: {f:a: {}}}") + "," + Entry("hpa", "Update", "{f:spec: {}}")),
       "none"},
      {"merged, others stay in front",
       Live(Entry("kustomize-controller", "Apply", "{f:data: {f:a: {}}}") + "," + Entry("hpa", "Update", "{f:x: {}}") + "," +
            Entry("kubectl-edit", "Update", "{f:data: {f:b: {}}, f:metadata: {f:labels: {'.': {}, f:c: {}}}}")),
       "[" + version +
           R"(,{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"hpa","operation":"Update","apiVersion":"v1","fieldsV1":{"f:x":{}}},)"
           R"({"manager":"kustomize-controller","operation":"Apply","apiVersion":"v1","fieldsV1":{"f:data":{"f:a":{},"f:b":{}},"f:metadata":{"f:labels":{".":{},"f:c":{}}}}}]}])"},
      {"the first becomes ours, the second is merged into it",
       Live(Entry("before-first-apply", "Update", "{f:data: {f:a: {}}}") + "," + Entry("kubectl", "Apply", "{f:data: {f:b: {}}}")),
       "[" + version +
           R"(,{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"kustomize-controller","operation":"Apply","apiVersion":"v1","fieldsV1":{"f:data":{"f:a":{},"f:b":{}}}}]}])"},
      {"annotations and labels go", Live("", "annotations: {fluxcd.io/sync-checksum: x}, labels: {fluxcd.io/sync-gc-mark: y},"),
       "[" + version +
           R"(,{"op":"remove","path":"/metadata/annotations/fluxcd.io~1sync-checksum"},{"op":"remove","path":"/metadata/labels/fluxcd.io~1sync-gc-mark"}])"},
  };
  for (const Row& row : rows) EXPECT_EQ(PatchOf(row.live), row.want) << row.rule;
}

TEST(Takeover, UnionOfFields) {
  struct Row {
    std::string_view rule, left, right, want;
  };
  constexpr Row kRows[] = {
      {"disjoint", "{f:a: {}}", "{f:b: {}}", R"({"f:a":{},"f:b":{}})"},
      {"the same", "{f:a: {f:x: {}}}", "{f:a: {f:x: {}}}", R"({"f:a":{"f:x":{}}})"},
      {"a whole and a part", "{f:a: {}}", "{f:a: {f:x: {}}}", R"({"f:a":{".":{},"f:x":{}}})"},
      {"a part and a whole", "{f:a: {f:x: {}}}", "{f:a: {}}", R"({"f:a":{"f:x":{},".":{}}})"},
      {"with and without itself", "{f:a: {'.': {}, f:x: {}}}", "{f:a: {f:y: {}}}", R"({"f:a":{".":{},"f:x":{},"f:y":{}}})"},
      {"into nothing", "{}", "{f:a: {}}", R"({"f:a":{}})"},
      {"nonsense is left alone", "{f:a: 3}", "{f:a: {f:x: {}}}", R"({"f:a":3})"},
  };
  for (const Row& row : kRows)
    EXPECT_EQ(document::EmitJson(UnionOfFields(Yaml(std::string(row.left)), Yaml(std::string(row.right)))), row.want) << row.rule;
}

TEST(Takeover, MigrationRewritesEveryEntry) {
  const Value live = Live(Entry("a", "Apply", "{}") + "," + Entry("b", "Update", "{}", "status"));
  EXPECT_FALSE(MigrationPatch(live, "v1").has_value());
  EXPECT_EQ(
      document::EmitJson(*MigrationPatch(live, "v2")),
      R"([{"op":"replace","path":"/metadata/resourceVersion","value":"7"},{"op":"replace","path":"/metadata/managedFields","value":)"
      R"([{"manager":"a","operation":"Apply","apiVersion":"v2","fieldsV1":{}},{"manager":"b","operation":"Update","apiVersion":"v2","fieldsV1":{},"subresource":"status"}]}])");
  EXPECT_FALSE(MigrationPatch(Yaml("{metadata: {}}"), "v2").has_value());
}

}  // namespace
}  // namespace sluice::rollout
