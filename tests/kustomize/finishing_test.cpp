// sort.h, vars.h, value_add.h, iam_policy.h and tables.h. Wanted values: kustomize v5.8.2.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/json.h"
#include "document/yaml.h"
#include "kustomize/iam_policy.h"
#include "kustomize/sort.h"
#include "kustomize/tables.h"
#include "kustomize/value_add.h"
#include "kustomize/vars.h"

namespace sluice::kustomize {
namespace {

document::Value Parse(std::string_view text) {
  const auto parsed = document::ParseYaml(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : document::Value();
}

// --- Sorting.

std::string Sorted(const std::vector<SortKey>& keys, const LegacyOrder& order) {
  std::string out;
  for (const std::size_t at : LegacySort(keys, order))
    out += (out.empty() ? "" : " ") + keys[at].gvk.kind + "/" + keys[at].ns + "/" + keys[at].name;
  return out;
}

TEST(LegacySort, OrdersKindsThenNames) {
  const std::vector<SortKey> keys = {
      {{"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration"}, "", "w"},
      {{"apps", "v1", "Deployment"}, "b", "a"},
      {{"e.com", "v1", "Zebra"}, "", "z"},
      {{"", "v1", "Pod"}, "", "p"},
      {{"apps", "v1", "Deployment"}, "", "a"},
      {{"apps", "v1", "Deployment"}, "b", "A"},
      {{"", "v1", "Service"}, "", "s"},
      {{"e.com", "v1", "Namespace"}, "", "other"},
      {{"", "v1", "Namespace"}, "", "n"},
  };
  EXPECT_EQ(Sorted(keys, LegacyOrder::Default()),
            "Namespace//n Namespace//other Service//s Deployment/b/A Deployment/b/a Deployment//a Zebra//z Pod//p "
            "ValidatingWebhookConfiguration//w");
  EXPECT_EQ(Sorted({keys[1], keys[6], keys[8]}, {.first = {"Deployment"}, .last = {"Namespace"}}),
            "Deployment/b/a Service//s Namespace//n");
}

// --- Vars.

struct VarRow {
  std::string_view rule, text, want;
};

constexpr VarRow kVars[] = {
    {"inside text", "a $(TEXT) b", R"("a word b")"},
    {"alone it keeps its type", "$(NUMBER)", "8080"},
    {"a bool", "$(BOOL)", "true"},
    {"a number inside text", "p=$(NUMBER)", R"("p=8080")"},
    {"a float inside text", "$(FLOAT)!", R"("1e+06!")"},
    {"unknown", "$(NOBODY)", R"x("$(NOBODY)")x"},
    {"escaped", "$$(TEXT)", R"x("$(TEXT)")x"},
    {"a lone dollar", "a$b $", R"("a$b $")"},
    {"not closed", "$(TEXT", R"x("$(TEXT")x"},
    {"twice", "$(TEXT)$(TEXT)", R"("wordword")"},
    {"a mapping is not inserted", "$(MAP)", R"x("$(MAP)")x"},
};

VarValues Values() { return {{"TEXT", "word"}, {"NUMBER", 8080}, {"BOOL", true}, {"FLOAT", 1e6}, {"MAP", document::Value::Mapping()}}; }

TEST(Vars, AreExpanded) {
  const FieldSpecFilter filter({{{}, "f", false}});
  for (const VarRow& row : kVars) {
    document::Value object = document::Value::Mapping();
    object.Set("f", row.text);
    std::set<std::string> used;
    ASSERT_TRUE(ExpandVars(object, Values(), filter, used));
    EXPECT_EQ(document::EmitJson(*object.Find("f")), row.want) << row.rule;
  }
}

TEST(Vars, GoIntoListsAndMaps) {
  const FieldSpecFilter filter({{{}, "f", false}});
  std::set<std::string> used;
  document::Value object = Parse("{f: ['$(TEXT)', b]}");
  ASSERT_TRUE(ExpandVars(object, Values(), filter, used));
  EXPECT_EQ(document::EmitJson(object), R"({"f":["word","b"]})");
  object = Parse("{f: {a: '$(NUMBER)', n: 1}}");
  ASSERT_TRUE(ExpandVars(object, Values(), filter, used));
  EXPECT_EQ(document::EmitJson(object), R"({"f":{"a":8080,"n":1}})");
  EXPECT_EQ(used, (std::set<std::string>{"NUMBER", "TEXT"}));
  object = Parse("{kind: K, metadata: {name: n}, f: [1]}");
  EXPECT_EQ(ExpandVars(object, Values(), filter, used).error().message,
            "field 'f' of K \"n\": an item of a list in which vars are replaced must be a string");
  object = Parse("{kind: K, metadata: {name: n}, f: {1: a}}");
  EXPECT_EQ(ExpandVars(object, Values(), filter, used).error().message, "field 'f' of K \"n\": the key 1 is no string; quote it");
}

struct ReadRow {
  std::string_view path, want;
};

constexpr ReadRow kReads[] = {
    {"metadata.name", R"("n")"},
    {"spec.ports[1].port", "81"},
    {"spec.ports.0.port", "80"},
    {"spec.text", R"("5")"},
    {"spec.b", "true"},
    {"spec.f", "1.5"},
    {"spec.d", R"("2001-01-01")"},
    {"spec.t", "7"},
};

TEST(Vars, AreRead) {
  const document::Value object = Parse(
      "{metadata: {name: n}, spec: {ports: [{port: 80}, {port: 81}], text: '5', b: true, f: 1.5, d: 2001-01-01, x: 0x1F, t: !!int '7'}}");
  for (const ReadRow& row : kReads) {
    const auto value = VarValue(object, row.path);
    ASSERT_TRUE(value) << row.path;
    EXPECT_EQ(document::EmitJson(*value), row.want) << row.path;
  }
  EXPECT_EQ(VarValue(object, "spec.none").error().message, "there is no field 'spec.none'");
  EXPECT_EQ(VarValue(object, "spec.x").error().message, "field 'spec.x' holds '0x1F', which is no decimal integer");
}

// --- ValueAdd.

struct AddRow {
  std::string_view rule, object, path;
  int position;
  std::string_view want;
};

constexpr AddRow kAdds[] = {
    {"a field is replaced", "{a: {b: old}}", "a/b", 0, R"({"a":{"b":"V"}})"},
    {"a field is made", "{}", "a/b", 0, R"({"a":{"b":"V"}})"},
    {"a slash in a key", "{}", "a/b\\/c", 0, R"({"a":{"b/c":"V"}})"},
    {"at the first place", "{p: x/y}", "p", 1, R"({"p":"V/x/y"})"},
    {"of an absolute path", "{p: /x/y}", "p", 1, R"({"p":"/V/x/y"})"},
    {"between", "{p: /x/y}", "p", 2, R"({"p":"/x/V/y"})"},
    {"behind", "{p: /x/y}", "p", 9, R"({"p":"/x/y/V"})"},
    {"an empty path", "{p: ''}", "p", 3, R"({"p":"V"})"},
    {"the root", "{p: /}", "p", 1, R"({"p":"/V"})"},
    {"an element is selected", "{l: [{name: a}, {name: b}]}", "l/[name=b]/v", 0, R"({"l":[{"name":"a"},{"name":"b","v":"V"}]})"},
    {"an element is made", "{}", "l/[name=b]/v", 0, R"({"l":[{"name":"b","v":"V"}]})"},
    {"below a null nothing happens", "{a: null}", "a/b", 0, R"({"a":null})"},
    {"a mapping", "{a: {}}", "a", 0, "a scalar is needed at 'a', not a mapping"},
    {"a scalar on the way", "{a: x}", "a/b", 0, "field 'b' needs a mapping, but a scalar is there"},
    {"no path", "{}", "", 0, "fieldPath may not be empty"},
};

TEST(ValueAdd, Writes) {
  for (const AddRow& row : kAdds) {
    document::Value object = Parse(row.object);
    const auto added = AddValue(object, "V", row.path, row.position);
    EXPECT_EQ(added ? document::EmitJson(object) : added.error().message, row.want) << row.rule;
  }
}

// --- The rest.

TEST(IamPolicy, BindsAServiceAccount) {
  const auto made = GenerateIamPolicy({"gke", "ns", "ksa", "gsa", "project"});
  ASSERT_TRUE(made);
  EXPECT_EQ(
      document::EmitJson(*made, {.sort_keys = true}),
      R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"annotations":{"iam.gke.io/gcp-service-account":"gsa@project.iam.gserviceaccount.com"},"name":"ksa","namespace":"ns"}})");
  EXPECT_EQ(GenerateIamPolicy({"aws", "", "", "", ""}).error().message, "cloud 'aws' is not supported, only gke is");
}

TEST(Tables, KnowScopes) {
  EXPECT_TRUE(IsClusterScoped({"", "v1", "Namespace"}));
  EXPECT_TRUE(IsClusterScoped({"rbac.authorization.k8s.io", "v1beta1", "ClusterRole"}));
  EXPECT_FALSE(IsClusterScoped({"rbac.authorization.k8s.io", "v2", "ClusterRole"})) << "only for the apiVersion that is known";
  EXPECT_FALSE(IsClusterScoped({"", "v1", "Pod"}));
  EXPECT_TRUE(IsKnownNamespaced({"", "v1", "Pod"}));
  EXPECT_FALSE(IsKnownNamespaced({"e.com", "v1", "Pod"}));
}

}  // namespace
}  // namespace sluice::kustomize
