// What Helm logs beside the result, in either dialect's words.
#include "helm/chart/notice.h"

#include <gtest/gtest.h>

#include "helm/helm.h"

namespace sluice::helm {
namespace {

using Tree = std::map<std::string, std::string>;

struct Row {
  std::string_view rule;
  Notice notice;
  std::string_view helm3, helm4;
};

const Row kLines[] = {
    {"one text for both",
     {.text = "key \"h\" is table. Skipping"},
     "key \"h\" is table. Skipping",
     R"(level=INFO msg="key \"h\" is table. Skipping")"},
    {"the value is behind the text",
     {.text = "Ignoring", .value = Value::Float64(1e6)},
     "Ignoring (1e+06)",
     "level=INFO msg=\"Ignoring (1e+06)\""},
    {"Helm 4's own words, quoted where they must be",
     {.text = "three",
      .level = "WARN",
      .message = "four",
      .fields = {{"a", "plain/é"}, {"b", "x=y"}, {"c", ""}, {"d", "1\n2"}, {"e", "\xFF"}, {"f", "\u00A0"}}},
     "three",
     R"(level=WARN msg=four a=plain/é b="x=y" c="" d="1\n2" e="\xff" f="\u00a0")"},
};

TEST(Notice, Lines) {
  for (const Row& row : kLines) {
    EXPECT_EQ(NoticeLine(row.notice, Dialect::Helm3), row.helm3) << row.rule;
    EXPECT_EQ(NoticeLine(row.notice, Dialect::Helm4), row.helm4) << row.rule;
  }
}

TEST(Notice, OfAChartThatRendersAllTheSame) {
  const Tree tree = {
      {"c/Chart.yaml",
       "apiVersion: v2\nname: c\nversion: 1.0.0\ndeprecated: true\n"
       "dependencies: [{name: s, version: 1.0.0, condition: s.on, tags: [t], import-values: [x]}]\n"},
      {"c/values.yaml", "a: 1\nm: {x: {z: 1}}\ntags: {t: text}\ns: {\"on\": 5}\n"},
      {"c/charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"},
      {"c/charts/s/requirements.yaml", ""},
      {"c/templates/h.yaml", "kind: Job\nmetadata: {name: h, annotations: {helm.sh/hook: never}}\n"},
  };
  std::vector<std::string> told;
  const NoticeSink notify = [&](const Notice& notice) { told.push_back(NoticeLine(notice, Dialect::Helm3)); };
  auto chart = LoadDirectory(*base::MemoryFiles(tree), "c", Dialect::Helm3, notify);
  ASSERT_TRUE(chart) << chart.error().message;
  const Value user = Value::NewMap();
  ASSERT_TRUE(user.map()->entries.emplace("a", Value::NewMap()).second);
  ASSERT_TRUE(user.map()->entries.emplace("m", Value::NewMap()).second);
  user.map()->entries["m"].map()->entries.emplace("x", Value::Int(2));
  const auto rendered = Render(*std::move(chart), user, {.dialect = Dialect::Helm3, .notify = notify});
  ASSERT_TRUE(rendered) << rendered.error().message;
  const std::vector<std::string> coalescing = {"warning: skipped value for c.a: Not a table.",
                                               "warning: cannot overwrite table with non table for c.m.x (map[z:1])"};
  EXPECT_EQ(
      told,
      (std::vector<std::string>{
          "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend migrating dependencies to Chart.yaml.",
          "WARNING: This chart is deprecated", coalescing[0], coalescing[1],  // to see what is on
          "Warning: Tag 't' for chart s returned non-bool value", "Warning: Condition path 's.on' for chart s returned non-bool value",
          "Warning: ImportValues missing table: \"exports\" is not a table", coalescing[0], coalescing[1],
          "info: skipping unknown hook: \"never\""}));
}

}  // namespace
}  // namespace sluice::helm
