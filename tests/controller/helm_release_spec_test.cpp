// The spec of a HelmRelease: what its fields become, its defaults, and the digests that Flux makes of it.
#include "controller/helm_release/spec.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::controller::helm_release {
namespace {

document::Value Object(const std::string& spec) {
  const auto parsed = document::ParseYaml("metadata: {name: web, namespace: team}\nspec:\n  interval: 10m\n" + spec);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

const std::string kRef = "  chartRef: {kind: OCIRepository, name: web}\n";

TEST(HelmReleaseSpec, Defaults) {
  const auto spec = ParseSpec(Object(kRef));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->timeout, std::chrono::minutes(5));
  EXPECT_EQ(spec->max_history, 5);
  EXPECT_EQ(spec->ns, "team");
  EXPECT_EQ(spec->storage_ns, "team");
  EXPECT_EQ(spec->release_name, "web");
  EXPECT_EQ(spec->chart_ref->ns, "team");
  EXPECT_TRUE(spec->install.server_side_apply);
  EXPECT_EQ(spec->install.crds, CrdPolicy::Create);
  EXPECT_EQ(spec->upgrade.crds, CrdPolicy::Create);
  EXPECT_EQ(spec->upgrade.server_side_apply, ApplyMode::Auto);
  EXPECT_EQ(spec->post_render_strategy, PostRenderStrategy::Combined);
  EXPECT_FALSE(spec->legacy_wait);
  EXPECT_FALSE(spec->install.strategy.retries_only);
  EXPECT_EQ(spec->drift_mode, DriftMode::Disabled);
  const auto other = ParseSpec(Object(kRef), {.helm3 = true, .retry_on_failure = true});
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->install.server_side_apply);
  EXPECT_EQ(other->post_render_strategy, PostRenderStrategy::NoHooks);
  EXPECT_TRUE(other->legacy_wait);
  EXPECT_TRUE(other->upgrade.strategy.retries_only);
}

