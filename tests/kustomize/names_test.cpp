// Wanted objects: what kustomize v5.8.2 makes of them.
#include "kustomize/names.h"

#include <gtest/gtest.h>

#include <string>

#include "document/json.h"
#include "document/yaml.h"
#include "kustomize/labels.h"
#include "kustomize/node.h"
#include "kustomize/reread.h"

namespace sluice::kustomize {
namespace {

document::Value Parse(std::string_view text) {
  const auto parsed = document::ParseYaml(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : document::Value();
}

struct Row {
  std::string_view rule, object, want;
};

std::string InNamespace(std::string_view object, NamespaceOptions options = {}, const FieldSpecs& specs = BuiltinConfig().name_space) {
  document::Value value = Parse(object);
  const auto applied = NamespaceTransformer("shop", specs, options).Apply(value);
  return applied ? document::EmitJson(value) : applied.error().message;
}

constexpr Row kNamespaces[] = {
    {"is created", "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
     R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop"}})"},
    {"is replaced", "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}",
     R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop"}})"},
    {"is not for cluster kinds", "{apiVersion: v1, kind: Node, metadata: {name: a}}",
     R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}})"},
    {"is for unknown kinds", "{apiVersion: e.com/v1, kind: ClusterThing, metadata: {name: a}}",
     R"({"apiVersion":"e.com/v1","kind":"ClusterThing","metadata":{"name":"a","namespace":"shop"}})"},
    {"renames a Namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: a}}",
     R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})"},
    {"but not one of another group", "{apiVersion: e.com/v1, kind: Namespace, metadata: {name: a}}",
     R"({"apiVersion":"e.com/v1","kind":"Namespace","metadata":{"name":"a","namespace":"shop"}})"},
    {"goes to subjects named default",
     "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}, subjects: [{kind: ServiceAccount, name: "
     "default}, {kind: ServiceAccount, name: b, namespace: c}, {kind: User, name: default, namespace: d}]}",
     R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"a"},"subjects":[{"kind":"ServiceAccount","name":"default","namespace":"shop"},{"kind":"ServiceAccount","name":"b","namespace":"c"},{"kind":"User","name":"default","namespace":"shop"}]})"},
    {"goes to an APIService's service",
     "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: a}, spec: {service: {name: s}}}",
     R"({"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"a"},"spec":{"service":{"name":"s","namespace":"shop"}}})"},
    {"must be a scalar", "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: {}}}",
     "field 'metadata/namespace' of Pod \"a\": a scalar is needed, not a mapping"},
};

TEST(Namespace, IsSet) {
  for (const Row& row : kNamespaces) EXPECT_EQ(InNamespace(row.object), row.want) << row.rule;
}

TEST(Namespace, Options) {
  constexpr std::string_view binding =
      "{kind: RoleBinding, metadata: {namespace: x}, subjects: [{kind: ServiceAccount, name: a}, {kind: User, name: default}]}";
  EXPECT_EQ(
      InNamespace(binding, {.unset_only = true, .subjects = RoleBindingSubjects::AllServiceAccounts}),
      R"({"kind":"RoleBinding","metadata":{"namespace":"x"},"subjects":[{"kind":"ServiceAccount","name":"a","namespace":"shop"},{"kind":"User","name":"default"}]})");
  EXPECT_EQ(
      InNamespace(binding, {.unset_only = false, .subjects = RoleBindingSubjects::None}),
      R"({"kind":"RoleBinding","metadata":{"namespace":"shop"},"subjects":[{"kind":"ServiceAccount","name":"a"},{"kind":"User","name":"default"}]})");
  EXPECT_EQ(ParseRoleBindingSubjects("all").error().message,
            "setRoleBindingSubjects is 'all', but must be defaultOnly, allServiceAccounts or none");
  EXPECT_EQ(*ParseRoleBindingSubjects(""), RoleBindingSubjects::DefaultOnly);
}

TEST(Namespace, UserSpecs) {
  EXPECT_EQ(InNamespace("{kind: W, metadata: {name: n}}", {},
                        {{{}, "metadata/name", true}, {{}, "spec/ns", true}, {{}, "metadata/namespace", false}}),
            R"({"kind":"W","metadata":{"name":"n","namespace":"shop"},"spec":{"ns":"shop"}})");
  EXPECT_EQ(
      InNamespace("{kind: RoleBinding, metadata: {}, subjects: [{name: x}]}", {}, {{{"", "", "RoleBinding"}, "subjects/namespace", true}}),
      R"({"kind":"RoleBinding","metadata":{"namespace":"shop"},"subjects":[{"name":"x"}]})");
}

