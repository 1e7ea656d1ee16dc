// Chart defaults under user values, in both dialects (helm-contract 3.4).
#include "helm/chart/values.h"

#include <gtest/gtest.h>

#include "helm/chart/dependencies.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/json.h"

namespace sluice::helm {
namespace {

Value Yaml(std::string_view text) { return ParseValues(text, Dialect::Helm3).value(); }

// A chart p with a dependency s that Chart.yaml does not declare.
Chart Parent(std::string_view own, std::string_view sub) {
  Chart parent, child;
  parent.metadata.name = "p";
  child.metadata.name = "s";
  child.metadata.version = "1.0.0";
  if (!own.empty()) parent.values = Yaml(own);
  if (!sub.empty()) child.values = Yaml(sub);
  parent.dependencies.push_back(std::move(child));
  return parent;
}

std::string Final(const Chart& chart, std::string_view user, Dialect dialect) {
  const auto values = Coalesce(chart, Yaml(user), dialect);
  return values ? EncodeJson(*values).value() : "error: " + values.error().message;
}

struct Row {
  std::string_view own, sub, user, helm3, helm4;
};

constexpr Row kRows[] = {
    {"{a: 1, b: {c: 1, d: 2}}", "", "{a: null, b: {c: null}}", R"({"b":{"d":2},"s":{"global":{}}})", ""},
    {"{a: 1, b: {c: 1, d: 2}}", "", "{z: null, b: {q: null}}", R"({"a":1,"b":{"c":1,"d":2,"q":null},"s":{"global":{}},"z":null})", ""},
    {"{a: null, b: {c: null, d: 1}}", "", "{}", R"({"a":null,"b":{"c":null,"d":1},"s":{"global":{}}})",
     R"({"b":{"d":1},"s":{"global":{}}})"},
    {"{b: {c: 1}}", "", "{b: 5}", R"({"b":5,"s":{"global":{}}})", ""},
    {"{b: 5}", "", "{b: {c: 1}}", R"({"b":{"c":1},"s":{"global":{}}})", ""},
    {"{s: {a: null}}", "{a: 1, b: 2}", "{}", R"({"s":{"b":2,"global":{}}})", R"({"s":{"a":1,"b":2,"global":{}}})"},
    {"{s: {a: 5}}", "{a: 1}", "{s: {a: null}}", R"({"s":{"global":{}}})", ""},
    {"", "{m: {x: 1}}", "{s: {m: {x: null}}}", R"({"s":{"global":{},"m":{}}})", ""},
    {"", "{a: null, m: {x: null}}", "{}", R"({"s":{"a":null,"global":{},"m":{"x":null}}})", R"({"s":{"global":{},"m":{}}})"},
    {"{global: {a: 1}}", "{global: {a: 2}}", "{global: {a: null}}", R"({"global":{},"s":{"global":{"a":2}}})", ""},
    {"{s: null}", "{b: 2}", "{}", "error: type mismatch on s: %!t(<nil>)", R"({"s":{"b":2,"global":{}}})"},
    {"{s: {a: 1}}", "{b: 2}", "{s: null}", "error: type mismatch on s: %!t(<nil>)", ""},
    {"{global: {a: 1, m: {x: 1}}}", "", "{s: {global: {a: 2, m: {w: 2}}}}",
     R"({"global":{"a":1,"m":{"x":1}},"s":{"global":{"a":1,"m":{"w":2,"x":1}}}})", ""},
};

TEST(Coalesce, Matrix) {
  for (const Row& row : kRows) {
    const Chart chart = Parent(row.own, row.sub);
    if (row.user == "{s: null}") continue;  // below: what Helm does depends on whether the default is a map
    EXPECT_EQ(Final(chart, row.user, Dialect::Helm3), row.helm3) << row.own << row.sub << row.user;
    EXPECT_EQ(Final(chart, row.user, Dialect::Helm4), row.helm4.empty() ? row.helm3 : row.helm4) << row.own << row.sub << row.user;
  }
}

TEST(Coalesce, ANullForADependencyTakesTheParentsDefaultsAway) {
  EXPECT_EQ(Final(Parent("{s: {a: 1}}", "{b: 2}"), "{s: null}", Dialect::Helm3), R"({"s":{"b":2,"global":{}}})");
}

Chart WithDependencies(std::string_view entries) {
  Chart chart = Parent("{go: true, tags: {t: false}}", "{x: 1, exports: {e: {k: v}}, deep: {t: {q: 1}}}");
  chart.metadata.dependencies.emplace();
  const Value list = Yaml("l: " + std::string(entries)).map()->entries["l"];
  for (const Value& item : list.list()->items) {
    Dependency entry;
    for (const auto& [key, value] : item.map()->entries) {
      if (key == "name") entry.name = value.AsString();
      if (key == "version") entry.version = value.AsString();
      if (key == "alias") entry.alias = value.AsString();
      if (key == "condition") entry.condition = value.AsString();
      if (key == "tags") entry.tags = {value.AsString()};
      if (key == "import") entry.import_values = value.list()->items;
    }
    chart.metadata.dependencies->push_back(std::move(entry));
  }
  return chart;
}

struct DependencyRow {
  std::string_view rule, entries, user, want;  // the names of what is left
};

constexpr DependencyRow kDependencies[] = {
    {"kept", "[{name: s, version: 1.x}]", "{}", "s "},
    {"an alias", "[{name: s, version: 1.x, alias: a}, {name: s, version: 1.x, alias: b}]", "{}", "a b "},
    {"a version that is not there: kept, without its alias", "[{name: s, version: 2.x, alias: a}]", "{}", "s "},
    {"a condition", "[{name: s, version: 1.x, condition: halt}]", "{halt: false}", ""},
    {"the first condition that is there", "[{name: s, version: 1.x, condition: \"none,go,halt\"}]", "{halt: false}", "s "},
    {"a tag", "[{name: s, version: 1.x, tags: t}]", "{}", ""},
    {"a condition before a tag", "[{name: s, version: 1.x, tags: t, condition: go}]", "{}", "s "},
};

TEST(Dependencies, WhichTakePart) {
  for (const DependencyRow& row : kDependencies) {
    Chart chart = WithDependencies(row.entries);
    ASSERT_TRUE(ProcessDependencies(chart, Yaml(row.user), Dialect::Helm3)) << row.rule;
    std::string names;
    for (const Chart& dependency : chart.dependencies) names += dependency.name() + " ";
    EXPECT_EQ(names, row.want) << row.rule;
  }
}

TEST(Dependencies, ImportValues) {
  Chart chart = WithDependencies("[{name: s, version: 1.x, import: [e, {child: deep.t, parent: up}]}]");
  ASSERT_TRUE(ProcessDependencies(chart, Value(), Dialect::Helm3));
  EXPECT_EQ(EncodeJson(chart.values.map()->entries["k"]).value(), R"("v")");
  EXPECT_EQ(EncodeJson(chart.values.map()->entries["up"]).value(), R"({"q":1})");
}

TEST(Dependencies, Missing) {
  Chart chart;
  chart.metadata.dependencies.emplace();
  chart.metadata.dependencies->push_back({.name = "gone"});
  const auto there = CheckDependencies(chart);
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().message, "found in Chart.yaml, but missing in charts/ directory: gone");
}

}  // namespace
}  // namespace sluice::helm
