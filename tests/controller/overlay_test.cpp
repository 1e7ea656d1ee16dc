#include "controller/kustomization/overlay.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

constexpr const char* kConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

std::unique_ptr<base::Files> Tree(std::map<std::string, std::string> files) { return base::MemoryFiles(std::move(files)); }

TEST(Overlay, AFileThatNothingIsLaidOverServesAsItIs) {
  const auto files = Tree({{"app/kustomization.yaml", "resources: [a.yaml]\n"}, {"app/a.yaml", kConfigMap}});
  const auto root = MakeRootFile(*files, "app", Spec{});
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_FALSE(root->replaced);
  EXPECT_EQ(root->path, "app/kustomization.yaml");
}

TEST(Overlay, GeneratesOverManifestsAndTakesDirectoriesWithAFileOfTheirOwn) {
  const auto files = Tree({{"app/b.yml", kConfigMap},
                           {"app/a.yaml", kConfigMap},
                           {"app/notes.txt", "not yaml: ["},
                           {"app/deep/er/c.yaml", kConfigMap},
                           {"app/own/kustomization.yml", "resources: [x.yaml]\n"},
                           {"app/own/broken.yaml", "["}});
  const auto root = MakeRootFile(*files, "app", Spec{});
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_TRUE(root->generated);
  EXPECT_EQ(root->content,
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a.yaml\n- b.yml\n- deep/er/c.yaml\n- own\n");
  const OverlayFiles over(*files, *root);
  EXPECT_EQ(*over.Read("app/kustomization.yaml"), root->content);
  EXPECT_TRUE(over.Stat("app/kustomization.yaml"));
}

TEST(Overlay, AnEmptyDirectoryBuildsToNothing) {
  const auto files = Tree({{"app/README.md", "x"}});
  const auto root = MakeRootFile(*files, "app", Spec{});
  ASSERT_TRUE(root);
  EXPECT_EQ(root->content, "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: _placeholder\n");
}

TEST(Overlay, WhatIsNoManifestIsRefusedWithItsPlace) {
  struct Row {
    const char* text;
    const char* want;
  };
  const Row rows[] = {
      {"---\nvalues: 1\n", "app/values.yaml:2:1: no apiVersion; add a kustomization.yaml to choose the files to apply"},
      {"- 1\n", "app/values.yaml:1:1: want a Kubernetes object; add a kustomization.yaml to choose the files to apply"},
  };
  for (const Row& row : rows) {
    const auto files = Tree({{"app/values.yaml", row.text}});
    const auto root = MakeRootFile(*files, "app", Spec{});
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error().message, row.want);
  }
}

TEST(Overlay, TheSpecIsLaidOverTheFile) {
  const auto files = Tree(
      {{"kustomization.yaml", "resources: [a.yaml]\nnamespace: old\nimages:\n- name: app\n  newTag: '1'\n- name: side\n  newTag: '1'\n"},
       {"a.yaml", kConfigMap},
       {"extra/kustomization.yaml", "kind: Component\n"}});
  Spec spec;
  spec.target_namespace = "new";
  spec.name_prefix = "p-";
  spec.images = *document::ParseYaml("[{name: app, newTag: '2', digest: 'sha256:1'}, {name: third, newName: x, newTag: '3'}]");
  spec.patches = *document::ParseYaml("[{patch: 'x: y', options: {allowNameChange: true}, target: {kind: ConfigMap, other: x}}]");
  spec.components = {"extra", "missing"};
  spec.ignore_missing_components = true;
  const auto root = MakeRootFile(*files, ".", spec);
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->content,
            "namespace: new\nimages:\n- name: app\n  newTag: \"2\"\n  digest: sha256:1\n- name: side\n  newTag: \"1\"\n"
            "- name: third\n  newName: x\n  newTag: \"3\"\nresources:\n- a.yaml\nnamePrefix: p-\npatches:\n- patch: 'x: y'\n  target:\n"
            "    kind: ConfigMap\ncomponents:\n- extra\n");
}

