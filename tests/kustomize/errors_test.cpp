// What a build says when it cannot be done: every message in full. Golden cases with want.error have one mistake each; here it is what the nearest
// candidates are, whose fault it is across files, and that all mistakes that have nothing to do with each other come together.
#include <gtest/gtest.h>

#include <map>

#include "kustomize/build.h"
#include "kustomize/error_list.h"

namespace sluice::kustomize {
namespace {

using Tree = std::map<std::string, std::string>;

std::string Object(std::string_view kind, std::string_view name, std::string_view more = "") {
  const std::string_view api = kind == "Deployment" ? "apps/v1" : "v1";
  return "apiVersion: " + std::string(api) + "\nkind: " + std::string(kind) + "\nmetadata: {name: " + std::string(name) + "}\n" +
         std::string(more);
}

std::string Join(std::initializer_list<std::string> documents) {
  std::string all;
  for (const std::string& document : documents) (all += all.empty() ? "" : "---\n") += document;
  return all;
}

std::string Message(const Tree& tree, std::string_view path = ".") {
  const auto files = base::MemoryFiles(tree);
  const auto built = Build(*files, path);
  return built ? "built: " + Print(built->documents) : built.error().message;
}

struct Row {
  std::string_view rule;
  Tree tree;
  std::string_view want;
  std::string_view path = ".";
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    EXPECT_EQ(Message(row.tree, row.path), row.want);
  }
}

TEST(Errors, WhatWasMeant) {
  const std::string deployments =
      Join({"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-api, namespace: shop}\n",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-ui, namespace: shop}\n", Object("Deployment", "cache")});
  Check({
      {"a patch without target: the nearest of its kind, with their places",
       {{"kustomization.yaml", "resources: [apps/d.yaml]\npatches: [{path: p.yaml}]\n"},
        {"apps/d.yaml", deployments},
        {"p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"}},
       "kustomization.yaml:2:11: patches[0]: p.yaml:1:1: no Deployment \"web\" in namespace \"shop\"; did you mean Deployment \"web-api\" "
       "in "
       "namespace \"shop\" (apps/d.yaml:1:1) or Deployment \"web-ui\" in namespace \"shop\" (apps/d.yaml:5:1)?"},
      {"nothing is near: nothing is suggested",
       {{"kustomization.yaml", "resources: [apps/d.yaml]\npatches: [{path: p.yaml}]\n"},
        {"apps/d.yaml", deployments},
        {"p.yaml", Object("Deployment", "zzzzzz")}},
       "kustomization.yaml:2:11: patches[0]: p.yaml:1:1: no Deployment \"zzzzzz\""},
      {"a file that a patch names",
       {{"kustomization.yaml", "resources: [d.yaml]\npatches: [{path: ptach.yaml}]\n"}, {"d.yaml", deployments}, {"patch.yaml", ""}},
       "kustomization.yaml:2:11: patches[0]: ptach.yaml: no such file or directory; did you mean \"patch.yaml\"?"},
      {"a missing directory, and the kustomization below the root that asked for it",
       {{"over/kustomization.yaml", "resources: [../base]\n"},
        {"base/kustomization.yaml", "resources: [compnents]\n"},
        {"base/components/x.yaml", ""}},
       "over/kustomization.yaml:1:13: resources \"../base\": base/kustomization.yaml:1:13: resources: no file or directory \"compnents\"; "
       "did "
       "you mean \"components\"?",
       "over"},
      {"a cycle shows its path",
       {{"a/kustomization.yaml", "resources: [../b]\n"},
        {"b/kustomization.yaml", "resources: [../c]\n"},
        {"c/kustomization.yaml", "resources: [../a]\n"}},
       "a/kustomization.yaml:1:13: resources \"../b\": b/kustomization.yaml:1:13: resources \"../c\": c/kustomization.yaml:1:13: resources "
       "\"../a\": cycle: a -> b -> c -> a",
       "a"},
  });
}

TEST(Errors, IndependentOnesComeTogether) {
  Check({
      {"missing and malformed files, with those below",
       {{"kustomization.yaml", "resources: [gone.yaml, bad.yaml, base]\n"},
        {"bad.yaml", "a: b: c\n"},
        {"base/kustomization.yaml", "resources: [lost.yaml]\nconfigMapGenerator: [{name: c, files: [none.txt]}]\n"}},
       "kustomization.yaml:1:13: resources: no file or directory \"gone.yaml\"\n"
       "kustomization.yaml:1:24: resources: bad.yaml:1:5: mapping values are not allowed in this context\n"
       "kustomization.yaml:1:34: resources \"base\": base/kustomization.yaml:1:13: resources: no file or directory \"lost.yaml\"\n"
       "kustomization.yaml:1:34: resources \"base\": base/kustomization.yaml:2:22: configMapGenerator[0] \"c\": ConfigMap 'c': "
       "base/none.txt: no "
       "such file or directory"},
      {"documents of one file",
       {{"kustomization.yaml", "resources: [a.yaml]\n"},
        {"a.yaml", Join({"kind: Pod\n", Object("ConfigMap", "a"), "metadata: {name: x}\n"})}},
       "kustomization.yaml:1:13: resources: a.yaml:1:1: Pod has no metadata.name\n"
       "kustomization.yaml:1:13: resources: a.yaml:7:1: an object has no kind"},
      {"every conflict, with both origins",
       {{"kustomization.yaml", "resources: [a.yaml, b.yaml]\n"},
        {"a.yaml", Join({Object("ConfigMap", "a"), Object("ConfigMap", "b")})},
        {"b.yaml", Join({Object("ConfigMap", "b"), Object("ConfigMap", "a")})}},
       "kustomization.yaml:1:21: resources: b.yaml:1:1: ConfigMap \"b\" is already there (a.yaml:5:1)\n"
       "kustomization.yaml:1:21: resources: b.yaml:5:1: ConfigMap \"a\" is already there (a.yaml:1:1)"},
      {"patches, whatever their kind, and replicas",
       {{"kustomization.yaml",
         "resources: [d.yaml]\n"
         "namePrefix: p-\n"
         "patches:\n"
         "- path: two.yaml\n"
         "- target: {kind: Deployment, name: web}\n"
         "  patch: '[{\"op\": \"remove\", \"path\": \"/spec/none\"}]'\n"
         "- target: {kind: Deployment, name: web}\n"
         "  patch: '[{\"op\": \"remove\", \"path\": \"/spec/nothing\"}]'\n"
         "- target: {kind: Deployment, name: api}\n"
         "  patch: '[{\"op\": \"test\", \"path\": \"/kind\", \"value\": \"Pod\"}]'\n"
         "replicas: [{name: wbe, count: 2}, {name: p-web, count: 3}]\n"},
        {"d.yaml", Join({Object("Deployment", "web", "spec: {}\n"), Object("Deployment", "api")})},
        {"two.yaml", Join({Object("Deployment", "wob"), Object("Deployment", "aip")})}},
       "kustomization.yaml:4:3: patches[0]: two.yaml:1:1: no Deployment \"wob\"; did you mean Deployment \"web\" (d.yaml:1:1)?\n"
       "kustomization.yaml:4:3: patches[0]: two.yaml:5:1: no Deployment \"aip\"; did you mean Deployment \"api\" (d.yaml:6:1)?\n"
       "kustomization.yaml:5:3: patches[1]: Deployment \"web\" (d.yaml:1:1): operation 1 (remove /spec/none): there is no key 'none' to "
       "remove\n"
       "kustomization.yaml:9:3: patches[3]: Deployment \"api\" (d.yaml:6:1): operation 1 (test /kind): the value there is \"Deployment\", "
       "not \"Pod\"\n"
       "kustomization.yaml:11:12: replicas[0]: no Deployment, ReplicaSet, ReplicationController or StatefulSet is named \"wbe\""},
      {"generators",
       {{"kustomization.yaml",
         "resources: [a.yaml]\nconfigMapGenerator:\n- {name: a, literals: [x=y]}\n- {name: b, literals: [x]}\n"
         "secretGenerator:\n- {name: c, envs: [none.env]}\n"},
        {"a.yaml", Object("ConfigMap", "a")}},
       "kustomization.yaml:3:3: configMapGenerator[0] \"a\": ConfigMap \"a\" is already there (a.yaml:1:1); to change it, set `behavior: "
       "merge` "
       "or `behavior: replace`\n"
       "kustomization.yaml:4:3: configMapGenerator[1] \"b\": ConfigMap 'b': literal 'x': key=value is expected\n"
       "kustomization.yaml:6:3: secretGenerator[0] \"c\": Secret 'c': none.env: no such file or directory"},
      {"replacements that cannot be read from",
       {{"kustomization.yaml",
         "resources: [a.yaml]\nreplacements:\n"
         "- source: {kind: ConfigMap, name: x}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]\n"
         "- source: {kind: Secret}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]\n"},
        {"a.yaml", Object("ConfigMap", "a")}},
       "kustomization.yaml:3:3: no ConfigMap \"x\" to replace from; did you mean \"a\"?\nkustomization.yaml:5:3: no Secret to replace "
       "from"},
      {"vars",
       {{"kustomization.yaml",
         "resources: [a.yaml]\nvars:\n- {name: X, objref: {apiVersion: v1, kind: ConfigMap, name: b}}\n"
         "- {name: Z, objref: {apiVersion: v1, kind: ConfigMap, name: a}, fieldref: {fieldpath: data.none}}\n"},
        {"a.yaml", Object("ConfigMap", "a")}},
       "kustomization.yaml:3:3: var \"X\": no ConfigMap \"b\"; did you mean ConfigMap \"a\" (a.yaml:1:1)?\n"
       "kustomization.yaml:4:3: var \"Z\": ConfigMap \"a\" (a.yaml:1:1) has no field data.none"},
      {"keys that are no strings",
       {{"kustomization.yaml", "resources: [a.yaml]\n"},
        {"a.yaml", Join({Object("ConfigMap", "a", "data: {1: x}\n"), Object("ConfigMap", "b", "data: {true: x}\n")})}},
       "a.yaml:4:8: key 1 in ConfigMap \"a\" is no string; quote it: \"1\"\na.yaml:9:8: key true in ConfigMap \"b\" is no string; quote "
       "it: \"true\""},
      {"a component, a configuration and a plugin",
       {{"kustomization.yaml", "components: [none]\nconfigurations: [c.yaml]\ntransformers: [t.yaml]\n"},
        {"c.yaml", "namePrefx: []\n"},
        {"t.yaml", "apiVersion: builtin\nkind: LabelTransfomer\nmetadata: {name: t}\n"}},
       "c.yaml:1:1: unknown field \"namePrefx\"; did you mean \"namePrefix\"?\n"
       "kustomization.yaml:1:14: components: no file or directory \"none\"\n"
       "t.yaml:1:1: LabelTransfomer \"t\": there is no built-in LabelTransfomer; did you mean LabelTransformer?"},
      {"a file that is named twice, for each place",
       {{"kustomization.yaml", "resources: [a.yaml, a.yaml]\n"}, {"a.yaml", "kind: Pod\n"}},
       "kustomization.yaml:1:13: resources: a.yaml:1:1: Pod has no metadata.name\n"
       "kustomization.yaml:1:21: resources: a.yaml:1:1: Pod has no metadata.name"},
  });
}

TEST(Errors, WhatFollowsFromAMistakeIsNotTold) {
  Check({
      {"a patch of what a missing file may have held",
       {{"kustomization.yaml", "resources: [gone.yaml]\npatches: [{path: p.yaml}]\nreplicas: [{name: web, count: 1}]\n"},
        {"p.yaml", Object("Deployment", "web")}},
       "kustomization.yaml:1:13: resources: no file or directory \"gone.yaml\""},
      {"a generator that merges into what another one would have made",
       {{"kustomization.yaml", "configMapGenerator:\n- {name: a, literals: [x]}\n- {name: a, behavior: merge, literals: [x=y]}\n"}},
       "kustomization.yaml:2:3: configMapGenerator[0] \"a\": ConfigMap 'a': literal 'x': key=value is expected"},
      {"anything after a patch that would have renamed",
       {{"kustomization.yaml",
         "resources: [d.yaml]\npatches:\n- path: r.yaml\n  options: {allowNameChange: true}\n  target: {name: '['}\n- path: p.yaml\n"},
        {"d.yaml", Object("Deployment", "web")},
        {"r.yaml", Object("Deployment", "new")},
        {"p.yaml", Object("Deployment", "new")}},
       "kustomization.yaml:3:3: patches[0]: name: '[' is no regular expression: missing ]: [)$"},
  });
}

TEST(Errors, NoMoreThanSomebodyReads) {
  std::string resources = "resources:\n";
  for (int i = 0; i < 200; ++i) resources += "- gone" + std::to_string(i) + "\n";
  const std::string message = Message({{"kustomization.yaml", resources}});
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), ErrorList::kMost) << message;
  EXPECT_TRUE(
      message.ends_with("\nkustomization.yaml:51:3: resources: no file or directory \"gone49\"\nand perhaps more: only 50 are shown"))
      << message;
}

}  // namespace
}  // namespace sluice::kustomize
