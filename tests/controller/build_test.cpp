#include "controller/kustomization/build.h"

#include <gtest/gtest.h>

#include "document/object.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;

constexpr const char* kConfigMap =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  size: \"${size}\"\n  region: ${region:=eu}\n";

struct Built {
  base::Result<BuildOutput> result;
  std::string Yaml() const {
    std::string out;
    for (const Value& object : result->objects) out += "---\n" + document::EmitYaml(object);
    return out;
  }
};

Built BuildOf(std::map<std::string, std::string> tree, const Spec& spec, std::vector<std::pair<std::string, std::string>> variables = {}) {
  const auto files = base::MemoryFiles(std::move(tree));
  const BuildInput input{.files = *files, .spec = spec, .name = "apps", .ns = "flux", .variables = std::move(variables)};
  return {Build(input)};
}

Spec WithPostBuild() {
  Spec spec;
  spec.post_build = Substitute{};
  return spec;
}

TEST(Build, VariablesLabelsAndCommonMetadata) {
  Spec spec = WithPostBuild();
  spec.common_labels = {{"team", "x"}};
  spec.common_annotations = {{"note", "y"}};
  const Built built = BuildOf({{"a.yaml", kConfigMap}}, spec, {{"size", "1"}, {"size", "2"}});
  ASSERT_TRUE(built.result) << built.result.error().message;
  // The quotes of `"${size}"` do not survive the build, so the value is read again as a number: Flux does the same.
  EXPECT_EQ(built.Yaml(),
            "---\napiVersion: v1\ndata:\n  region: eu\n  size: 2\nkind: ConfigMap\nmetadata:\n  annotations:\n    note: \"y\"\n  labels:\n"
            "    kustomize.toolkit.fluxcd.io/name: apps\n    kustomize.toolkit.fluxcd.io/namespace: flux\n    team: x\n  name: settings\n");
  EXPECT_TRUE(built.result->digest.starts_with("sha256:"));
}

TEST(Build, KeepsItsLimits) {
  const auto files = base::MemoryFiles({{"a.yaml", kConfigMap}, {"b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n"}});
  const Spec spec;
  const auto said = [&](BuildInput input) {
    const auto built = Build(input);
    return built ? "built" : built.error().message;
  };
  const auto input = [&] { return BuildInput{.files = *files, .spec = spec, .name = "apps", .ns = "flux"}; };
  EXPECT_EQ(said(input()), "built");
  BuildInput small = input();
  small.max_manifests_bytes = 150;
  EXPECT_EQ(said(small), "the manifests of this Kustomization have more than 150 bytes: split it, or raise --manifests-max-bytes");
  BuildInput few = input();
  few.limits.max_objects = 1;
  EXPECT_TRUE(said(few).ends_with("more than 1 objects in one build")) << said(few);
  // Asked by the engine, and for each object afterwards: wherever it says so, the build ends.
  std::size_t steps = 0;
  BuildInput counted = input();
  counted.interrupt = [&steps]() -> base::Result<void> {
    ++steps;
    return {};
  };
  EXPECT_EQ(said(counted), "built");
  for (std::size_t last = 1; last <= steps; ++last) {
    BuildInput ended = input();
    std::size_t asked = 0;  // of all copies together
    ended.interrupt = [&asked, last]() -> base::Result<void> {
      if (++asked < last) return {};
      return base::MakeError(base::Reason::TooLarge, "enough");
    };
    EXPECT_TRUE(said(ended).find("enough") != std::string::npos) << last << ": " << said(ended);
  }
}

TEST(Build, WithoutVariablesNothingIsSubstituted) {
  const Built built = BuildOf({{"a.yaml", kConfigMap}}, WithPostBuild());
  ASSERT_TRUE(built.result);
  EXPECT_NE(built.Yaml().find("region: ${region:=eu}"), std::string::npos);
}

TEST(Build, AlwaysSubstitutesWithoutVariables) {
  Spec spec = WithPostBuild();
  spec.post_build->always = true;
  const Built built =
      BuildOf({{"a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  region: ${region:=eu}\n"}}, spec);
  ASSERT_TRUE(built.result);
  EXPECT_NE(built.Yaml().find("region: eu"), std::string::npos);
}

TEST(Build, SubstitutionCanBeTurnedOffForAnObject) {
  const std::string text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: "
      "disabled\ndata:\n  x: ${size}\n";
  const Built built = BuildOf({{"a.yaml", text}}, WithPostBuild(), {{"size", "1"}});
  ASSERT_TRUE(built.result);
  EXPECT_NE(built.Yaml().find("x: ${size}"), std::string::npos);
}

