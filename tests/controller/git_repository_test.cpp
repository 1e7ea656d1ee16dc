// The pure half of GitRepositories: what a spec says, and which status follows from what happened.
#include <gtest/gtest.h>

#include "controller/conditions.h"
#include "controller/git_repository/checkout.h"
#include "controller/git_repository/include_links.h"
#include "controller/git_repository/spec.h"
#include "controller/git_repository/status.h"
#include "controller/progress.h"
#include "controller/services.h"
#include "document/yaml.h"

namespace sluice::controller::git_repository {
namespace {

using document::Value;
using sources::Artifact;
using namespace std::chrono_literals;

const base::TimePoint kNoon = *base::ParseRfc3339("2026-01-31T12:00:00Z");

Value Parse(std::string_view yaml) {
  auto parsed = document::ParseYaml(yaml);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

constexpr std::string_view kLeast = "  url: https://example.com/fleet\n  interval: 1m\n";

base::Result<Spec> SpecOf(std::string_view extra) {
  return ParseSpec(Parse("metadata: {name: app, namespace: team}\nspec:\n" + std::string(kLeast) + std::string(extra)));
}

TEST(GitRepositorySpec, ReadsEveryField) {
  const auto spec = SpecOf(
      "  timeout: 20s\n  ref: {branch: main, tag: t, semver: '>=1', name: refs/heads/x, commit: abc}\n  secretRef: {name: s}\n"
      "  proxySecretRef: {name: p}\n  ignore: '*.md'\n  recurseSubmodules: true\n  sparseCheckout: [./apps, infra/]\n"
      "  include: [{repository: {name: lib}}, {repository: {name: other}, fromPath: a, toPath: b/c}]\n");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->url, "https://example.com/fleet");
  EXPECT_EQ(spec->interval, 1min);
  EXPECT_EQ(spec->timeout, 20s);
  EXPECT_EQ(spec->branch + spec->tag + spec->semver + spec->name + spec->commit, "maint>=1refs/heads/xabc");
  EXPECT_EQ(spec->provider, "generic");
  EXPECT_EQ(spec->secret_name + spec->proxy_secret_name, "sp");
  EXPECT_EQ(spec->ignore, "*.md");
  EXPECT_TRUE(spec->recurse_submodules);
  EXPECT_EQ(spec->sparse_checkout, (std::vector<std::string>{"./apps", "infra/"}));
  EXPECT_EQ(spec->include, (std::vector<Include>{{"lib", "", "lib"}, {"other", "a", "b/c"}}));
  const auto least = SpecOf("");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->timeout, 60s);
  EXPECT_FALSE(least->recurse_submodules || least->suspend || least->verify);
}

TEST(GitRepositorySpec, WrongFieldsAreNamed) {
  constexpr std::pair<const char*, const char*> kRows[] = {
      {"  timeout: soon\n", "spec.timeout: \"soon\" is not a duration such as 10m or 1h30m"},
      {"  include: [{fromPath: x}]\n", "spec.include[0].repository.name: required"},
      {"  sparseCheckout: [1]\n", "spec.sparseCheckout: want a list of strings"},
      {"  recurseSubmodules: maybe\n", "spec.recurseSubmodules: want true or false"},
      {"  proxySecretRef: {}\n", "spec.proxySecretRef.name: required"},
  };
  for (const auto& [extra, want] : kRows) {
    const auto spec = SpecOf(extra);
    EXPECT_EQ(spec ? "no error" : spec.error().message, want) << extra;
  }
}

TEST(GitRepositorySpec, ProvidersThatCannotBeUsedAreRefusedInTheContractsWords) {
  struct Row {
    const char *extra, *reason, *message;
  };
  constexpr Row kRows[] = {
      {"", "", ""},
      {"  provider: generic\n", "", ""},
      {"  provider: github\n", "InvalidProviderConfiguration",
       "secretRef with github app data must be specified when provider is set to github"},
      {"  provider: azure\n", "InvalidProviderConfiguration",
       "spec.provider \"azure\" is not supported by this version of Sluice; use a Secret and the provider generic, or leave the object to "
       "Flux"},
      {"  provider: aws\n", "InvalidProviderConfiguration",
       "spec.provider \"aws\" is not supported by this version of Sluice; use a Secret and the provider generic, or leave the object to "
       "Flux"},
      {"  provider: aws\n  serviceAccountName: cloud\n", "FeatureGateDisabled",
       "to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the "
       "controller"},
  };
  for (const Row& row : kRows) {
    const auto fault = CheckProvider(SpecOf(row.extra).value());
    EXPECT_EQ(fault ? fault->reason : "", row.reason) << row.extra;
    EXPECT_EQ(fault ? fault->message : "", row.message) << row.extra;
  }
  const auto fault = CheckProvider(SpecOf("  provider: aws\n  serviceAccountName: cloud\n").value(), true);
  EXPECT_EQ(fault->reason, "InvalidProviderConfiguration") << "with the gate open";
}

std::string ConditionsOf(const Value& object) {
  std::string out;
  for (const Value& item : object.At({"status", "conditions"})->items()) {
    out += std::string(item.StringAt({"type"})) + "=" + std::string(item.StringAt({"status"})) + " " +
           std::string(item.StringAt({"reason"})) + " " + std::string(item.StringAt({"message"})) + "\n";
  }
  return out;
}

Artifact ArtifactAt(const std::string& revision, const std::string& digest = "sha256:1") {
  return {.path = "p", .url = "http://x/p", .revision = revision, .digest = digest, .last_update_time = kNoon, .size = 5, .metadata = {}};
}

class GitRepositoryStatus : public testing::Test {
 protected:
  void Succeed(const Spec& spec, const Success& success) { object.Set("status", StatusAfterSuccess(object, spec, success, kNoon)); }
  void Fail(const Failure& failure) { object.Set("status", StatusAfterFailure(object, failure, kNoon)); }

