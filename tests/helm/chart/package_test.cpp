// Charts that are packed: what is in the archive, that it is always the same, and what is refused.
#include "helm/chart/package.h"

#include <gtest/gtest.h>

#include "base/archive.h"
#include "base/files.h"
#include "helm/chart/load.h"
#include "helm/chart/metadata.h"

namespace sluice::helm {
namespace {

using FileMap = std::map<std::string, std::string>;

FileMap Web() {
  return {
      {"web/Chart.yaml",
       "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: 1.10\nextra: lost\nkeywords: [b, a]\nannotations: {x: 'true'}\n"
       "dependencies:\n- {name: db, version: 1.x, repository: 'file://../db', tags: [t], import-values: [x, {child: a, parent: b}]}\n"},
      {"web/Chart.lock",
       "dependencies:\n- {name: db, version: 1.0.0, repository: 'file://../db'}\ndigest: sha256:00\ngenerated: \"2026-01-01T00:00:00Z\"\n"},
      {"web/values.yaml", "a: 1 # kept\n"},
      {"web/values.schema.json", "{\"type\": \"object\"}\n"},
      {"web/templates/a.yaml", "kind: A\n"},
      {"web/templates/_h.tpl", "{{/* h */}}"},
      {"web/crds/c.yaml", "kind: C\n"},
      {"web/README.md", "read"},
      {"web/charts/db/Chart.yaml", "apiVersion: v1\nname: db\nversion: 1.0.0\n"},
      {"web/charts/db/requirements.yaml", "dependencies: []\n"},
      {"web/charts/db/values.yaml", "b: 2\n"}};
}

Chart Load(const FileMap& files) {
  auto chart = LoadDirectory(*base::MemoryFiles(files), "web", Dialect::Helm4);
  EXPECT_TRUE(chart) << (chart ? "" : chart.error().message);
  return *std::move(chart);
}

FileMap Unpacked(std::string_view tgz) {
  FileMap out;
  base::ArchiveReader reader(base::SourceOf(tgz));
  while (true) {
    auto entry = reader.Next();
    EXPECT_TRUE(entry) << (entry ? "" : entry.error().message);
    if (!entry || !*entry) return out;
    out[(*entry)->path] = *reader.Contents();
  }
}

TEST(Package, HoldsWhatHelmWouldWrite) {
  const auto packed = Package(Load(Web()));
  ASSERT_TRUE(packed) << packed.error().message;
  FileMap want = Web();
  want["web/Chart.yaml"] =
      "annotations:\n  x: \"true\"\napiVersion: v2\nappVersion: \"1.1\"\ndependencies:\n- import-values:\n  - x\n  - child: a\n    parent: "
      "b\n"
      "  name: db\n  repository: file://../db\n  tags:\n  - t\n  version: 1.x\nkeywords:\n- b\n- a\nname: web\nversion: 1.2.3\n";
  want["web/Chart.lock"] =
      "dependencies:\n- name: db\n  repository: file://../db\n  version: 1.0.0\ndigest: sha256:00\ngenerated: \"2026-01-01T00:00:00Z\"\n";
  EXPECT_EQ(Unpacked(*packed), want);
  EXPECT_EQ(*Package(Load(Web())), *packed) << "equal charts give equal bytes";
}

TEST(Package, ReadsBackAsTheSameChart) {
  const auto again = LoadArchive(*Package(Load(Web())), Dialect::Helm4);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->metadata.version, "1.2.3");
  EXPECT_EQ(again->lock->digest, "sha256:00");
  EXPECT_EQ(*again->values_text, "a: 1 # kept\n");
  ASSERT_EQ(again->dependencies.size(), 1u);
  EXPECT_EQ(again->dependencies[0].name(), "db");
  EXPECT_EQ(*Package(*again), *Package(Load(Web())));
}

TEST(Package, TwoVersionsOfOneDependency) {
  Chart chart = Load(Web());
  Chart newer = chart.dependencies[0];
  newer.metadata.version = "2.0.0";
  chart.dependencies.push_back(newer);
  const auto again = LoadArchive(*Package(chart), Dialect::Helm4);
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_EQ(again->dependencies.size(), 2u);
  EXPECT_EQ(again->dependencies[0].name() + again->dependencies[0].metadata.version, "db1.0.0");
  EXPECT_EQ(again->dependencies[1].name() + again->dependencies[1].metadata.version, "db2.0.0");
}

TEST(Package, OtherValues) {
  Chart chart = Load(Web());
  EXPECT_FALSE(*ReplaceValues(chart, "a: 1 # kept\n"));
  EXPECT_TRUE(*ReplaceValues(chart, "a: 2\n"));
  EXPECT_EQ(Unpacked(*Package(chart)).at("web/values.yaml"), "a: 2\n");
  FileMap without = Web();
  without.erase("web/values.yaml");
  Chart bare = Load(without);
  EXPECT_EQ(ReplaceValues(bare, "a: 2\n").error().message, "failed to locate values file: values.yaml");
}

TEST(Package, RefusesWhatLeadsOutOrIsBroken) {
  const auto error = [](auto change) {
    Chart chart = Load(Web());
    change(chart);
    const auto packed = Package(chart);
    return packed ? "" : packed.error().message;
  };
  EXPECT_EQ(error([](Chart& chart) { chart.metadata.name = "../web"; }),
            "chart validation: validation: chart.metadata.name \"../web\" is invalid");
  EXPECT_EQ(error([](Chart& chart) { chart.metadata.name = ".."; }),
            "chart validation: validation: chart.metadata.name \"..\" is not allowed");
  EXPECT_EQ(error([](Chart& chart) { chart.dependencies[0].metadata.name = "a/b"; }),
            "chart validation: validation: chart.metadata.name \"a/b\" is invalid");
  EXPECT_EQ(error([](Chart& chart) { chart.metadata.version = "latest"; }),
            "chart validation: validation: chart.metadata.version \"latest\" is invalid");
  EXPECT_EQ(error([](Chart& chart) { chart.schema = std::make_shared<const std::string>("{"); }), "invalid JSON in values.schema.json");
  EXPECT_EQ(error([](Chart& chart) {
              Chart inner = chart;
              for (int i = 0; i < 80; ++i) {
                Chart outer = Load(Web());
                outer.dependencies = {inner};
                inner = outer;
              }
              chart = inner;
            }),
            "charts are nested too deeply");
}

}  // namespace
}  // namespace sluice::helm
