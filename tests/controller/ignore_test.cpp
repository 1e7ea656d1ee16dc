// spec.ignore: what differs only in ignored fields is as it should be, and what is sent leaves them as they are.
#include "controller/ignore.h"

#include <gtest/gtest.h>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;

Value Yaml(std::string_view text) { return document::ParseYaml(text).value(); }

Fields FieldsOf(const std::vector<std::string>& paths) {
  const IgnoreRules rules = IgnoreRules::Compile({{.paths = paths, .target = {}}}).value();
  return rules.FieldsOf(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"));
}

TEST(Ignore, WhichObjects) {
  struct Row {
    std::string_view rule;
    kustomize::Selector target;
    bool want;
  };
  const Row rows[] = {
      {"all", {}, true},
      {"by kind, anchored", {.kind = "Deploy"}, false},
      {"by kind, as an expression", {.kind = "Deploy.*"}, true},
      {"by group and version", {.group = "apps", .version = "v1"}, true},
      {"another version", {.version = "v2"}, false},
      {"by name and namespace", {.name = "web", .ns = "sh.p"}, true},
      {"another namespace", {.ns = "test"}, false},
      {"by label", {.label_selector = "tier in (front,back)"}, true},
      {"another label", {.label_selector = "!tier"}, false},
      {"by annotation", {.annotation_selector = "note"}, true},
  };
  const Value object = Yaml(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, labels: {tier: front}, annotations: {note: x}}}");
  for (const Row& row : rows) {
    const auto rules = IgnoreRules::Compile({{.paths = {"/spec/replicas"}, .target = row.target}});
    ASSERT_TRUE(rules) << row.rule;
    EXPECT_EQ(rules->FieldsOf(object), row.want ? (Fields{{"spec", "replicas"}}) : Fields{}) << row.rule;
  }
}

TEST(Ignore, RulesThatCannotBeRead) {
  struct Row {
    IgnoreRule rule;
    std::string_view want;
  };
  const Row rows[] = {
      {{.paths = {"/a", "b"}, .target = {}}, "spec.ignore[0].paths[1]: "},
      {{.paths = {"/a~2"}, .target = {}}, "spec.ignore[0].paths[0]: "},
      {{.paths = {""}, .target = {}}, "spec.ignore[0].paths[0]: names the whole object"},
      {{.paths = {"/a"}, .target = {.kind = "("}}, "spec.ignore[0].target: "},
      {{.paths = {"/a"}, .target = {.label_selector = "a b"}}, "spec.ignore[0].target: "},
  };
  for (const Row& row : rows) {
    const auto rules = IgnoreRules::Compile({row.rule});
    ASSERT_FALSE(rules) << row.want;
    EXPECT_TRUE(rules.error().message.starts_with(row.want)) << rules.error().message;
  }
}

TEST(Ignore, DiffersOnlyIn) {
  struct Row {
    std::string_view rule;
    std::vector<std::string> paths;
    std::string_view live, would_be;
    bool want;
  };
  const Row rows[] = {
      {"the ignored field", {"/spec/replicas"}, "spec: {replicas: 5, x: 1}", "spec: {replicas: 2, x: 1}", true},
      {"another one too", {"/spec/replicas"}, "spec: {replicas: 5, x: 1}", "spec: {replicas: 2, x: 2}", false},
      {"where it is absent", {"/spec/replicas"}, "spec: {x: 1}", "spec: {replicas: 2, x: 1}", true},
      {"an item of a list",
       {"/spec/list/0/image"},
       "spec: {list: [{image: a}, {image: b}]}",
       "spec: {list: [{image: c}, {image: b}]}",
       true},
      {"another item", {"/spec/list/0/image"}, "spec: {list: [{image: a}, {image: b}]}", "spec: {list: [{image: a}, {image: c}]}", false},
      {"an escaped key", {"/metadata/annotations/a~1b"}, "metadata: {annotations: {a/b: x}}", "metadata: {annotations: {a/b: y}}", true},
      {"a label that is not ignored", {"/spec/replicas"}, "metadata: {labels: {a: x}}", "metadata: {labels: {a: y}}", false},
      {"no labels and empty ones", {"/spec/replicas"}, "metadata: {labels: {}}", "metadata: {}", true},
      {"the rest of metadata, and status",
       {"/x"},
       "{metadata: {generation: 1}, status: {a: 1}}",
       "{metadata: {generation: 2}, status: {a: 2}}",
       true},
      {"a path through a scalar", {"/spec/x/y"}, "spec: {x: 1}", "spec: {x: 1}", true},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffersOnlyIn(FieldsOf(row.paths), Yaml(row.live), Yaml(row.would_be)), row.want) << row.rule;
}

TEST(Ignore, PayloadFor) {
  struct Row {
    std::string_view rule;
    std::vector<std::string> paths;
    std::string_view desired, live, would_be, want;
  };
  const std::string_view applied_by_another =
      "{spec: {replicas: 5}, metadata: {managedFields: [{manager: scaler, operation: Apply, fieldsV1: {f:spec: {f:replicas: {}}}}]}}";
  const std::string_view applied_by_us =
      "{spec: {replicas: 5}, metadata: {managedFields: [{manager: us, operation: Apply, fieldsV1: {f:spec: {f:replicas: {}}}}, {manager: "
      "hpa, "
      "operation: Update, fieldsV1: {f:spec: {f:replicas: {}}}}]}}";
  const std::string_view keyed =
      "{spec: {c: [{name: a, image: x}, {name: b, image: y}]}, metadata: {managedFields: [{manager: other, operation: Apply, fieldsV1: "
      "{f:spec: {f:c: "
      "{'k:{\"name\":\"b\"}': {f:image: {}}}}}}]}}";
  const Row rows[] = {
      {"another applies it: left out",
       {"/spec/replicas"},
       "spec: {replicas: 2, x: 1}",
       applied_by_another,
       "spec: {replicas: 2}",
       R"({"spec":{"x":1}})"},
      {"else the live value is sent",
       {"/spec/replicas"},
       "spec: {replicas: 2, x: 1}",
       applied_by_us,
       "spec: {replicas: 2}",
       R"({"spec":{"replicas":5,"x":1}})"},
      {"what would not change is sent as it is",
       {"/spec/replicas"},
       "spec: {replicas: 5}",
       applied_by_another,
       "spec: {replicas: 5}",
       R"({"spec":{"replicas":5}})"},
      {"what is not there is not brought back",
       {"/spec/replicas"},
       "spec: {replicas: 2, x: 1}",
       "spec: {x: 1}",
       "spec: {replicas: 2}",
       R"({"spec":{"x":1}})"},
      {"what we do not send any more stays",
       {"/spec/replicas"},
       "spec: {x: 1}",
       "spec: {replicas: 5}",
       "spec: {x: 1}",
       R"({"spec":{"x":1,"replicas":5}})"},
      {"an item found by its keys",
       {"/spec/c/1/image"},
       "spec: {c: [{name: a, image: x}, {name: b, image: z}]}",
       keyed,
       "spec: {c: [{name: a, image: x}, {name: b, image: z}]}",
       R"({"spec":{"c":[{"name":"a","image":"x"},{"name":"b"}]}})"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(document::EmitJson(PayloadFor(Yaml(row.desired), FieldsOf(row.paths), Yaml(row.live), Yaml(row.would_be), "us")), row.want)
        << row.rule;
}

}  // namespace
}  // namespace sluice::controller::kustomization
