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
  EXPECT_EQ(root->content, "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: _placeholder\nresources: []\n");
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
  spec.patches = *document::ParseYaml("[{patch: 'x: y', target: {kind: ConfigMap}}]");
  spec.components = {"extra", "missing"};
  spec.ignore_missing_components = true;
  const auto root = MakeRootFile(*files, ".", spec);
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->content,
            "resources:\n- a.yaml\nnamespace: new\nimages:\n- name: app\n  digest: sha256:1\n- name: side\n  newTag: \"1\"\n"
            "- name: third\n  newName: x\n  newTag: \"3\"\nnamePrefix: p-\npatches:\n- patch: 'x: y'\n  target:\n    kind: ConfigMap\n"
            "components:\n- extra\n");
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