// What flux v2.9.5 prints for these.
TEST(Build, AnObjectIsReadAgainAfterSubstitution) {
  struct Case {
    const char* rule;
    const char* object;
    const char* value;
    const char* want;
  };
  const Case cases[] = {
      {"$$ without any variable", "kind: ConfigMap\nmetadata: {name: a}\ndata: {k: a$$b}\n", "1", "data:\n  k: a$b\n"},
      {"a key that is a number", "kind: ConfigMap\nmetadata: {name: a}\ndata: {'${A}': v}\n", "1_000", "data:\n  \"1000\": v\n"},
      {"a key that is a fraction", "kind: ConfigMap\nmetadata: {name: a}\ndata: {'${A}': v}\n", "1.20", "data:\n  \"1.2\": v\n"},
      {"a key that is a boolean", "kind: ConfigMap\nmetadata: {name: a}\ndata: {'${A}': v}\n", "on", "data:\n  \"true\": v\n"},
      {"infinity", "kind: ConfigMap\nmetadata: {name: a}\ndata: {k: '${A}'}\n", ".inf",
       "error: after variable substitution ConfigMap/a is no longer YAML: .inf is no number of JSON"},
      {"another object's name", "kind: ConfigMap\nmetadata: {name: '${A}'}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
       "b", "error: after variable substitution ConfigMap/${A} is ConfigMap/b, which another object is already"},
      {"no other's", "kind: ConfigMap\nmetadata: {name: b, namespace: '${A}'}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
       "5", "name: b\n"},
      {"no kind", "kind: '${B:-}'\nmetadata: {name: a}\n", "b", "error: after variable substitution ${B:-}/a has no kind"},
  };
  for (const Case& one : cases) {
    const Built built = BuildOf({{"a.yaml", std::string("apiVersion: v1\n") + one.object}}, WithPostBuild(), {{"A", one.value}});
    if (!built.result) {
      EXPECT_EQ("error: " + built.result.error().message, one.want) << one.rule;
      continue;
    }
    EXPECT_NE(built.Yaml().find(one.want), std::string::npos) << one.rule << "\n" << built.Yaml();
  }
}

TEST(Build, OnlyThisWordTurnsSubstitutionOff) {
  const auto text = [](std::string_view word) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    kustomize.toolkit.fluxcd.io/substitute: " +
           std::string(word) + "\ndata:\n  x: ${size}x\n";
  };
  EXPECT_NE(BuildOf({{"a.yaml", text("Disabled")}}, WithPostBuild(), {{"size", "1"}}).Yaml().find("x: 1x"), std::string::npos);
  EXPECT_NE(BuildOf({{"a.yaml", text("disabled")}}, WithPostBuild(), {{"size", "1"}}).Yaml().find("x: ${size}x"), std::string::npos);
  // Where nothing is put in, nobody asks for the names either.
  EXPECT_TRUE(BuildOf({{"a.yaml", text("disabled")}}, WithPostBuild(), {{"bad-name", "1"}}).result);
}

base::Result<BuildOutput> Print(std::map<std::string, std::string> tree, const Spec& spec = {}, std::string ignore = "") {
  const auto files = base::MemoryFiles(std::move(tree));
  return Build({.files = *files, .spec = spec, .name = "apps", .ns = "flux", .mask_encrypted = true, .ignore = ignore, .normalize = false});
}

std::string NamesOf(const base::Result<BuildOutput>& built) {
  if (!built) return "error: " + built.error().message;
  std::string out;
  for (const Value& object : built->objects) out += (out.empty() ? "" : " ") + std::string(document::NameOf(object));
  return out;
}

