// HelmRepositories and HelmCharts: specs, statuses, and the pure steps of making a chart.
#include <gtest/gtest.h>

#include "base/archive.h"
#include "base/files.h"
#include "controller/conditions.h"
#include "controller/helm_chart/build.h"
#include "controller/helm_chart/spec.h"
#include "controller/helm_chart/status.h"
#include "controller/helm_repository/index_cache.h"
#include "controller/helm_repository/spec.h"
#include "controller/helm_repository/status.h"
#include "document/yaml.h"

namespace sluice::controller {
namespace {

using document::Value;

Value Yaml(std::string_view text) { return document::ParseYaml(text).value(); }

helm_chart::Spec ChartSpec(std::string_view spec) {
  auto parsed = helm_chart::ParseSpec(
      Yaml("spec: {chart: web, interval: 1h, sourceRef: {kind: GitRepository, name: fleet}, " + std::string(spec) + "}"));
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? *std::move(parsed) : helm_chart::Spec();
}

TEST(HelmRepositorySpec, ReadsEveryField) {
  const auto spec = helm_repository::ParseSpec(Yaml(R"(
spec: {url: "https://charts.example", type: default, interval: 5m, timeout: 10s, secretRef: {name: a}, certSecretRef: {name: b}, passCredentials: true,
       insecure: true, provider: generic, suspend: true, accessFrom: {namespaceSelectors: []}})"));
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->url + spec->secret_name + spec->cert_secret + spec->provider, "https://charts.exampleab");
  EXPECT_TRUE(spec->pass_credentials && spec->insecure && spec->suspend && !spec->oci);
  EXPECT_EQ(spec->interval, std::chrono::minutes(5));
  EXPECT_EQ(spec->timeout, std::chrono::seconds(10));
  const auto bare = helm_repository::ParseSpec(Yaml("spec: {url: 'oci://ghcr.io/charts', type: oci, provider: aws}"));
  ASSERT_TRUE(bare);
  EXPECT_TRUE(bare->oci);
  EXPECT_EQ(bare->provider, "aws");
  EXPECT_EQ(bare->interval, std::chrono::minutes(1));
  EXPECT_EQ(bare->timeout, std::chrono::minutes(1));
  EXPECT_EQ(helm_repository::ParseSpec(Yaml("spec: {url: x, type: git}")).error().message, "spec.type: \"git\" is neither default nor oci");
  EXPECT_EQ(helm_repository::ParseSpec(Yaml("spec: {}")).error().message, "spec.url: required");
}

TEST(HelmChartSpec, ReadsEveryField) {
  const helm_chart::Spec spec = ChartSpec(
      "version: ^1, reconcileStrategy: Revision, valuesFiles: [a, b], ignoreMissingValuesFiles: true, verify: {provider: cosign, "
      "secretRef: {name: k}}");
  EXPECT_EQ(spec.version, "^1");
  EXPECT_TRUE(spec.by_revision && spec.ignore_missing_values_files && spec.verify);
  EXPECT_EQ(spec.verify_secret, "k");
  EXPECT_EQ(spec.EffectiveValuesFiles(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(ChartSpec("valuesFiles: [./values.yaml]").EffectiveValuesFiles().empty());
  EXPECT_EQ(ChartSpec("suspend: true").version, "*");
  const auto error = [](std::string_view more) {
    const auto parsed =
        helm_chart::ParseSpec(Yaml("spec: {chart: web, interval: 1h, sourceRef: {kind: x, name: y}, " + std::string(more) + "}"));
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_EQ(error("reconcileStrategy: Often"), "spec.reconcileStrategy: \"Often\" is neither ChartVersion nor Revision");
  EXPECT_EQ(error("verify: {provider: notation}"),
            "spec.verify.provider \"notation\" is not supported by this version of Sluice; remove it, or leave the object to Flux");
  EXPECT_EQ(error("verify: {provider: cosign}"),
            "spec.verify without secretRef (keyless verification) is not supported by this version of Sluice; remove it, or leave the "
            "object to Flux");
}

TEST(HelmChart, T41PathsStayInTheSource) {
  EXPECT_EQ(helm_chart::PathBelow(".", "../../etc/passwd"), "etc/passwd");
  EXPECT_EQ(helm_chart::PathBelow("charts/web", "../db"), "charts/db");
  EXPECT_EQ(helm_chart::PathBelow("charts/web", "../../../../x"), "x");
  EXPECT_EQ(helm_chart::PathBelow("charts/web", "/../db/./y//z"), "charts/db/y/z");
  EXPECT_EQ(helm_chart::PathBelow(".", "."), ".");
  EXPECT_EQ(helm_chart::CleanPath("./a/../values.yaml"), "values.yaml");
  EXPECT_EQ(helm_chart::CleanPath("../values.yaml"), "../values.yaml");
  EXPECT_EQ(helm_chart::CleanPath("/../values.yaml"), "/values.yaml");
  EXPECT_EQ(helm_chart::CleanPath(""), ".");
}

TEST(HelmChart, VersionsGetMetadata) {
  struct Row {
    std::string spec, revision, want;
  };
  const Row rows[] = {
      {"suspend: false", "main@sha1:0123456789abcdef0123", "1.2.3"},
      {"reconcileStrategy: Revision", "main@sha1:0123456789abcdef0123", "1.2.3+0123456789ab"},
      {"reconcileStrategy: Revision", "sha1:0123456789abcdef0123", "1.2.3+0123456789ab"},
      {"reconcileStrategy: Revision", "main/0123456789abcdef0123", "1.2.3+0123456789ab"},
      {"reconcileStrategy: Revision, valuesFiles: [a.yaml]", "main@sha1:0123456789abcdef0123", "1.2.3+0123456789ab.7"},
      {"valuesFiles: [a.yaml]", "main@sha1:0123456789abcdef0123", "1.2.3+7"},
      {"valuesFiles: [values.yaml]", "main@sha1:0123456789abcdef0123", "1.2.3"},
  };
  for (const Row& row : rows) {
    const std::string metadata = helm_chart::VersionMetadata(ChartSpec(row.spec), row.revision, 7);
    EXPECT_EQ(helm_chart::WithMetadata("1.2.3", metadata).value, row.want) << row.spec;
  }
  EXPECT_EQ(helm_chart::WithMetadata("v1.2", "7").value, "1.2.0+7");
  EXPECT_EQ(helm_chart::WithMetadata("v1.2", "").value, "v1.2");
  EXPECT_EQ(helm_chart::WithMetadata("1.0.0-rc.1+old", "7").value, "1.0.0-rc.1+7");
}

std::unique_ptr<base::Files> Tree(std::map<std::string, std::string> more = {}) {
  std::map<std::string, std::string> files = {{"web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"},
                                              {"web/values.yaml", "a: 1\nb: {c: 1, d: [1, 2]}\n"},
                                              {"prod.yaml", "b: {d: [3]}\nbig: 12345678901\n"}};
  for (auto& [path, text] : more) files[path] = text;
  return base::MemoryFiles(std::move(files));
}

helm_chart::Built<helm_chart::Draft> DraftOf(std::string_view spec, const base::Files& files, std::size_t limit = 1'000) {
  return helm_chart::FromFiles(ChartSpec(spec), files, "web", {.name = "web", .version = "1.0.0+1"}, limit);
}

TEST(HelmChart, ValuesFilesAreMergedInTheirOrder) {
  const auto files = Tree();
  auto draft = DraftOf("valuesFiles: [web/values.yaml, prod.yaml]", *files);
  ASSERT_TRUE(draft.value) << draft.error->message();
  EXPECT_EQ(*draft.value->chart.values_text, "a: 1\nb:\n  c: 1\n  d:\n  - 3\nbig: 12345678901\n");
  const auto build = helm_chart::Finish(*std::move(draft.value));
  EXPECT_EQ(build.value->Summary(), "packaged 'web' chart with version '1.0.0+1' and merged values files [web/values.yaml prod.yaml]");
  const auto metadata = helm_chart::ReadArchiveMetadata(build.value->archive, 1'000);
  EXPECT_EQ(metadata->version, "1.0.0+1");
  EXPECT_EQ(DraftOf("valuesFiles: [none.yaml]", *files).error->message(),
            "values files merge error: no values file found at path '/none.yaml' (reference 'none.yaml')");
  EXPECT_EQ(DraftOf("valuesFiles: [../../web]", *files).error->message(),
            "values files merge error: no values file found at path '/web' (reference '../../web')");
  EXPECT_EQ(*DraftOf("valuesFiles: [none.yaml], ignoreMissingValuesFiles: true", *files).value->chart.values_text, "");
  EXPECT_EQ(DraftOf("valuesFiles: [l.yaml]", *Tree({{"l.yaml", "[1]"}})).error->message(),
            "values files merge error: unmarshaling values from 'l.yaml' failed: error unmarshaling JSON: while decoding JSON: json: "
            "cannot unmarshal array "
            "into Go value of type map[string]interface {}");
}

TEST(HelmChart, FilesMayNotBeTooLarge) {
  EXPECT_EQ(DraftOf("suspend: false", *Tree({{"web/big.bin", std::string(1'001, 'x')}})).error->message(),
            "chart package error: cannot load file big.bin as file size (1001) exceeds limit (1000)");
}

TEST(HelmChart, DependenciesOfTheSourceAreAdded) {
  const std::string wants = "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n";
  const auto files =
      Tree({{"web/Chart.yaml", wants + "- {name: db, version: 1.x, repository: 'file://../db', alias: store}\n- {name: far, version: '*', "
                                       "repository: 'https://x'}\n- {name: own, version: '*'}\n"},
            {"web/charts/own/Chart.yaml", "apiVersion: v2\nname: own\nversion: 3.0.0\n"},
            {"db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.5.0\n"}});
  auto draft = DraftOf("suspend: false", *files);
  ASSERT_TRUE(draft.value) << draft.error->message();
  EXPECT_EQ(draft.value->build.dependencies, 2u);
  ASSERT_EQ(draft.value->remote.size(), 1u);
  EXPECT_EQ(draft.value->remote[0].name, "far");
  ASSERT_EQ(draft.value->chart.dependencies.size(), 2u);
  EXPECT_EQ(draft.value->chart.dependencies[1].name(), "db") << "an alias is Helm's affair";
  const auto added = helm_chart::AddDependency(*draft.value, "1.0.0", "no archive", 1'000);
  EXPECT_TRUE(added.error().message.starts_with("failed to load downloaded archive of version '1.0.0': ")) << added.error().message;
  const auto escaping = Tree({{"web/Chart.yaml", wants + "- {name: db, version: 1.x, repository: 'file://../../../db'}\n"}});
  EXPECT_EQ(DraftOf("suspend: false", *escaping).error->message(),
            "dependency build error: failed to add local dependency 'db': no chart found at '/db' (reference 'file://../../../db')");
}

Value Chart(std::string_view status) {
  return Yaml("apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: web, namespace: n, generation: 3}\nstatus: " +
              std::string(status));
}

std::string Shown(const Value& status, std::string_view type) {
  const Conditions conditions = Conditions::FromStatus(status);
  const Condition* found = conditions.Find(type);
  return found == nullptr ? "none" : std::string(ToString(found->status)) + " " + found->reason + ": " + found->message;
}

TEST(HelmChartStatus, SuccessShowsWhatWasBuilt) {
  helm_chart::Spec spec = ChartSpec("ignoreMissingValuesFiles: true, valuesFiles: [a, b]");
  const helm_chart::Build build{.name = "web", .version = "1.0.0+3", .packaged = true, .values_files = {"b"}};
  const Value object = Chart("{observedGeneration: 2, conditions: [{type: BuildFailed, status: 'True', reason: x, message: y}]}");
  const sources::Artifact artifact{.path = "p", .url = "u", .revision = "1.0.0+3", .digest = "sha256:00"};
  const Value status = helm_chart::StatusAfterSuccess(object, spec, build, artifact, "latest", "main@sha1:0", true, {});
  const std::string summary = "packaged 'web' chart with version '1.0.0+3' and merged values files [b]";
  EXPECT_EQ(Shown(status, "Ready"), "True ChartPackageSucceeded: " + summary);
  EXPECT_EQ(Shown(status, "ArtifactInStorage"), "True ChartPackageSucceeded: " + summary);
  EXPECT_EQ(Shown(status, "BuildFailed"), "none");
  EXPECT_EQ(status.StringAt({"observedChartName"}), "web");
  EXPECT_EQ(status.StringAt({"observedSourceArtifactRevision"}), "main@sha1:0");
  EXPECT_EQ(status.Find("observedValuesFiles")->items().size(), 1u);
  EXPECT_EQ(status.Find("observedGeneration")->AsInt(), 3);
}

TEST(HelmChartStatus, FailuresAreOfTheirKind) {
  using helm_chart::Step;
  struct Row {
    Step step;
    std::string condition, ready;
    bool stalled;
  };
  const Row rows[] = {
      {Step::InvalidReference, "FetchFailed", "False InvalidChartReference: invalid chart reference: x", true},
      {Step::Pull, "FetchFailed", "False ChartPullError: chart pull error: x", false},
      {Step::MetadataPatch, "BuildFailed", "False MetadataPatchError: chart metadata patch error: x", true},
      {Step::ValuesFiles, "BuildFailed", "False ValuesFilesError: values files merge error: x", true},
      {Step::Dependencies, "BuildFailed", "False DependencyBuildError: dependency build error: x", false},
      {Step::Package, "BuildFailed", "False ChartPackageError: chart package error: x", false},
      {Step::Verification, "BuildFailed", "False VerificationError: chart verification error: x", false},
      {Step::Unknown, "FetchFailed", "False Unknown: unknown build error: x", false},
  };
  for (const Row& row : rows) {
    const helm_chart::Failure failure = helm_chart::FailureOf({row.step, base::Invalid("x")});
    const Value status = helm_chart::StatusAfterFailure(Chart("{observedGeneration: 2, artifact: {revision: a}}"), true, failure, "r", {});
    EXPECT_EQ(Shown(status, "Ready"), row.ready);
    EXPECT_NE(Shown(status, row.condition), "none") << row.condition;
    EXPECT_EQ(Shown(status, row.condition == "FetchFailed" ? "BuildFailed" : "FetchFailed"), "none");
    EXPECT_EQ(Shown(status, "Stalled") != "none", row.stalled);
    EXPECT_EQ(Shown(status, "Reconciling"), row.stalled ? "none" : "True ProgressingWithRetry: processing object: new generation 2 -> 3");
    EXPECT_EQ(status.Find("observedGeneration")->AsInt(), row.stalled ? 3 : 2);
    EXPECT_EQ(status.StringAt({"artifact", "revision"}), "a") << "what is stored stays";
  }
}

TEST(HelmRepositoryStatus, WhatAStaticObjectMustNotHave) {
  const auto needs = [](std::string_view rest) {
    return helm_repository::NeedsMigration(Yaml("metadata: {name: x}\n" + std::string(rest)));
  };
  EXPECT_FALSE(needs(""));
  EXPECT_FALSE(needs("status: {}"));
  EXPECT_TRUE(needs("status: {observedGeneration: -1}")) << "the default of the CRD: whoever waits for its health would wait for ever";
  EXPECT_TRUE(needs("status: {observedGeneration: 1}"));
  EXPECT_TRUE(needs("status: {url: x}"));
  EXPECT_TRUE(helm_repository::NeedsMigration(Yaml("metadata: {finalizers: [finalizers.fluxcd.io]}")));
}

TEST(HelmRepositoryStatus, SizesAreForPeople) {
  EXPECT_EQ(helm_repository::HumanSize(0), "0B");
  EXPECT_EQ(helm_repository::HumanSize(999), "999B");
  EXPECT_EQ(helm_repository::HumanSize(1234), "1.234kB");
  EXPECT_EQ(helm_repository::HumanSize(24'560'000), "24.56MB");
}

TEST(IndexCache, ForgetsWhatWasNotUsedForLongest) {
  const auto index = [](std::size_t versions) {
    auto made = std::make_shared<sources::helm_repository::Index>();
    made->charts["web"].resize(versions);
    return std::shared_ptr<const sources::helm_repository::Index>(made);
  };
  const CacheMeter::Key of{.ns = "team", .name = "charts"};
  helm_repository::IndexCache cache(index(100)->bytes() * 2);
  cache.Put("a", index(100));
  cache.Put("b", index(100));
  EXPECT_NE(cache.Find("a", of), nullptr);
  cache.Put("c", index(100));
  EXPECT_EQ(cache.Find("b", of), nullptr);
  EXPECT_NE(cache.Find("a", of), nullptr);
  EXPECT_NE(cache.Find("c", of), nullptr);
  cache.Put("d", index(1'000));
  EXPECT_EQ(cache.Find("d", of), nullptr) << "too large by itself";
  const CacheMeter::Events counted = cache.meter().events().at(of);
  EXPECT_EQ(counted.hits, 3u);
  EXPECT_EQ(counted.misses, 2u);
  cache.meter().Forget(of);
  EXPECT_TRUE(cache.meter().events().empty());
}

}  // namespace
}  // namespace sluice::controller