TEST(Prefix, IsPutBeforeWhatIsThere) {
  const FieldSpecFilter filter(BuiltinConfig().name_prefix);
  document::Value object = Parse("{metadata: {name: web}}");
  ASSERT_TRUE(AddPrefix(object, "p-", filter));
  ASSERT_TRUE(AddSuffix(object, "-s", FieldSpecFilter(BuiltinConfig().name_suffix)));
  EXPECT_EQ(document::NameOf(object), "p-web-s");
  object = Parse("{metadata: {name: a}}");
  ASSERT_TRUE(AddPrefix(object, "0x", filter));
  EXPECT_TRUE(object.At({"metadata", "name"})->IsInt()) << "what is written has no type until YAML gives it one";
  object = Parse("{metadata: {name: 'a'}}");
  ASSERT_TRUE(AddPrefix(object, "0x", filter));
  EXPECT_TRUE(object.At({"metadata", "name"})->IsString()) << "the quotes stay";
}

TEST(Prefix, IsNotForSomeKinds) {
  EXPECT_TRUE(SkipsPrefixAndSuffix({"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}));
  EXPECT_TRUE(SkipsPrefixAndSuffix({"", "v1", "Namespace"}));
  EXPECT_TRUE(SkipsPrefixAndSuffix({"apiregistration.k8s.io", "v1", "APIService"}));
  EXPECT_FALSE(SkipsPrefixAndSuffix({"e.com", "v1", "APIService"}));
  EXPECT_FALSE(SkipsPrefixAndSuffix({"", "v1", "Service"}));
}

TEST(Replicas, KeepTheQuotes) {
  const FieldSpecFilter filter(BuiltinConfig().replicas);
  for (const auto& [text, want] :
       {std::pair("{kind: Deployment, spec: {replicas: 1}}", R"({"kind":"Deployment","spec":{"replicas":5}})"),
        std::pair("{kind: Deployment}", R"({"kind":"Deployment","spec":{"replicas":5}})"),
        std::pair("{kind: Deployment, spec: {replicas: '1'}}", R"({"kind":"Deployment","spec":{"replicas":"5"}})"),
        std::pair("{kind: DaemonSet}", R"({"kind":"DaemonSet"})")}) {
    document::Value object = Parse(text);
    ASSERT_TRUE(SetReplicas(object, 5, filter));
    ASSERT_TRUE(Reread(object));
    EXPECT_EQ(document::EmitJson(object), want);
  }
}

// --- Labels and annotations.

struct LabelRow {
  std::string_view rule;
  LabelEntry entry;
  std::string_view want;  ///< of a StatefulSet
};

const LabelRow kLabels[] = {
    {"only metadata",
     {.pairs = {{"a", "b"}}},
     R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"volumeClaimTemplates":[{}]},"metadata":{"labels":{"a":"b"}}})"},
    {"templates",
     {.pairs = {{"a", "b"}}, .include_templates = true},
     R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"volumeClaimTemplates":[{}],"template":{"metadata":{"labels":{"a":"b"}}}},"metadata":{"labels":{"a":"b"}}})"},
    {"volume claims",
     {.pairs = {{"a", "b"}}, .include_volume_claim_templates = true},
     R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"volumeClaimTemplates":[{"metadata":{"labels":{"a":"b"}}}]},"metadata":{"labels":{"a":"b"}}})"},
    {"selectors",
     {.pairs = {{"a", "b"}}, .include_selectors = true},
     R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"volumeClaimTemplates":[{"metadata":{"labels":{"a":"b"}}}],"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}}}},"metadata":{"labels":{"a":"b"}}})"},
    {"own fields",
     {.pairs = {{"a", "b"}}, .fields = {{{}, "spec/x", true}}},
     R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"volumeClaimTemplates":[{}],"x":{"a":"b"}},"metadata":{"labels":{"a":"b"}}})"},
};

TEST(Labels, GoWhereTheEntrySays) {
  for (const LabelRow& row : kLabels) {
    const auto specs = LabelSpecs(row.entry, BuiltinConfig());
    ASSERT_TRUE(specs);
    document::Value object = Parse("{apiVersion: apps/v1, kind: StatefulSet, spec: {volumeClaimTemplates: [{}]}}");
    ASSERT_TRUE(SetStringPairs(object, row.entry.pairs, FieldSpecFilter(*specs)));
    EXPECT_EQ(document::ParseJson(document::EmitJson(object)).value(), document::ParseJson(row.want).value()) << row.rule << "\n"
                                                                                                              << document::EmitJson(object);
  }
}

TEST(Labels, AreStringsUnderPlainKeys) {
  const FieldSpecFilter filter({{{}, "metadata/labels", true}});
  document::Value object = Parse("{metadata: {labels: {a: 1}}}");
  ASSERT_TRUE(SetStringPairs(object, {{"a", "5"}, {"123", "x"}}, filter));
  const document::Value& labels = *object.At({"metadata", "labels"});
  EXPECT_TRUE(labels.Find("a")->IsString());
  EXPECT_EQ(labels.members()[1].key_kind, document::Kind::Int) << "kustomize writes the key without quotes, so that YAML reads a number";
  object = Parse("{kind: K, metadata: {name: n, labels: text}}");
  EXPECT_EQ(SetStringPairs(object, {{"a", "5"}}, filter).error().message,
            "field 'metadata/labels' of K \"n\": a mapping is needed, not a scalar");
}

}  // namespace
}  // namespace sluice::kustomize
