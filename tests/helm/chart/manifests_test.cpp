// Splitting, sorting, hooks (helm-contract 9 and 10), and the layout of errors.
#include "helm/render/manifests.h"

#include <gtest/gtest.h>

#include "helm/render/engine.h"
#include "helm/render/gobwas.h"

namespace sluice::helm {
namespace {

std::string Joined(std::string_view text, Dialect dialect) {
  std::string out;
  for (const std::string& document : SplitManifests(text, dialect)) out += "[" + document + "]";
  return out;
}

struct SplitRow {
  std::string_view text, helm3, helm4;
};

constexpr SplitRow kSplits[] = {
    {"a: 1\n---\nb: 2\n", "[a: 1][b: 2]", "[a: 1\n][b: 2\n]"},
    {"---\na: 1\n", "[a: 1]", "[a: 1\n]"},
    {"---\n---\na: 1\n", "[---\na: 1]", "[a: 1\n]"},
    {"a: 1\n---b: 2\n", "[a: 1][b: 2]", "[a: 1\n][b: 2\n]"},
    {"a: 1\n  ---\nb: 2", "[a: 1\n  ---\nb: 2]", "[a: 1\n  ---\nb: 2]"},
    {"a: 1\n---\n\n  \n", "[a: 1]", "[a: 1\n]"},
    {"\n\n# only\n", "[# only]", "[# only\n]"},
};

TEST(Manifests, Split) {
  for (const SplitRow& row : kSplits) {
    EXPECT_EQ(Joined(row.text, Dialect::Helm3), row.helm3);
    EXPECT_EQ(Joined(row.text, Dialect::Helm4), row.helm4);
  }
}

TEST(Manifests, KnownKindsFirstThenByName) {
  const std::map<std::string, std::string> files = {
      {"c/templates/a.yaml", "kind: Zebra\n---\nkind: Deployment\n---\nkind: ConfigMap\n---\nkind: Ant"}};
  const auto sorted = SortManifests(files, Dialect::Helm3);
  ASSERT_TRUE(sorted);
  std::string kinds;
  for (const Manifest& manifest : sorted->manifests) kinds += manifest.kind + " ";
  EXPECT_EQ(kinds, "ConfigMap Deployment Ant Zebra ");
}

TEST(Manifests, Hooks) {
  const auto hook = [](std::string_view annotations) {
    return "kind: Job\nmetadata:\n  name: j\n  annotations: {" + std::string(annotations) + "}\n";
  };
  const std::map<std::string, std::string> files = {
      {"c/templates/a.yaml",
       hook("helm.sh/hook: 'pre-install, Test-Success', helm.sh/hook-weight: -5, helm.sh/hook-delete-policy: hook-failed")},
      {"c/templates/b.yaml", hook("helm.sh/hook: crd-install")}};
  const auto sorted = SortManifests(files, Dialect::Helm3);
  ASSERT_TRUE(sorted);
  EXPECT_TRUE(sorted->manifests.empty());
  ASSERT_EQ(sorted->hooks.size(), 1u);
  EXPECT_EQ(sorted->hooks[0].events, (std::vector<std::string>{"pre-install", "test"}));
  EXPECT_EQ(sorted->hooks[0].weight, -5);
  EXPECT_EQ(sorted->hooks[0].delete_policies, std::vector<std::string>{"hook-failed"});
}

TEST(Manifests, WhatIsNoObject) {
  const auto sorted = SortManifests({{"c/templates/a.txt", "hello"}}, Dialect::Helm3);
  ASSERT_FALSE(sorted);
  EXPECT_EQ(sorted.error().message,
            "YAML parse error on c/templates/a.txt: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go "
            "value of type "
            "releaseutil.SimpleHead");
}

TEST(Manifests, ANumberThatJsonDoesNotKnow) {
  for (const Dialect dialect : {Dialect::Helm3, Dialect::Helm4}) {
    const auto sorted = SortManifests({{"c/templates/a.yaml", "b: .nan\na: [1, -.inf]\n"}}, dialect);
    ASSERT_FALSE(sorted);
    EXPECT_EQ(sorted.error().message,
              "YAML parse error on c/templates/a.yaml: error converting YAML to JSON: json: unsupported value: -Inf");
    // What the head wants as text is text before it is JSON.
    EXPECT_TRUE(SortManifests({{"c/templates/a.yaml", "kind: .inf\nmetadata: {name: .nan, annotations: {a: -.inf}}\n"}}, dialect));
    EXPECT_FALSE(SortManifests({{"c/templates/a.yaml", "metadata: {labels: {a: -.inf}}\n"}}, dialect));
  }
}

TEST(ExecErrors, Layout) {
  constexpr std::string_view kInclude =
      "template: c/templates/t.yaml:1:3: executing \"c/templates/t.yaml\" at <include \"x\" .>: error calling include: template: "
      "c/templates/_h.tpl:2:5: executing \"x\" at <.a.b.c>: nil pointer evaluating interface {}.c";
  EXPECT_EQ(LayOutExecError(kInclude, Dialect::Helm3), kInclude);
  EXPECT_EQ(LayOutExecError(kInclude, Dialect::Helm4),
            "c/templates/t.yaml:1:3\n  executing \"c/templates/t.yaml\" at <include \"x\" .>:\n    error calling include:\n"
            "c/templates/_h.tpl:2:5\n  executing \"x\" at <.a.b.c>:\n    nil pointer evaluating interface {}.c");
  EXPECT_EQ(LayOutExecError(
                "template: c/templates/t.yaml:1:3: executing \"t\" at <fail \"x\">: error calling fail: HELM_ERR_STARTno: goHELM_ERR_END",
                Dialect::Helm4),
            "execution error at (c/templates/t.yaml:1:3): no: go");
  EXPECT_EQ(LayOutParseError("f", "template: c/templates/t.yaml:3: unexpected EOF"),
            "parse error at (c/templates/t.yaml:3): unexpected EOF");
}

struct GlobRow {
  std::string_view pattern, path;
  bool want;
};

constexpr GlobRow kGlobs[] = {
    {"a/*", "a/b", true},    {"a/*", "a/b/c", false},  {"a/**", "a/b/c", true}, {"a/**", "a", false},    {"**/x", "x", false},
    {"**/x", "a/b/x", true}, {"*.{a,b}", "x.b", true}, {"[!a]x", "bx", true},   {"[a-c]x", "dx", false}, {"[", "anything", true},
};

TEST(Gobwas, Rules) {
  for (const GlobRow& row : kGlobs) EXPECT_EQ(GobwasGlob(row.pattern).Matches(row.path), row.want) << row.pattern << " " << row.path;
}

}  // namespace
}  // namespace sluice::helm