std::string ContentOf(const std::string& file, const Spec& spec = {}) {
  const auto files = Tree({{"kustomization.yaml", file}, {"a.yaml", kConfigMap}});
  const auto root = MakeRootFile(*files, ".", spec);
  if (!root) return "error: " + root.error().message;
  return root->replaced ? root->content : "as it is";
}

// By fluxcd/pkg/kustomize v1.35.6, kustomize_generator.go.
TEST(Overlay, AnImageOfTheSpecGoesOverOneOfTheFile) {
  struct Row {
    const char *file, *spec, *want;
  };
  const Row rows[] = {
      {"newTag: '2'", "newName: x/n", "newTag: \"2\"\n  newName: x/n\n"},
      {"newName: x/n", "newTag: '3'", "newName: x/n\n  newTag: \"3\"\n"},
      {"newName: x/n, newTag: '2'", "digest: D", "newName: x/n\n  digest: D\n"},
      {"digest: D", "newTag: '3'", "newTag: \"3\"\n"},
      {"newTag: '2', tagSuffix: -s", "newTag: v2, digest: D", "tagSuffix: -s\n  newTag: v2\n  digest: D\n"},
  };
  for (const Row& row : rows) {
    Spec spec;
    spec.images = *document::ParseYaml("[{name: nginx, " + std::string(row.spec) + "}]");
    EXPECT_EQ(ContentOf("resources: [a.yaml]\nimages: [{name: nginx, " + std::string(row.file) + "}]\n", spec),
              "images:\n- name: nginx\n  " + std::string(row.want) + "resources:\n- a.yaml\n")
        << row.file;
  }
}

TEST(Overlay, TheFileIsReadAsFluxReadsIt) {
  EXPECT_EQ(ContentOf("resources: [a.yaml]\ncommonAnnotations: {a: 'true'}\n"), "as it is");
  EXPECT_EQ(ContentOf("resources: [a.yaml]\ncommonAnnotations: {a: true, n: 5}\nunknown: 1\n"),
            "commonAnnotations:\n  a: \"true\"\n  \"false\": \"5\"\nresources:\n- a.yaml\n");
  EXPECT_EQ(ContentOf("resources: [a.yaml]\nresources: [a.yaml]\n"), "resources:\n- a.yaml\n");
  EXPECT_EQ(ContentOf("resources: a.yaml\n"), "error: kustomization.yaml:1:12: resources: want a list, found a string");
  EXPECT_EQ(ContentOf("apiVersion: 1\n"), "error: kustomization.yaml:1:13: apiVersion: want a string, found a number");
  Spec spec;
  spec.name_prefix = "x-";
  EXPECT_EQ(ContentOf("", spec), "buildMetadata:\n- originAnnotations\nnamePrefix: x-\n");
  EXPECT_EQ(ContentOf("bases: [b]\nbuildMetadata: [managedByLabel]\n"), "bases:\n- b\nbuildMetadata:\n- originAnnotations\n");
}

TEST(Overlay, ComponentsOfTheSpecAreLocal) {
  for (const char* component : {"github.com/a/b", "gh:a/b", "GIT::x", "https://x", "/abs", "file:///x"}) {
    Spec spec;
    spec.components = {component};
    EXPECT_EQ(ContentOf("resources: [a.yaml]\n", spec),
              "error: spec.components: \"" + std::string(component) + "\" is not a directory relative to spec.path");
  }
  Spec spec;
  spec.components = {"github.com", "../x"};
  EXPECT_EQ(ContentOf("resources: [a.yaml]\n", spec), "resources:\n- a.yaml\ncomponents:\n- github.com\n- ../x\n");
}

TEST(Overlay, AKustomizationWithoutResourcesBuildsToNothing) {
  const auto files = Tree({{"kustomization.yaml", "namePrefix: x-\nresources: []\n"}});
  const auto root = MakeRootFile(*files, ".", Spec{});
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->replaced);
  EXPECT_NE(root->content.find("buildMetadata:\n- originAnnotations\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice::controller::kustomization
