#include <gtest/gtest.h>

#include "controller/kustomization/spec.h"
#include "document/yaml.h"

namespace sluice::controller {
namespace {

using namespace std::chrono_literals;

document::Value Object(std::string spec) {
  auto parsed = document::ParseYaml("metadata: {name: app, namespace: team}\nspec:\n" + spec);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

constexpr const char* kLeast = "  interval: 10m\n  prune: true\n  sourceRef: {kind: GitRepository, name: fleet}\n";

std::string KustomizationError(const std::string& extra) {
  const auto spec = kustomization::ParseSpec(Object(kLeast + extra));
  return spec ? "" : std::string(base::ToString(spec.error().reason)) + ": " + spec.error().message;
}

TEST(KustomizationSpec, Defaults) {
  const auto spec = kustomization::ParseSpec(Object(kLeast));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->interval, 10min);
  EXPECT_EQ(spec->retry_interval, 10min);
  EXPECT_EQ(spec->timeout, 9min + 30s);
  EXPECT_EQ(spec->source.ToString(), "GitRepository/team/fleet");
  EXPECT_TRUE(spec->prune);
  EXPECT_FALSE(spec->wait);
  EXPECT_FALSE(spec->ChecksHealth());
}

TEST(KustomizationSpec, TimeoutIsNeverBelowThirtySeconds) {
  const auto spec = kustomization::ParseSpec(Object("  interval: 40s\n  prune: false\n  sourceRef: {kind: GitRepository, name: fleet}\n"));
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->timeout, 30s);
}

TEST(KustomizationSpec, HealthChecksAndDependenciesGetDefaults) {
  const auto spec = kustomization::ParseSpec(
      Object(std::string(kLeast) + "  healthChecks: [{kind: Deployment, name: web}]\n  dependsOn: [{name: base}]\n"));
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->health_checks[0].api_version, "apps/v1");
  EXPECT_EQ(spec->health_checks[0].ns, "team");
  EXPECT_EQ(spec->depends_on[0].name.ToString(), "team/base");
}

struct Row {
  const char* extra;
  const char* want;
};

TEST(KustomizationSpec, WrongAndUnbuiltFieldsAreNamed) {
  const std::string refused = " is not supported by this version of Sluice; remove it, or leave the object to Flux";
  const Row rows[] = {
      {"  timeout: soon\n", "Invalid: spec.timeout: \"soon\" is not a duration such as 10m or 1h30m"},
      {"  wait: maybe\n", "Invalid: spec.wait: want true or false"},
      {"  deletionPolicy: Keep\n", "Invalid: spec.deletionPolicy: \"Keep\" is none of MirrorPrune, Delete, WaitForTermination, Orphan"},
      {"  path: 5\n", "Invalid: spec.path: want a string"},
      {"  dependsOn: [{namespace: x}]\n", "Invalid: spec.dependsOn[0].name: required"},
      {"  postBuild: {substituteFrom: [{kind: File, name: x}]}\n",
       "Invalid: spec.postBuild.substituteFrom[0].kind: \"File\" is neither Secret nor ConfigMap"},
      {"  decryption: {}\n", "Invalid: spec.decryption.provider: required"},
      {"  decryption: {provider: gpg}\n", "Invalid: spec.decryption.provider: \"gpg\" is not sops"},
      {"  decryption: {provider: sops, secretRef: {}}\n", "Invalid: spec.decryption.secretRef.name: required"},
      {"  kubeConfig: {}\n", "Invalid: exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified"},
      {"  kubeConfig: {secretRef: {name: x}, configMapRef: {name: x}}\n",
       "Invalid: exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified"},
      {"  kubeConfig: {secretRef: {key: x}}\n", "Invalid: spec.kubeConfig.secretRef.name: required"},
      {"  ignore: [{paths: []}]\n", "Invalid: spec.ignore[0].paths: required"},
      {"  healthCheckExprs: [{kind: X, current: 'true'}]\n", "Invalid: spec.healthCheckExprs[0].apiVersion: required"},
      {"  dependsOn: [{name: a, readyExpr: 5}]\n", "Invalid: spec.dependsOn[0].readyExpr: want a string"},
  };
  for (const Row& row : rows) {
    const std::string want = row.want;
    EXPECT_EQ(KustomizationError(row.extra), want.starts_with("Unsupported") ? want + refused : want);
  }
}

}  // namespace
}  // namespace sluice::controller