std::string ConfigMap(const std::string& name) { return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"; }

TEST(Build, WhatIsPrintedAreObjects) {
  Spec spec = WithPostBuild();
  spec.post_build->always = true;
  const std::string list =
      "apiVersion: v1\nkind: '${X:-List}'\nmetadata: {name: l}\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n";
  EXPECT_EQ(NamesOf(Print({{"a.yaml", ConfigMap("'${X:-}'") + "---\n" + ConfigMap("c") + "---\n" + list}}, spec)), "c b");
  EXPECT_EQ(NamesOf(Print({{"a.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: x}\n---\n" +
                                          ConfigMap("c") + "---\nkind: Odd\nmetadata: {name: y}\n"}})),
            "c");
  const auto labels = Print({{"a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: null}\n"}});
  ASSERT_TRUE(labels) << labels.error().message;
  EXPECT_EQ(document::EmitYaml(labels->objects[0]), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: null\n  name: a\n");
}

TEST(Build, TheLabelOfWhoManagesIt) {
  const std::map<std::string, std::string> tree = {{"kustomization.yaml", "resources: [a.yaml]\nbuildMetadata: [managedByLabel]\n"},
                                                   {"a.yaml", ConfigMap("a")}};
  EXPECT_EQ(document::LabelOf(Print(tree)->objects[0], "app.kubernetes.io/managed-by"), "kustomize-(devel)");
  EXPECT_EQ(document::LabelOf(BuildOf(tree, {}).result->objects[0], "app.kubernetes.io/managed-by"), "kustomize-v5.8.2");
}

// kustomize-controller has its artifact from source-controller, which looked at `.sourceignore`; the CLI looks itself.
TEST(Build, IgnoredPathsStayOutOfTheRootKustomization) {
  const std::map<std::string, std::string> tree = {{"a.yaml", ConfigMap("a")},        {"sub/b.yaml", ConfigMap("b")},
                                                   {"sub/c.yaml", ConfigMap("c")},    {"sub/.sourceignore", "c.yaml\n"},
                                                   {".flux.yaml", ConfigMap("flux")}, {"own/kustomization.yaml", "resources: [d.yaml]\n"},
                                                   {"own/d.yaml", ConfigMap("d")}};
  EXPECT_EQ(NamesOf(Print(tree)), "a d b");
  EXPECT_EQ(NamesOf(Print(tree, {}, "own/\n")), "a b");
  EXPECT_EQ(NamesOf(Print(tree, {}, "sub/\n!sub/c.yaml\n")), "a d c") << "an ignored directory is walked, later lines win";
  EXPECT_EQ(NamesOf(BuildOf(tree, {}).result), "flux a d b c") << "the controller reads no .sourceignore";
  std::map<std::string, std::string> listed = tree;
  listed["kustomization.yaml"] = "resources: [.flux.yaml, a.yaml, sub/c.yaml]\n";
  EXPECT_EQ(NamesOf(Print(listed)), "a");
  listed["kustomization.yaml"] = "resources: [a.yaml, gone.yaml]\n";
  EXPECT_EQ(NamesOf(Print(listed)), "error: resources: gone.yaml: gone.yaml: no such file or directory");
  EXPECT_EQ(NamesOf(Print({{"a.yaml", "not: [yaml"}, {"b.yaml", ConfigMap("b")}}, {}, "a.yaml\n")), "b");
  EXPECT_FALSE(Print({{".flux.yaml", "not: an object\n"}, {"b.yaml", ConfigMap("b")}}))
      << "the defaults alone keep nothing from being read";
  EXPECT_FALSE(Print({{".flux.yaml", ConfigMap("a")}})) << "a kustomization that is empty";
}

struct Row {
  const char* path;
  const char* text;
  const char* want;
};

TEST(Build, ErrorsSayWhatToLookAt) {
  const Row rows[] = {
      {"missing", kConfigMap, "kustomization path not found: missing"},
      {"../up", kConfigMap, "kustomization path not found: ../up"},
      {"a.yaml", kConfigMap, "kustomization path not found: a.yaml (it is a file)"},
      {"", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: ${absent}\n",
       "variable substitution failed for ConfigMap/a: variable not set (strict mode): \"absent\""},
      {"", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nsops:\n  mac: x\n",
       "Secret/a is SOPS encrypted, configuring decryption is required for this secret to be reconciled"},
  };
  for (const Row& row : rows) {
    Spec spec = WithPostBuild();
    spec.path = row.path;
    const Built built = BuildOf({{"a.yaml", row.text}}, spec, {{"size", "1"}});
    ASSERT_FALSE(built.result) << row.want;
    EXPECT_EQ(built.result.error().message, row.want);
  }
}

TEST(Build, BadVariableNamesAreRefused) {
  const Built built = BuildOf({{"a.yaml", kConfigMap}}, WithPostBuild(), {{"bad-name", "1"}});
  ASSERT_FALSE(built.result);
  EXPECT_EQ(built.result.error().message, "postBuild: \"bad-name\" cannot name a variable: want letters, digits and _, no digit first");
}

TEST(Build, TheReadSetCoversWhatTheBuildDependsOn) {
  std::map<std::string, std::string> tree = {{"app/kustomization.yaml", "resources: [a.yaml]\n"},
                                             {"app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"},
                                             {"other/b.yaml", "x: 1\n"}};
  Spec spec;
  spec.path = "app";
  const Built built = BuildOf(tree, spec);
  ASSERT_TRUE(built.result) << built.result.error().message;
  tree["other/b.yaml"] = "x: 2\n";
  EXPECT_TRUE(base::Unchanged(built.result->reads, *base::MemoryFiles(tree)));
  std::map<std::string, std::string> changed = tree;
  changed["app/a.yaml"] += "data: {x: y}\n";
  EXPECT_FALSE(base::Unchanged(built.result->reads, *base::MemoryFiles(changed)));
  std::map<std::string, std::string> second = tree;
  second["app/kustomization.yml"] = "resources: []\n";  // a second kustomization file is an error, so its absence was read
  EXPECT_FALSE(base::Unchanged(built.result->reads, *base::MemoryFiles(second)));
}

TEST(Build, TheReadSetOfAGeneratedKustomizationHasItsListing) {
  std::map<std::string, std::string> tree = {{"app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}};
  Spec spec;
  spec.path = "./app";
  const Built built = BuildOf(tree, spec);
  ASSERT_TRUE(built.result) << built.result.error().message;
  tree["app/b.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
  EXPECT_FALSE(base::Unchanged(built.result->reads, *base::MemoryFiles(tree)));
}

}  // namespace
}  // namespace sluice::controller::kustomization