TEST(HelmReleaseSpec, ReadsEveryPart) {
  const auto spec = ParseSpec(Object(R"(  targetNamespace: prod
  storageNamespace: records
  chart:
    metadata: {labels: {a: b}}
    spec: {chart: web, version: 1.x, sourceRef: {kind: HelmRepository, name: charts, namespace: sources}, interval: 1m, valuesFiles: [a.yaml], verify: {provider: cosign, secretRef: {name: keys}}}
  install: {timeout: 1m, crds: Skip, createNamespace: true, replace: true, remediation: {retries: -1, ignoreTestFailures: true}}
  upgrade: {force: true, preserveValues: true, cleanupOnFail: true, chartNameChangeStrategy: InPlaceUpdate, remediation: {strategy: uninstall}, strategy: {name: RetryOnFailure, retryInterval: 7m}}
  rollback: {disableWait: true, serverSideApply: disabled}
  uninstall: {keepHistory: true, deletionPropagation: foreground}
  test: {enable: true, filters: [{name: a}, {name: b, exclude: true}]}
  driftDetection: {mode: warn, ignore: [{paths: [/a], target: {kind: Deployment}}]}
  valuesFrom: [{kind: Secret, name: s}, {kind: ConfigMap, name: c, valuesKey: k, targetPath: a.b, optional: true, literal: true}]
  waitStrategy: {name: legacy}
)"));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->ns, "prod");
  EXPECT_EQ(spec->storage_ns, "records");
  EXPECT_EQ(spec->release_name, "prod-web");
  EXPECT_EQ(spec->chart->source_ns, "sources");
  EXPECT_EQ(spec->chart->interval, std::chrono::minutes(1));
  EXPECT_EQ(spec->chart->verify_secret, "keys");
  EXPECT_EQ(spec->TimeoutOf(spec->install), std::chrono::minutes(1));
  EXPECT_EQ(spec->TimeoutOf(spec->upgrade), std::chrono::minutes(5));
  EXPECT_EQ(spec->install.remediation.retries, -1);
  EXPECT_TRUE(spec->install.remediation.uninstall);
  EXPECT_EQ(spec->install.remediation.ignore_test_failures, true);
  EXPECT_TRUE(spec->upgrade.remediation.uninstall);
  EXPECT_TRUE(spec->upgrade.change_chart_in_place);
  EXPECT_EQ(spec->upgrade.strategy.interval, std::chrono::minutes(7));
  EXPECT_EQ(spec->rollback.server_side_apply, ApplyMode::Disabled);
  EXPECT_EQ(spec->uninstall.propagation, "foreground");
  EXPECT_TRUE(spec->test.filters[1].exclude);
  EXPECT_EQ(spec->drift_mode, DriftMode::Warn);
  EXPECT_EQ(spec->values_from[0].key, "values.yaml");
  EXPECT_TRUE(spec->values_from[1].literal);
  EXPECT_TRUE(spec->legacy_wait);
}

TEST(HelmReleaseSpec, WrongFieldsAreNamed) {
  struct Row {
    std::string fields, want;
  };
  const Row rows[] = {
      {"", "either chart or chartRef must be set"},
      {kRef + "  chart: {spec: {chart: a, sourceRef: {kind: GitRepository, name: b}}}\n", "either chart or chartRef must be set"},
      {"  chartRef: {kind: GitRepository, name: web}\n",
       "spec.chartRef.kind: \"GitRepository\" is none of OCIRepository, HelmChart, ExternalArtifact"},
      {kRef + "  maxHistory: many\n", "spec.maxHistory: want a number"},
      {kRef + "  values: [a]\n", "spec.values: want a mapping"},
      {kRef + "  timeout: soon\n", "spec.timeout: \"soon\" is not a duration such as 10m or 1h30m"},
      {kRef + "  driftDetection: {mode: on}\n", "spec.driftDetection.mode: \"on\" is none of disabled, warn, enabled"},
      {kRef + "  install: {strategy: {name: RemediateOnFailure, retryInterval: 1m}}\n",
       "spec.install.strategy.retryInterval: cannot be set when .name is 'RemediateOnFailure'"},
      {kRef + "  valuesFrom: [{kind: Pod, name: a}]\n", "spec.valuesFrom[0].kind: \"Pod\" is none of Secret, ConfigMap"},
  };
  for (const Row& row : rows) {
    const auto spec = ParseSpec(Object(row.fields));
    EXPECT_EQ(spec ? "" : spec.error().message, row.want) << row.fields;
  }
}

TEST(HelmReleaseSpec, NamesAreCutAsFluxCutsThem) {
  EXPECT_EQ(ShortenName("web"), "web");
  EXPECT_EQ(ShortenName(std::string(53, 'a')), std::string(53, 'a'));
  // 40 characters, and 12 of what `printf NAME | sha256sum` prints.
  EXPECT_EQ(ShortenName("release-name-that-is-more-than-53-characters-in-length-01"),
            "release-name-that-is-more-than-53-charac-a41fe34c2ebe");
  EXPECT_EQ(ShortenName(std::string(60, 'a')), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-11ee391211c6");
}

TEST(HelmReleaseSpec, DigestsOfTheRenderers) {
  EXPECT_EQ(PostRenderersDigest(*ParseSpec(Object(kRef))), "");
  EXPECT_EQ(CommonMetadataDigest(*ParseSpec(Object(kRef))), "");
  // echo '[{"kustomize":{"patches":[{"patch":"a\u003cb","target":{"kind":"X","name":"y"}}],"images":[{"name":"i","newTag":"1"}]}}]' | sha256sum
  const auto spec =
      ParseSpec(Object(
          kRef + "  postRenderers: [{kustomize: {images: [{newTag: '1', name: i}], patches: [{target: {name: y, kind: X}, patch: a<b}]}}]\n"
                 "  commonMetadata: {labels: {z: '1', a: '2'}, annotations: {n: m}}\n"));
  ASSERT_TRUE(spec);
  EXPECT_EQ(PostRenderersDigest(*spec), "sha256:256a034f1a079b9d5ba27ecd0caa7796a659f876c3e0ceca70499ecddecd0228");
  // echo '{"annotations":{"n":"m"},"labels":{"a":"2","z":"1"}}' | sha256sum
  EXPECT_EQ(CommonMetadataDigest(*spec), "sha256:38cc5a50f028132fb50fe1eb56b722235d9cd575350bf5875cd8e7f2178a6341");
}

}  // namespace
}  // namespace sluice::controller::helm_release