  Value object = Parse(
      "metadata: {name: app, namespace: flux, generation: 2, annotations: {reconcile.fluxcd.io/requestedAt: now}}\n"
      "spec: {include: [{repository: {name: lib}}], sparseCheckout: [./apps]}\nstatus: {observedGeneration: -1}\n");
  const std::string good =
      "Ready=True Succeeded stored artifact for revision 'main@sha1:1'\nArtifactInStorage=True Succeeded stored artifact for revision "
      "'main@sha1:1'\n";
  const std::string stored = "ArtifactInStorage=True Succeeded stored artifact for revision 'main@sha1:1'\n";
};

TEST_F(GitRepositoryStatus, SuccessObservesWhatTheArtifactWasMadeFrom) {
  Spec spec;
  spec.ignore = "*.md";
  spec.recurse_submodules = true;
  const Success success{.artifact = ArtifactAt("main@sha1:1"), .included = {ArtifactAt("dev@sha1:9", "sha256:9")}};
  EXPECT_FALSE(ShowsInputs(object, spec, success.included));
  Succeed(spec, success);
  EXPECT_EQ(ConditionsOf(object), good);
  EXPECT_EQ(*ArtifactOf(object), success.artifact);
  EXPECT_EQ(IncludedArtifactsOf(object), success.included);
  EXPECT_EQ(object.StringAt({"status", "observedIgnore"}), "*.md");
  EXPECT_EQ(object.At({"status", "observedRecurseSubmodules"})->AsBool(), true);
  EXPECT_EQ(*object.At({"status", "observedInclude"}), Parse("[{repository: {name: lib}}]"));
  EXPECT_EQ(*object.At({"status", "observedSparseCheckout"}), Parse("[./apps]"));
  EXPECT_EQ(object.StringAt({"status", "lastHandledReconcileAt"}), "now");
  EXPECT_EQ(object.At({"status", "observedGeneration"})->AsInt(), 2);
  EXPECT_TRUE(ShowsInputs(object, spec, success.included));
  EXPECT_FALSE(ShowsInputs(object, spec, {ArtifactAt("dev@sha1:9", "sha256:8")}));
  Spec other = spec;
  other.recurse_submodules = false;
  EXPECT_FALSE(ShowsInputs(object, other, success.included));
  object.Set("spec", Parse("{include: [{repository: {name: lib}}], sparseCheckout: [apps]}"));
  EXPECT_FALSE(ShowsInputs(object, spec, success.included));
  object.Set("spec", Parse("{}"));
  Succeed(Spec(), {.artifact = ArtifactAt("main@sha1:1")});
  for (const char* field :
       {"observedIgnore", "observedInclude", "observedSparseCheckout", "observedRecurseSubmodules", "includedArtifacts"})
    EXPECT_EQ(object.At({"status", field}), nullptr) << field;
}

TEST_F(GitRepositoryStatus, FailuresRankAndClear) {
  Succeed({}, {.artifact = ArtifactAt("main@sha1:1")});
  EXPECT_FALSE(ShowsFailure(object));
  Fail({.step = Step::Fetch, .type = "FetchFailed", .reason = "GitOperationFailed", .message = "away"});
  EXPECT_EQ(ConditionsOf(object),
            "Reconciling=True ProgressingWithRetry reconciliation in progress\nReady=False GitOperationFailed away\n" + stored +
                "FetchFailed=True GitOperationFailed away\n");
  EXPECT_TRUE(ShowsFailure(object));
  Fail({.step = Step::Include, .type = "IncludeUnavailable", .reason = "NotFound", .message = "no lib"});
  EXPECT_EQ(ConditionsOf(object),
            "Reconciling=True ProgressingWithRetry reconciliation in progress\nReady=False GitOperationFailed away\n" + stored +
                "FetchFailed=True GitOperationFailed away\nIncludeUnavailable=True NotFound no lib\n");
  Fail({.step = Step::Storage, .type = "StorageOperationFailed", .reason = "CopyFailure", .message = "full", .revision = "main@sha1:2"});
  EXPECT_EQ(ConditionsOf(object),
            "Reconciling=True ProgressingWithRetry building artifact: new upstream revision 'main@sha1:2'\nReady=False CopyFailure full\n" +
                stored +
                "ArtifactOutdated=True NewRevision new upstream revision 'main@sha1:2'\nStorageOperationFailed=True CopyFailure full\n")
      << "what the steps before found good is told of no longer";
  Fail({.step = Step::Storage,
        .type = "StorageOperationFailed",
        .reason = "CopyFailure",
        .message = "full",
        .revision = "main@sha1:1",
        .include_change = true});
  EXPECT_NE(ConditionsOf(object).find("ArtifactOutdated=True IncludeChange included artifacts differ from last observed includes\n"),
            std::string::npos);
  Succeed({}, {.artifact = ArtifactAt("main@sha1:1")});
  EXPECT_EQ(ConditionsOf(object), good);
}

TEST_F(GitRepositoryStatus, StalledIsSettledForThisGeneration) {
  Fail({.step = Step::Credentials, .type = "FetchFailed", .reason = "URLInvalid", .message = "no", .stalled = true});
  EXPECT_EQ(ConditionsOf(object), "Stalled=True URLInvalid no\nReady=False URLInvalid no\nFetchFailed=True URLInvalid no\n");
  EXPECT_EQ(object.At({"status", "observedGeneration"})->AsInt(), 2);
  Fail({.step = Step::Fetch, .type = "FetchFailed", .reason = "GitOperationFailed", .message = "away"});
  EXPECT_EQ(ConditionsOf(object),
            "Reconciling=True ProgressingWithRetry reconciliation in progress\nReady=False GitOperationFailed away\n"
            "FetchFailed=True GitOperationFailed away\n");
}

TEST_F(GitRepositoryStatus, ANewGenerationIsSaidToBeInProgress) {
  EXPECT_EQ(ProgressMessage(object), "processing object: new generation -1 -> 2");
  Fail({.step = Step::Fetch, .type = "FetchFailed", .reason = "GitOperationFailed", .message = "away"});
  EXPECT_EQ(ConditionsOf(object),
            "Reconciling=True ProgressingWithRetry processing object: new generation -1 -> 2\nReady=False GitOperationFailed away\n"
            "FetchFailed=True GitOperationFailed away\n");
  EXPECT_EQ(object.At({"status", "observedGeneration"})->AsInt(), -1);
}

TEST_F(GitRepositoryStatus, AnArtifactWhoseFileIsGoneIsNotNamed) {
  Succeed({}, {.artifact = ArtifactAt("main@sha1:1")});
  Fail({.step = Step::Fetch, .type = "FetchFailed", .reason = "GitOperationFailed", .message = "away", .artifact_gone = true});
  EXPECT_EQ(ConditionsOf(object),
            "Reconciling=True ProgressingWithRetry reconciliation in progress\nReady=False GitOperationFailed away\n"
            "FetchFailed=True GitOperationFailed away\n");
  EXPECT_EQ(ArtifactOf(object), std::nullopt);
}

TEST_F(GitRepositoryStatus, ProgressLeavesReadyAloneUnlessSomethingNewIsMade) {
  object.Set("status", StatusProgressing(object, {"reconciliation in progress", false}, kNoon));
  EXPECT_EQ(ConditionsOf(object),
            "Reconciling=True Progressing reconciliation in progress\nReady=Unknown Progressing reconciliation in progress\n");
  Succeed({}, {.artifact = ArtifactAt("main@sha1:1")});
  Value quiet = object;
  quiet.Set("status", StatusProgressing(object, {"reconciliation in progress", false}, kNoon));
  EXPECT_EQ(ConditionsOf(quiet), "Reconciling=True Progressing reconciliation in progress\n" + good);
  object.Set("status", StatusProgressing(object, {"building artifact", true}, kNoon));
  EXPECT_EQ(ConditionsOf(object), "Reconciling=True Progressing building artifact\nReady=Unknown Progressing building artifact\n" + stored);
}

TEST_F(GitRepositoryStatus, SuspendedNothingSaysThatARunIsUnderWay) {
  EXPECT_EQ(StatusSuspended(object, "GitRepository", kNoon), std::nullopt);
  object.Set("status", StatusProgressing(object, {"reconciliation in progress", false}, kNoon));
  object.Set("status", StatusSuspended(object, "GitRepository", kNoon).value());
  EXPECT_EQ(ConditionsOf(object), "Ready=False Suspended Reconciliation canceled: the GitRepository was suspended; resume it to go on\n");
  EXPECT_EQ(StatusSuspended(object, "GitRepository", kNoon), std::nullopt) << "nothing is left to say";
  object.Set("status", StatusProgressing(object, {"going on", false}, kNoon));
  EXPECT_EQ(ConditionsOf(object), "Reconciling=True Progressing going on\nReady=Unknown Progressing going on\n") << "resumed";

  Succeed({}, {.artifact = ArtifactAt("main@sha1:1")});
  EXPECT_EQ(StatusSuspended(object, "GitRepository", kNoon), std::nullopt);
  object.Set("status", StatusProgressing(object, {"reconciliation in progress", false}, kNoon));
  object.Set("status", StatusSuspended(object, "GitRepository", kNoon).value());
  EXPECT_EQ(ConditionsOf(object), good);

  Fail({.step = Step::Fetch, .type = "FetchFailed", .reason = "GitOperationFailed", .message = "away"});
  EXPECT_EQ(StatusSuspended(object, "GitRepository", kNoon), std::nullopt) << "a failure stays as it was reported";
}

TEST(IncludeLinks, FollowWhatAnObjectIncludes) {
  IncludeLinks links;
  links.Update(
      Parse("metadata: {name: a, namespace: n}\nspec: {include: [{repository: {name: x}}, {repository: {name: y}}, {repository: "
            "{name: x}, toPath: z}]}\n"));
  links.Update(Parse("metadata: {name: b, namespace: n}\nspec: {include: [{repository: {name: x}}]}\n"));
  EXPECT_EQ(links.IncludersOf({"n", "x"}), (std::vector<Key>{{"n", "a"}, {"n", "b"}}));
  EXPECT_TRUE(links.IncludersOf({"m", "x"}).empty()) << "of the same namespace only";
  links.Update(Parse("metadata: {name: a, namespace: n}\nspec: {include: [{repository: {name: y}}]}\n"));
  EXPECT_EQ(links.IncludersOf({"n", "x"}), (std::vector<Key>{{"n", "b"}}));
  EXPECT_TRUE(links.Reaches({"n", "b"}, {"n", "x"}));
  EXPECT_FALSE(links.Reaches({"n", "x"}, {"n", "b"}));
  links.Update(Parse("metadata: {name: x, namespace: n}\nspec: {include: [{repository: {name: y}}]}\n"));
  links.Update(Parse("metadata: {name: y, namespace: n}\nspec: {include: [{repository: {name: b}}]}\n"));
  EXPECT_TRUE(links.Reaches({"n", "x"}, {"n", "b"})) << "a circle";
  EXPECT_TRUE(links.Reaches({"n", "b"}, {"n", "b"}));
  EXPECT_FALSE(links.Reaches({"n", "x"}, {"n", "a"}));
  links.Remove({"n", "b"});
  EXPECT_TRUE(links.IncludersOf({"n", "x"}).empty());
}

TEST(ShortMessage, IsTheFirstFiftyCharacters) {
  const std::string fifty(50, 'x');
  EXPECT_EQ(ShortMessage("subject\n\nbody"), "subject");
  EXPECT_EQ(ShortMessage(fifty), fifty);
  EXPECT_EQ(ShortMessage(fifty + "y"), fifty + "...");
  std::string umlauts;
  for (int i = 0; i < 51; ++i) umlauts += "ä";
  EXPECT_EQ(ShortMessage(umlauts), umlauts.substr(0, 100) + "...");
}

}  // namespace
}  // namespace sluice::controller::git_repository
