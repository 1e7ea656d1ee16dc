// From a chart to what a revision holds.
#include "helm/release/draft.h"

#include <gtest/gtest.h>

#include "document/object.h"
#include "helm/chart/yaml_values.h"
#include "helm/release/codec.h"

namespace sluice::helm {
namespace {

Chart Load() {
  return LoadDirectory(
             *base::MemoryFiles({
                 {"c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.2.3\n"},
                 {"c/values.yaml", "port: 80\nname: x\n"},
                 {"c/templates/a.yaml",
                  "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: {{ .Values.name }}\ndata:\n  port: \"{{ .Values.port }}\"\n"},
                 {"c/templates/job.yaml",
                  "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\n  annotations:\n    helm.sh/hook: pre-install\n"},
                 {"c/templates/NOTES.txt", "hello"},
                 {"c/README.md", "# c"},
             }),
             "c", Dialect::Helm4)
      .value();
}

Value Yaml(std::string_view text) { return ParseValues(text, Dialect::Helm4).value(); }

/// Labels every object, and adds one of its own.
base::Result<std::vector<document::Value>> Label(std::vector<document::Value> objects) {
  for (document::Value& object : objects) document::SetLabel(object, "l", "v");
  document::Value more = document::Value::Mapping();
  more.Set("apiVersion", "v1");
  more.Set("kind", "Secret");
  more["metadata"].Set("name", "more");
  objects.push_back(std::move(more));
  return objects;
}

TEST(Draft, HoldsWhatARevisionStores) {
  const auto draft = MakeDraft(Load(), Yaml("port: 81"), {});
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(draft->config, R"({"port":81})");
  EXPECT_EQ(*draft->manifest,
            "---\n# Source: c/templates/a.yaml\nkind: ConfigMap\napiVersion: v1\nmetadata:\n  name: x\ndata:\n  port: \"81\"\n\n");
  EXPECT_EQ(draft->notes, "hello");
  ASSERT_EQ(draft->hooks.size(), 1u);
  EXPECT_EQ(draft->hooks[0].name, "j");
  EXPECT_EQ(ChartJson(*draft->chart).substr(0, 78), R"({"metadata":{"name":"c","version":"1.2.3","apiVersion":"v2"},"lock":null,"temp)");
  EXPECT_NE(ChartJson(*draft->chart).find(R"("values":{"name":"x","port":80},"schema":null,"files":[{"name":"README.md","data":"IyBj"}])"),
            std::string::npos);
}

TEST(Draft, PostRenderersSeeHooksToo) {
  const auto draft = MakeDraft(Load(), Value(), {.post_render = Label});
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(
      *draft->manifest,
      "---\n# Source: generated-by-postrender-2.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: more\n\n"
      "---\n# Source: c/templates/a.yaml\napiVersion: v1\ndata:\n  port: \"80\"\nkind: ConfigMap\nmetadata:\n  labels:\n    l: v\n  name: "
      "x\n\n");
  EXPECT_NE(draft->hooks[0].manifest.find("l: v"), std::string::npos);
}

TEST(Draft, OrNot) {
  const auto none = MakeDraft(Load(), Value(), {.post_render = Label, .strategy = PostRenderStrategy::NoHooks});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->hooks[0].manifest.find("l: v"), std::string::npos);
  EXPECT_NE(none->manifest->find("generated-by-postrender-manifests-1.yaml"), std::string::npos);
  const auto apart = MakeDraft(Load(), Value(), {.post_render = Label, .strategy = PostRenderStrategy::Separate});
  ASSERT_TRUE(apart) << apart.error().message;
  EXPECT_NE(apart->hooks[0].manifest.find("l: v"), std::string::npos);
  EXPECT_NE(apart->manifest->find("generated-by-postrender-hooks-1.yaml"), std::string::npos);
}

TEST(Draft, ErrorsOfAPostRenderer) {
  const auto fails = [](std::vector<document::Value>) -> base::Result<std::vector<document::Value>> { return base::Invalid("no"); };
  EXPECT_EQ(MakeDraft(Load(), Value(), {.post_render = fails}).error().message, "error while running post render on files: no");
  const DraftOptions apart{.post_render = fails, .strategy = PostRenderStrategy::NoHooks};
  EXPECT_EQ(MakeDraft(Load(), Value(), apart).error().message, "error while running post render on manifests: no");
}

TEST(Draft, ReusesValues) {
  Release old;
  old.config = R"({"name":"old","port":90})";
  old.chart = MakeDraft(Load(), Value(), {})->chart;
  const auto draft = MakeDraft(Load(), Yaml("port: 91"), {.reuse = &old});
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(draft->config, R"({"name":"old","port":91})");
  EXPECT_NE(draft->manifest->find("name: old"), std::string::npos);
  EXPECT_NE(ChartJson(*draft->chart).find(R"("values":{"name":"old","port":90})"), std::string::npos);
}

TEST(Draft, OneChartIsPackedOnce) {
  ChartPool pool;
  const Chart chart = Load();
  const auto first = MakeDraft(chart, Value(), {.pool = &pool});
  const auto second = MakeDraft(chart, Yaml("port: 1"), {.pool = &pool});
  EXPECT_EQ(first->chart, second->chart);
  // Other files that say the same: packed, and then found to be equal.
  const auto third = MakeDraft(Load(), Yaml("port: 2"), {.pool = &pool});
  EXPECT_EQ(third->chart, first->chart);
  EXPECT_EQ(pool.size(), 1u);
  Chart other = chart;
  other.metadata.version = "1.2.4";
  EXPECT_NE(MakeDraft(other, Value(), {.pool = &pool})->chart, first->chart);
}

}  // namespace
}  // namespace sluice::helm
