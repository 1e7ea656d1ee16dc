// A chart from files to documents, as a library.
#include <gtest/gtest.h>

#include "base/archive.h"
#include "helm/chart/ignore.h"
#include "helm/helm.h"

namespace sluice::helm {
namespace {

using Tree = std::map<std::string, std::string>;

Tree Small() {
  return {
      {"c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: 1.10\n"},
      {"c/values.yaml", "port: 8080\n"},
      {"c/templates/_h.tpl", "{{ define \"n\" }}{{ .Release.Name }}-x{{ end }}"},
      {"c/templates/a.yaml",
       "kind: ConfigMap\nmetadata:\n  name: {{ include \"n\" . }}\ndata: {app: {{ .Chart.AppVersion | quote }}, port: \"{{ .Values.port "
       "}}\"}\n"},
      {"c/templates/h.yaml", "kind: Job\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test}\n"},
      {"c/templates/NOTES.txt", "hello {{ .Release.Namespace }}"},
      {"c/crds/x.yaml", "kind: CustomResourceDefinition\n"},
  };
}

Chart Load(const Tree& tree) { return LoadDirectory(*base::MemoryFiles(tree), "c", Dialect::Helm3).value(); }

std::string Printed(const Tree& tree, RenderOptions options = {}) {
  options.dialect = Dialect::Helm3;
  const auto rendered = Render(Load(tree), Value(), options);
  return rendered ? Print(rendered->manifests) : "error: " + rendered.error().message;
}

TEST(Render, AChart) {
  const auto rendered = Render(Load(Small()), Value(), {.dialect = Dialect::Helm3, .name = "r", .ns = "n"});
  ASSERT_TRUE(rendered) << rendered.error().message;
  EXPECT_EQ(Print(rendered->manifests),
            "---\n# Source: c/templates/a.yaml\nkind: ConfigMap\nmetadata:\n  name: r-x\ndata: {app: \"1.1\", port: \"8080\"}\n");
  ASSERT_EQ(rendered->hooks.size(), 1u);
  EXPECT_TRUE(rendered->hooks[0].IsTest());
  EXPECT_EQ(rendered->notes, "hello n");
  ASSERT_EQ(rendered->crds.size(), 1u);
  EXPECT_EQ(rendered->crds[0].path, "c/crds/x.yaml");
}

TEST(Render, AnArchiveIsTheSameChart) {
  std::string bytes;
  base::ArchiveWriter writer([&](std::string_view piece) -> base::Result<void> {
    bytes += piece;
    return {};
  });
  for (const auto& [path, text] : Small()) ASSERT_TRUE(writer.AddFile(path, text, false));
  ASSERT_TRUE(writer.Finish());
  auto chart = LoadArchive(bytes, Dialect::Helm3);
  ASSERT_TRUE(chart) << chart.error().message;
  const auto rendered = Render(*std::move(chart), Value(), {.dialect = Dialect::Helm3});
  ASSERT_TRUE(rendered);
  EXPECT_EQ(Print(rendered->manifests), Printed(Small()));
}

TEST(Render, TheStructOfAChartIsPrintedAsGoDoes) {
  Tree tree = Small();
  tree["c/templates/a.yaml"] = "# {{ .Chart }}\n# {{ printf \"%+v\" .Chart }}\nx: 1";
  EXPECT_EQ(
      Printed(tree),
      "---\n# Source: c/templates/a.yaml\n# {{c  [] 1.2.3  [] []  v2   1.1 false map[]  [] } true}\n"
      "# {Metadata:{Name:c Home: Sources:[] Version:1.2.3 Description: Keywords:[] Maintainers:[] Icon: APIVersion:v2 Condition: Tags: "
      "AppVersion:1.1 Deprecated:false Annotations:map[] KubeVersion: Dependencies:[] Type:} IsRoot:true}\nx: 1\n");
}

TEST(Render, LookupAsksTheCaller) {
  Tree tree = Small();
  tree["c/templates/a.yaml"] = "found: {{ (lookup \"v1\" \"Secret\" \"ns\" \"s\").name }}";
  RenderOptions options;
  options.engine.lookup = [](const std::string& api, const std::string& kind, const std::string& ns,
                             const std::string& name) -> base::Result<Value> {
    Value map = Value::NewMap();
    map.map()->entries["name"] = Value::String(api + "/" + kind + "/" + ns + "/" + name);
    return map;
  };
  EXPECT_EQ(Printed(tree, options), "---\n# Source: c/templates/a.yaml\nfound: v1/Secret/ns/s\n");
}

struct Row {
  std::string_view rule, path, text, want;
};

constexpr Row kErrors[] = {
    {"required", "c/templates/a.yaml", "{{ required \"need\" .Values.nope }}", "error: execution error at (c/templates/a.yaml:1:3): need"},
    {"parse", "c/templates/a.yaml", "{{ if }}", "error: parse error at (c/templates/a.yaml:1): missing value for if"},
    {"yaml", "c/templates/a.yaml", "a: b: c",
     "error: YAML parse error on c/templates/a.yaml: error converting YAML to JSON: yaml: mapping values are not allowed in this context"},
    {"schema", "c/values.schema.json", R"({"properties":{"port":{"type":"string"}}})",
     "error: values don't meet the specifications of the schema(s) in the following chart(s):\nc:\n- at '/port': got number, want "
     "string\n"},
    {"kubeVersion", "c/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0, kubeVersion: <1.0}",
     "error: chart requires kubeVersion: <1.0 which is incompatible with Kubernetes v1.37.0"},
    {"library", "c/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0, type: library}", "error: library charts are not installable"},
};

TEST(Render, Errors) {
  for (const Row& row : kErrors) {
    Tree tree = Small();
    tree[std::string(row.path)] = row.text;
    EXPECT_EQ(Printed(tree), row.want) << row.rule;
  }
}

constexpr Row kLoadErrors[] = {
    {"no version", "c/Chart.yaml", "{apiVersion: v2, name: c}", "validation: chart.metadata.version is required"},
    {"a bad version", "c/Chart.yaml", "{apiVersion: v2, name: c, version: x}", "validation: chart.metadata.version \"x\" is invalid"},
    {"a bad alias", "c/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0, dependencies: [{name: s, alias: a b}]}",
     "validation: dependency \"s\" has disallowed characters in the alias"},
    {"values that are no map", "c/values.yaml", "[1]",
     "cannot load values.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type "
     "map[string]interface {}"},
    {"a file in charts/", "c/charts/README.md", "x", "error unpacking subchart README.md in c: Chart.yaml file is missing"},
};

TEST(Render, KeepsItsLimits) {
  Tree tree = Small();
  tree["c/templates/b.yaml"] =
      R"({{ define "x" }}{{ if gt (int .) 0 }}{{ include "x" (sub (int .) 1) }}{{ end }}{{ end }}{{ include "x" 50 }})";
  EXPECT_EQ(Printed(tree).substr(0, 5), "---\n#");
  RenderOptions shallow;
  shallow.engine.limits.max_same_include = 10;
  EXPECT_NE(Printed(tree, shallow).find("rendering template has a nested reference name: x"), std::string::npos);
  RenderOptions ended;
  ended.engine.interrupt = [] { return base::Result<void>(base::Invalid("enough")); };
  EXPECT_NE(Printed(tree, ended).find(": enough"), std::string::npos);
}

TEST(Load, Errors) {
  for (const Row& row : kLoadErrors) {
    Tree tree = Small();
    tree[std::string(row.path)] = row.text;
    const auto chart = LoadDirectory(*base::MemoryFiles(tree), "c", Dialect::Helm3);
    ASSERT_FALSE(chart) << row.rule;
    EXPECT_EQ(chart.error().message, row.want) << row.rule;
  }
}

struct IgnoreRow {
  std::string_view rules, path;
  bool directory, want;
};

constexpr IgnoreRow kIgnored[] = {
    {"*.md", "docs/x.md", false, true},     {"docs/", "docs", true, true},        {"docs/", "docs", false, false},
    {"/a.txt", "a.txt", false, true},       {"/a.txt", "b/a.txt", false, false},  {"b/*.txt", "b/a.txt", false, true},
    {"# x\n\n x ", "x", false, true},       {"!keep.txt", "other", false, true},  {"!keep.txt", "keep.txt", false, false},
    {"", "templates/.hidden", false, true}, {"", "templates/s/.h", false, false},
};

TEST(Ignore, Rules) {
  for (const IgnoreRow& row : kIgnored) {
    auto rules = IgnoreRules::Parse(row.rules);
    ASSERT_TRUE(rules);
    rules->AddDefaults();
    EXPECT_EQ(rules->Ignores(row.path, row.directory), row.want) << row.rules << " " << row.path;
  }
  EXPECT_EQ(IgnoreRules::Parse("a/**").error().message, "double-star (**) syntax is not supported");
}

}  // namespace
}  // namespace sluice::helm
