// Threats R32: a build where any one allocation fails.
#include <map>

#include "kustomize/build.h"
#include "tests/base/failing_new.h"

namespace sluice::kustomize {
namespace {

const std::map<std::string, std::string> kTree = {
    {"base/kustomization.yaml", "resources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b], files: [text.txt]}]\n"},
    {"base/text.txt", "several\nlines\n"},
    {"base/web.yaml",
     "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n"
     "      - {name: app, image: app:1, envFrom: [{configMapRef: {name: settings}}]}\n"},
    {"over/kustomization.yaml",
     "resources: [../base]\nnamePrefix: p-\nnamespace: shop\nlabels: [{pairs: {team: a}, includeSelectors: true}]\n"
     "images: [{name: app, newTag: '2'}]\nreplicas: [{name: web, count: 3}]\n"
     "patches:\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web, annotations: {x: y}}\n"
     "- target: {kind: Deployment}\n  patch: '[{op: add, path: /spec/paused, value: true}]'\n"
     "replacements:\n- source: {kind: ConfigMap, name: settings, fieldPath: data.a}\n"
     "  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.x]}]\n"}};

TEST(OutOfMemory, R32_ABuild) {
  const long allocations = sluice::testing::FailEachAllocation(
      []() -> std::string {
        const auto files = base::MemoryFiles(kTree);
        const auto built = Build(*files, "over");
        return built ? Print(built->documents) : "error: " + built.error().message;
      },
      1000);
  EXPECT_GT(allocations, 1000);
}

}  // namespace
}  // namespace sluice::kustomize
