#include "kustomize/field_spec.h"

#include <gtest/gtest.h>

#include <string>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::kustomize {
namespace {

TEST(FieldSpec, PathsAreSplitAtSlashes) {
  EXPECT_EQ(SplitFieldPath("a/b"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(SplitFieldPath("/a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(SplitFieldPath("a/b\\/c/d"), (std::vector<std::string>{"a", "b/c", "d"}));
  EXPECT_EQ(SplitFieldPath("a"), (std::vector<std::string>{"a"}));
}

struct Row {
  std::string_view rule, path;
  bool create;
  Creates creates;
  std::string_view object, want;
};

/// The setter makes "new" of what it is shown.
std::string Applied(const Row& row) {
  auto object = document::ParseYaml(row.object);
  EXPECT_TRUE(object);
  const FieldSpecFilter filter({{.gvk = {}, .path = std::string(row.path), .create = row.create}});
  const auto applied = filter.Apply(*object, row.creates, [](document::Value& leaf) -> base::Result<void> {
    leaf = leaf.IsMapping() ? document::Value("map") : document::Value("new");
    return {};
  });
  return applied ? document::EmitJson(*object) : applied.error().message;
}

constexpr Row kRows[] = {
    {"a leaf", "a/b", false, Creates::Scalar, "{a: {b: 1}}", R"({"a":{"b":"new"}})"},
    {"a missing leaf is not made", "a/b", false, Creates::Scalar, "{a: {}}", R"({"a":{}})"},
    {"a missing leaf is made", "a/b", true, Creates::Scalar, "{}", R"({"a":{"b":"new"}})"},
    {"a missing leaf is not made if nothing may be", "a/b", true, Creates::Nothing, "{a: {}}", R"({"a":{}})"},
    {"a missing mapping is made", "a/b", true, Creates::Mapping, "{}", R"({"a":{"b":"map"}})"},
    {"lists are entered", "a/b/c", false, Creates::Scalar, "{a: [{b: [{c: 1}, {c: 2}]}, {b: {c: 3}}]}",
     R"({"a":[{"b":[{"c":"new"},{"c":"new"}]},{"b":{"c":"new"}}]})"},
    {"in lists, too, leaves are made", "a/b", true, Creates::Scalar, "{a: [{}, {b: 1}]}", R"({"a":[{"b":"new"},{"b":"new"}]})"},
    {"a list may be the leaf", "a", false, Creates::Scalar, "{a: [1]}", R"({"a":"new"})"},
    {"name[] is never made", "a[]/b", true, Creates::Scalar, "{}", "{}"},
    {"name[] turns null into a list", "a[]/b", true, Creates::Scalar, "{a: null}", R"({"a":[]})"},
    {"below name[] leaves are made", "a[]/b", true, Creates::Scalar, "{a: [{}]}", R"({"a":[{"b":"new"}]})"},
    {"null on the way becomes a mapping", "a/b", true, Creates::Scalar, "{a: null}", R"({"a":{"b":"new"}})"},
    {"null on the way ends it without create", "a/b", false, Creates::Scalar, "{a: null}", R"({"a":null})"},
    {"null elements are passed by", "a/b", false, Creates::Scalar, "{a: [null, {b: 1}]}", R"({"a":[null,{"b":"new"}]})"},
    {"a slash in a key", "a/b\\/c", false, Creates::Scalar, "{a: {b/c: 1}}", R"({"a":{"b/c":"new"}})"},
    {"a scalar on the way", "a/b", false, Creates::Scalar, "{kind: K, metadata: {name: n}, a: text}",
     "field 'a/b' of K \"n\": a mapping or a list is needed to reach 'b', not \"text\""},
    {"an empty name", "a//b", false, Creates::Scalar, "{kind: K, metadata: {name: n}, a: {}}",
     "field 'a//b' of K \"n\": a path may not have an empty field name"},
    {"an index", "a/0", false, Creates::Scalar, "{kind: K, metadata: {name: n}, a: {}}",
     "field 'a/0' of K \"n\": '0' selects from a list, but a mapping is here"},
};

TEST(FieldSpec, IsApplied) {
  for (const Row& row : kRows) EXPECT_EQ(Applied(row), row.want) << row.rule;
}

TEST(FieldSpec, IsForObjectsOfItsKind) {
  const FieldSpecFilter filter({{.gvk = {.group = "apps", .version = "", .kind = "Deployment"}, .path = "a", .create = true}});
  const auto set = [](document::Value& leaf) -> base::Result<void> {
    leaf = 1;
    return {};
  };
  for (const auto& [text, want] :
       {std::pair("{apiVersion: apps/v1, kind: Deployment}", true), std::pair("{apiVersion: apps/v9, kind: Deployment}", true),
        std::pair("{apiVersion: v1, kind: Deployment}", false), std::pair("{apiVersion: apps/v1, kind: DaemonSet}", false)}) {
    auto object = document::ParseYaml(text);
    ASSERT_TRUE(filter.Apply(*object, Creates::Scalar, set));
    EXPECT_EQ(object->Find("a") != nullptr, want) << text;
  }
}

struct MergeRow {
  std::string_view rule;
  FieldSpec present, incoming;
  std::size_t count;
};

const MergeRow kMerges[] = {
    {"equal", {{"", "", "A"}, "p", true}, {{"", "", "A"}, "p", true}, 1},
    {"a broader one is dropped", {{"", "", "A"}, "p", true}, {{}, "p", true}, 1},
    {"a narrower one is kept", {{}, "p", true}, {{"", "", "A"}, "p", true}, 2},
    {"another path", {{"", "", "A"}, "p", true}, {{"", "", "A"}, "q", true}, 2},
    {"another kind", {{"", "", "A"}, "p", true}, {{"", "", "B"}, "p", false}, 2},
};

TEST(FieldSpec, ListsMerge) {
  for (const MergeRow& row : kMerges) {
    FieldSpecs specs = {row.present};
    ASSERT_TRUE(MergeFieldSpecs(specs, {row.incoming})) << row.rule;
    EXPECT_EQ(specs.size(), row.count) << row.rule;
  }
  FieldSpecs specs = {{{"", "", "A"}, "p", true}};
  EXPECT_EQ(MergeFieldSpecs(specs, {{{}, "p", false}}).error().message,
            "conflicting fieldspecs: 'p' is there already for kind A with create: true");
  specs = {{{}, "p", false}};
  EXPECT_EQ(MergeFieldSpecs(specs, {{{}, "p", true}}).error().message, "conflicting fieldspecs: 'p' is there already with create: false");
}

// --- Configurations.

TEST(Configuration, HoldsListsOfSpecs) {
  const auto content = document::ParseYaml(R"(
namePrefix: [{path: spec/name, kind: Widget}]
namespace: [{path: spec/ns, create: true}]
varReference: [{path: spec/a, group: g, version: v1}]
nameReference:
- {kind: ConfigMap, version: v1, fieldSpecs: [{path: spec/ref, kind: Widget}]}
)",
                                           {.resolver = document::Resolver::Yaml11, .file = {}});
  const auto config = ParseConfiguration(*content, "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->name_prefix, (FieldSpecs{{{"", "", "Widget"}, "spec/name", false}}));
  EXPECT_EQ(config->name_space, (FieldSpecs{{{}, "spec/ns", true}}));
  EXPECT_EQ(config->var_reference, (FieldSpecs{{{"g", "v1", ""}, "spec/a", false}}));
  ASSERT_EQ(config->name_reference.size(), 1u);
  EXPECT_EQ(config->name_reference[0].target, (GvkFilter{"", "v1", "ConfigMap"}));
  EXPECT_EQ(config->name_reference[0].referrers, (FieldSpecs{{{"", "", "Widget"}, "spec/ref", false}}));
}

TEST(Configuration, IsSortedByKindWhenMerged) {
  TransformerConfig config;
  TransformerConfig more;
  more.name_prefix = {
      {{}, "p", false}, {{"", "", "Service"}, "p", false}, {{"", "", "Namespace"}, "p", false}, {{"", "", "Zebra"}, "p", false}};
  ASSERT_TRUE(MergeConfig(config, more));
  ASSERT_EQ(config.name_prefix.size(), 4u);
  EXPECT_EQ(config.name_prefix[0].gvk.kind, "Namespace");
  EXPECT_EQ(config.name_prefix[1].gvk.kind, "Service");
  EXPECT_EQ(config.name_prefix[2].gvk.kind, "Zebra");
  EXPECT_EQ(config.name_prefix[3].gvk.kind, "") << "no kind sorts as ~K, behind all letters";
  more.name_prefix = {{{}, "p", true}};
  EXPECT_EQ(MergeConfig(config, more).error().message,
            "namePrefix: conflicting fieldspecs: 'p' is there already for kind Namespace with create: false");
}

TEST(Configuration, TheBuiltInOneMergesWithItself) {
  TransformerConfig config = BuiltinConfig();
  ASSERT_TRUE(MergeConfig(config, BuiltinConfig()));
  EXPECT_EQ(config.common_labels, BuiltinConfig().common_labels);
  EXPECT_EQ(config.name_reference.size(), BuiltinConfig().name_reference.size());
  EXPECT_EQ(BuiltinConfig().name_prefix, (FieldSpecs{{{}, "metadata/name", false}}));
}

TEST(Crds, ExtensionsBecomeSpecs) {
  const auto content = document::ParseYaml(R"({
    "com.example.v1.Bee": {"Schema": {"properties": {
      "apiVersion": {}, "kind": {}, "metadata": {},
      "spec": {"$ref": "com.example.v1.BeeSpec"}}}},
    "com.example.v1.BeeSpec": {"Schema": {"properties": {
      "notes": {"x-kubernetes-annotation": ""},
      "picks": {"x-kubernetes-label-selector": ""},
      "self": {"x-kubernetes-identity": ""},
      "hive": {"x-kubernetes-object-ref-api-version": "v1beta1", "x-kubernetes-object-ref-kind": "Hive", "x-kubernetes-object-ref-name-key": "id"},
      "secret": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Secret"}}}}
  })");
  const auto config = ParseCrds(*content, "crds.json");
  ASSERT_TRUE(config) << config.error().message;
  const GvkFilter bee{"", "", "Bee"};
  EXPECT_EQ(config->common_annotations, (FieldSpecs{{bee, "spec/notes", false}}));
  EXPECT_EQ(config->common_labels, (FieldSpecs{{bee, "spec/picks", false}}));
  EXPECT_EQ(config->name_prefix, (FieldSpecs{{bee, "spec/self", false}}));
  ASSERT_EQ(config->name_reference.size(), 2u);
  EXPECT_EQ(config->name_reference[0].target.kind, "Secret") << "kinds in kustomize's order";
  EXPECT_EQ(config->name_reference[0].referrers, (FieldSpecs{{bee, "spec/secret/name", false}}));
  EXPECT_EQ(config->name_reference[1].referrers, (FieldSpecs{{bee, "spec/hive/id", false}}));
}

TEST(Crds, TypesThatContainThemselvesAreRefused) {
  const auto content = document::ParseYaml(
      R"({"a.B": {"Schema": {"properties": {"apiVersion": {}, "kind": {}, "metadata": {}, "next": {"$ref": "a.B"}}}}})");
  EXPECT_EQ(ParseCrds(*content, "crds.json").error().message, "crds.json: type a.B contains itself");
  EXPECT_EQ(ParseCrds(document::Value("x"), "crds.json").error().message,
            "crds.json: a mapping of type names to OpenAPI definitions is wanted");
}

struct CrdRow {
  std::string_view schema, want;  ///< "" where it is taken
};

/// What kustomize v5.8.2 refuses of schemas, and what it takes.
constexpr CrdRow kCrds[] = {
    {"type: 5", "type wants a list of texts"},
    {"type: [string, 5]", "type wants text"},
    {"type: [string, integer]", ""},
    {"type: null", ""},
    {"description: yes", "description wants text"},
    {"nullable: 'true'", "nullable wants true or false"},
    {"maximum: '1'", "maximum wants a number"},
    {"maxLength: 1.5", "maxLength wants a whole number"},
    {"maxLength: 1.0", ""},
    {"enum: a", "enum wants a list"},
    {"enum: [a, 5, {b: c}]", ""},
    {"required: [1]", "required wants text"},
    {"not: []", "not wants a schema, which is a mapping"},
    {"items: 5", ""},
    {"items: {type: 5}", "items.type wants a list of texts"},
    {"items: [{type: 5}]", "items.type wants a list of texts"},
    {"allOf: {}", "allOf wants a list of schemas"},
    {"properties: []", "properties wants a mapping of names to schemas"},
    {"properties: {a: {format: 5}}", "properties.a.format wants text"},
    {"additionalProperties: true", ""},
    {"additionalProperties: 5", "additionalProperties wants a schema, which is a mapping"},
    {"additionalProperties: {title: 5}", ""},
    {"additionalProperties: {properties: {a: {title: 5}}}", "additionalProperties.properties.a.title wants text"},
    {"additionalProperties: {title: []}", "additionalProperties.title wants text"},
    {"items: [{title: 5}]", "items.title wants text"},
    {"dependencies: {a: [b], c: {}, d: 5}", ""},
    {"dependencies: {a: [5]}", "dependencies.a wants text"},
    {"externalDocs: {url: 5}", "externalDocs.url wants text"},
    {"x-kubernetes-anything: {}", ""},
    {"$ref: 5", ""},
    {"$ref: '#/definitions/a b'", ""},
    {"$ref: ':a'", "$ref wants a URL"},
    {"$ref: 'a b:c'", "$ref wants a URL"},
    {"$ref: 'a/b:c'", ""},
    {"$ref: 'mailto:%zz'", ""},
    {"$ref: '%zz'", "$ref wants a URL"},
    {"$ref: 'a#%z'", "$ref wants a URL"},
    {"$ref: 'a?%zz'", ""},
    {"$schema: \"a\\tb\"", "$schema wants a URL"},
};

TEST(Crds, FieldsHaveTheTypesOfOpenApi) {
  for (const CrdRow& row : kCrds) {
    const auto content =
        document::ParseYaml("T:\n  Schema:\n    " + std::string(row.schema) + "\n", {.resolver = document::Resolver::Yaml11});
    ASSERT_TRUE(content) << row.schema;
    const auto config = ParseCrds(*content, "crds.yaml");
    ASSERT_EQ(config.has_value(), row.want.empty()) << row.schema;
    if (config) continue;
    const std::string& message = config.error().message;
    EXPECT_TRUE(message.starts_with("crds.yaml:3:")) << message;
    EXPECT_EQ(message.substr(message.find(": ") + 2), "T." + std::string(row.want));
  }
}

}  // namespace
}  // namespace sluice::kustomize
