// Hostile trees, by the number of the threat: refused with a reason and a place, or built within bounds. No verdict depends on a clock: what is
// tested is that the budget (kustomize/budget.h) or a limit ends what would not end, and that nothing outside the tree is seen.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "document/yaml.h"
#include "kustomize/build.h"

namespace sluice::kustomize {
namespace {

using Tree = std::map<std::string, std::string>;

const std::string kConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

std::string Repeat(std::size_t count, const std::function<std::string(std::size_t)>& piece) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += piece(i);
  return out;
}

std::string Chain(std::size_t count, char separator) {
  return Repeat(count, [&](std::size_t i) { return i == 0 ? std::string("a") : std::string(1, separator) + "a"; });
}

std::string ConfigMaps(std::size_t count) {
  return Repeat(count,
                [](std::size_t i) { return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a" + std::to_string(i) + "}\n"; });
}

/// Nine levels of nine aliases each: 387 million nodes.
std::string Laughs() {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string below = "*a" + std::to_string(i - 1), mine = "a" + std::to_string(i);
    text += mine + ": &" + mine + " [";
    for (int j = 0; j < 9; ++j) text += (j == 0 ? "" : ",") + below;
    text += "]\n";
  }
  return text;
}

base::Error Refusal(const Tree& tree, std::string_view path = ".", const BuildOptions& options = {}) {
  const auto files = base::MemoryFiles(tree);
  const auto built = Build(*files, path, options);
  return built ? base::Error{base::Reason::Internal, "built"} : built.error();
}

/// A kustomization that names x.yaml in one of its fields.
std::map<std::string, std::string> Fields() {
  return {{"resources", "resources: [%]\n"},
          {"patches", "resources: [a.yaml]\npatches: [{path: %}]\n"},
          {"patchesStrategicMerge", "resources: [a.yaml]\npatchesStrategicMerge: [%]\n"},
          {"patchesJson6902", "resources: [a.yaml]\npatchesJson6902: [{path: %, target: {version: v1, kind: ConfigMap, name: a}}]\n"},
          {"configurations", "resources: [a.yaml]\nconfigurations: [%]\n"},
          {"crds", "resources: [a.yaml]\ncrds: [%]\n"},
          {"openapi", "resources: [a.yaml]\nopenapi: {path: %}\n"},
          {"replacements", "resources: [a.yaml]\nreplacements: [{path: %}]\n"},
          {"generators", "generators: [%]\n"},
          {"transformers", "resources: [a.yaml]\ntransformers: [%]\n"},
          {"validators", "resources: [a.yaml]\nvalidators: [%]\n"},
          {"files", "configMapGenerator: [{name: g, files: [%]}]\n"},
          {"envs", "secretGenerator: [{name: g, envs: [%]}]\n"}};
}

std::string With(std::string text, std::string_view path) { return text.replace(text.find('%'), 1, path); }

TEST(Threats, T25_AliasesThatExplodeOrContainThemselves) {
  for (const auto& [field, text] : Fields()) {
    if (field == "files" || field == "envs") continue;  // no YAML
    SCOPED_TRACE(field);
    const std::pair<std::string, std::string_view> rows[] = {{kConfigMap + Laughs(), "more than 1000000 nodes, aliases expanded"},
                                                             {"&x [*x]", "anchor 'x' value contains itself"},
                                                             {std::string(100'000, '['), "nested deeper than 512 levels"}};
    for (const auto& [bomb, why] : rows) {
      const base::Error error = Refusal({{"kustomization.yaml", With(text, "x.yaml")}, {"a.yaml", kConfigMap}, {"x.yaml", bomb}});
      EXPECT_NE(error.message.find(why), std::string::npos) << error.message;
      EXPECT_NE(error.message.find("x.yaml:"), std::string::npos) << error.message;
    }
  }
  EXPECT_EQ(Refusal({{"kustomization.yaml", "&x [*x]"}}).message, "kustomization.yaml:1:5: anchor 'x' value contains itself");
}

TEST(Threats, T26_ManyDocumentsKeysAndComments) {
  EXPECT_EQ(
      Refusal({{"kustomization.yaml", "resources: [x.yaml]\n"}, {"x.yaml", Repeat(200'000, [](std::size_t) { return "---\n"; })}}).message,
      "built");
  EXPECT_EQ(Refusal({{"kustomization.yaml", "resources: [x.yaml]\n"},
                     {"x.yaml", kConfigMap + Repeat(200'000, [](std::size_t) { return "# c\n"; })}})
                .message,
            "built");
  const std::string keys = Repeat(100'000, [](std::size_t i) { return "  k" + std::to_string(i) + ": v\n"; });
  const base::Error error = Refusal({{"kustomization.yaml", "resources: [a.yaml]\ncommonAnnotations:\n" + keys}, {"a.yaml", kConfigMap}});
  EXPECT_EQ(error.reason, base::Reason::TooLarge);
}

TEST(Threats, T28_WhatIsNoObjectIsNamedWithItsPlace) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"a: b\n", "x.yaml:1:1: an object has no kind"},
      {"kind: Pod\nmetadata: null\n", "x.yaml:1:1: Pod has no metadata.name"},
      {"kind: Pod\nmetadata: []\n", "x.yaml:1:1: Pod has no metadata.name"},
      {"- a\n", "x.yaml:1:1: a Kubernetes object is a map with apiVersion, kind and metadata, not a list"},
      {"kind: PodList\nitems: {a: b}\n", "x.yaml:2:8: items of PodList is no list"},
  };
  for (const auto& [text, want] : rows)
    EXPECT_EQ(Refusal({{"kustomization.yaml", "resources: [x.yaml]\n"}, {"x.yaml", std::string(text)}}).message,
              "kustomization.yaml:1:13: resources: " + std::string(want));
  EXPECT_EQ(Refusal({{"kustomization.yaml", "resources: [x.yaml]\n"}, {"x.yaml", "kind: PodList\nitems: [null]\n"}}).message, "built");
  const std::string nested = Repeat(50, [](std::size_t) { return "{apiVersion: v1, kind: List, items: ["; }) +
                             "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}" + Repeat(50, [](std::size_t) { return "]}"; });
  EXPECT_EQ(Refusal({{"kustomization.yaml", "resources: [x.yaml]\n"}, {"x.yaml", nested}}).message, "built");
}

TEST(Threats, T30_NothingOutsideOfTheTreeIsRead) {
  for (const auto& [field, text] : Fields()) {
    SCOPED_TRACE(field);
    for (const std::string path : {"../token", "../../../token", "/token", "/var/run/secrets/token"}) {
      const base::Error error = Refusal(
          {{"in/kustomization.yaml", With(text, path)}, {"in/a.yaml", kConfigMap}, {"token", kConfigMap + "data: {canary: word}\n"}}, "in");
      EXPECT_NE(error.message, "built") << path;
      EXPECT_EQ(error.message.find("word"), std::string::npos) << error.message;
      EXPECT_NE(error.message.find("kustomization.yaml:"), std::string::npos) << error.message;
    }
  }
}

TEST(Threats, T31_RemoteBasesAreRefusedWithoutAResolver) {
  for (const std::string url : {"https://example.org/org/repo//x?ref=main", "git::ssh://git@example.org/org/repo",
                                "git@example.org:org/repo", "github.com/org/repo", "https://example.org/x.yaml", "file:///etc"}) {
    for (const std::string_view field : {"resources", "components", "generators", "transformers"}) {
      const base::Error error = Refusal({{"kustomization.yaml", std::string(field) + ": ['" + url + "']\n"}});
      EXPECT_TRUE(error.reason == base::Reason::Unsupported || error.reason == base::Reason::NotFound ||
                  error.reason == base::Reason::Invalid)
          << field << " " << url << ": " << error.message;
      EXPECT_NE(error.message, "built") << field << " " << url;
    }
  }
}

TEST(Threats, T32_NothingIsRun) {
  const std::string function =
      "apiVersion: example.org/v1\nkind: Run\nmetadata:\n  name: r\n  annotations:\n    config.kubernetes.io/function: |\n"
      "      exec: {path: /bin/sh}\n";
  for (const std::string_view field : {"generators", "transformers", "validators"})
    EXPECT_EQ(Refusal({{"kustomization.yaml", std::string(field) + ": [x.yaml]\n"}, {"x.yaml", function}}).message,
              "x.yaml:1:1: Run \"r\": external plugins are not run (example.org/v1 Run); only `apiVersion: builtin` is");
  EXPECT_NE(Refusal({{"kustomization.yaml", "helmCharts: [{name: x}]\nhelmGlobals: {chartHome: /bin}\n"}}).message, "built");
}

struct Row {
  std::string_view rule;
  std::string kustomization, objects;
};

TEST(Threats, T33_WhatASmallTextWouldMakeLargeEndsInTooLarge) {
  const std::string source =
      "- source: {kind: ConfigMap, fieldPath: data}\n  targets: [{select: {kind: ConfigMap}, options: {create: true}, fieldPaths: [";
  const std::string deployment =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, ports: [";
  const auto ports = [](std::size_t from) {
    return Repeat(6'000, [&](std::size_t i) { return "{protocol: TCP, containerPort: " + std::to_string(i + from) + "},"; }) + "]}]}}}\n";
  };
  const std::vector<Row> rows = {
      {"objects", "", ConfigMaps(200'001)},
      {"replacements times objects",
       "replacements:\n" +
           Repeat(2'000,
                  [](std::size_t) { return "- source: {kind: Secret}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]\n"; }),
       ConfigMaps(50'000)},
      {"images times objects",
       "images:\n" + Repeat(30'000, [](std::size_t i) { return "- {name: i" + std::to_string(i) + ", newTag: v}\n"; }), ConfigMaps(1'000)},
      {"labels that make room for labels",
       "labels:\n" + Repeat(3'000, [](std::size_t i) { return "- {pairs: {a" + std::to_string(i) + ": b}}\n"; }), ConfigMaps(100)},
      {"a long prefix of many objects", "namePrefix: " + std::string(1u << 20, 'p') + "\n", ConfigMaps(600)},
      {"a value copied into itself",
       "replacements:\n" + Repeat(40, [&](std::size_t i) { return source + "data.x" + std::to_string(i) + "]}]\n"; }),
       kConfigMap + "data: {y: z}\n"},
      {"a value put below itself", "replacements:\n" + Repeat(2'000, [&](std::size_t) { return source + "data.x]}]\n"; }),
       kConfigMap + "data: {y: z}\n"},
      {"a target path without end", "replacements:\n" + source + Chain(200'000, '.') + "]}]\n", kConfigMap + "data: {y: z}\n"},
      {"a field spec without end", "labels: [{pairs: {a: b}, fields: [{path: " + Chain(200'000, '/') + ", create: true}]}]\n", kConfigMap},
      {"a fieldPath without end",
       "transformers:\n- |\n  apiVersion: builtin\n  kind: ValueAddTransformer\n  metadata: {name: v}\n  value: x\n  targets: "
       "[{fieldPath: " +
           Chain(200'000, '/') + "}]\n",
       kConfigMap},
      {"a var in many places", "vars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: a}, fieldref: {fieldpath: data.v}}]\n",
       "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: {x: \"" +
           Repeat(100'000, [](std::size_t) { return "$(V)"; }) + "\"}\ndata: {v: " + std::string(100'000, 'x') + "}\n"},
      {"a file in many ConfigMaps",
       "configMapGenerator:\n" + Repeat(600, [](std::size_t i) { return "- {name: g" + std::to_string(i) + ", files: [big]}\n"; }),
       kConfigMap},
      {"copies in a patch",
       "patches:\n- target: {kind: ConfigMap}\n  patch: |\n    - {op: add, path: /s, value: {}}\n" +
           Repeat(40, [](std::size_t i) { return "    - {op: copy, from: /s, path: /s/x" + std::to_string(i) + "}\n"; }),
       kConfigMap},
      {"a value moved below itself",
       "patches:\n- target: {kind: ConfigMap}\n  patch: |\n    - {op: add, path: /s, value: {}}\n" +
           Repeat(2'000,
                  [](std::size_t) {
                    return "    - {op: move, from: /s, path: /t}\n    - {op: add, path: /s, value: {}}\n    - {op: move, from: /t, path: "
                           "/s/x}\n";
                  }),
       kConfigMap},
      {"ports that are searched", "patches:\n- path: p.yaml\n", deployment + ports(1)},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    const base::Error error = Refusal({{"kustomization.yaml", "resources: [x.yaml]\n" + row.kustomization},
                                       {"x.yaml", row.objects},
                                       {"p.yaml", deployment + ports(20'000)},
                                       {"big", std::string(1u << 20, 'x')}});
    EXPECT_EQ(error.reason, base::Reason::TooLarge) << error.message.substr(0, 300);
  }
}

TEST(Threats, T34_TextOfEveryKindIsReadBackAsItWas) {
  for (const std::string text :
       {"a\nb", "say \"x\"", "a: b", "{{ .Values.x }}", "'", "# c", "- x", "\t", "\x1b[31m", "%", "null", "~", "a # b", "trailing "}) {
    SCOPED_TRACE(text);
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\x1b' ? "\\e" : c == '"' ? "\\\"" : std::string(1, c);
    quoted += "\"";
    const auto files =
        base::MemoryFiles({{"kustomization.yaml", "resources: [a.yaml]\nnamePrefix: " + quoted + "\ncommonAnnotations: {x: " + quoted +
                                                      "}\nlabels: [{pairs: {l: " + quoted + "}}]\n"},
                           {"a.yaml", kConfigMap}});
    const auto built = Build(*files, ".");
    ASSERT_TRUE(built.has_value()) << built.error().message;
    const auto again = document::ParseYaml(Print(built->documents));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->At({"metadata", "name"})->text(), text + "a");
    EXPECT_EQ(again->At({"metadata", "annotations", "x"})->text(), text);
    EXPECT_EQ(again->At({"metadata", "labels", "l"})->text(), text);
  }
}

TEST(Threats, T46_RegularExpressionsAreLinearAndBounded) {
  const std::string add = "\n  patch: '[{\"op\": \"add\", \"path\": \"/x\", \"value\": 1}]'\n";
  const std::string many = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + std::string(100'000, 'a') + "}\n";
  const auto message = [&](const std::string& regex) {
    return Refusal({{"kustomization.yaml", "resources: [x.yaml]\npatches:\n- target: {name: '" + regex + "'}" + add}, {"x.yaml", many}})
        .message;
  };
  EXPECT_EQ(message("((a*)*)*b"), "built");
  EXPECT_NE(message("((a{1000}){1000}){1000}"), "built");
  EXPECT_NE(message("(x{1000}){1000}"), "built");
  EXPECT_EQ(message(std::string(100'000, '(') + "a*" + std::string(100'000, ')')), "built");  // as deep as that, and no crash
}

}  // namespace
}  // namespace sluice::kustomize
