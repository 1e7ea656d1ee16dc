// HelmReleases of the older Helm operator: what their fields become, the words of their status, and what is done next about a release.
#include <gtest/gtest.h>

#include "controller/helm_operator/charts.h"
#include "controller/helm_operator/decision.h"
#include "controller/helm_operator/spec.h"
#include "controller/helm_operator/status.h"
#include "controller/helm_operator/values.h"
#include "document/json.h"
#include "document/yaml.h"
#include "helm/functions/yaml.h"
#include "helm/release/codec.h"

namespace sluice::controller::helm_operator {
namespace {

using document::Value;
using helm::ReleaseStatus;

Value Object(const std::string& spec) {
  const auto parsed = document::ParseYaml("metadata: {name: web, namespace: team, generation: 2}\nspec:\n" + spec);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

const std::string kGit = "  chart: {git: 'https://git.example/fleet.git', path: charts/web}\n";
const std::string kRepository = "  chart: {repository: 'https://charts.example', name: web, version: 1.0.0}\n";

// ---- Spec ----------------------------------------------------------------------------------------------------------------------------

TEST(HelmOperatorSpec, Defaults) {
  const auto spec = ParseSpec(Object(kGit));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->git, (GitChart{.url = "https://git.example/fleet.git", .path = "charts/web"}));
  EXPECT_FALSE(spec->repository);
  EXPECT_EQ(spec->release_name, "team-web");
  EXPECT_EQ(spec->ns, "team");
  EXPECT_EQ(spec->max_history, 10);
  EXPECT_EQ(spec->timeout, std::chrono::minutes(5));
  EXPECT_FALSE(spec->reuse_values || spec->wait || spec->force_upgrade || spec->skip_crds || spec->disable_openapi_validation);
  EXPECT_EQ(spec->rollback.max_retries, 5);
  EXPECT_EQ(spec->rollback.timeout, std::chrono::minutes(5));
  EXPECT_EQ(spec->test.timeout, std::chrono::minutes(5));
}

TEST(HelmOperatorSpec, ReadsEveryField) {
  const auto spec = ParseSpec(Object(R"(  helmVersion: v3
  chart: {repository: 'https://charts.example', name: web, version: 1.0.0, chartPullSecret: {name: login}}
  releaseName: site
  targetNamespace: prod
  maxHistory: 3
  timeout: 10
  resetValues: false
  skipCRDs: true
  wait: false
  forceUpgrade: true
  disableOpenAPIValidation: true
  rollback: {enable: true, retry: true, maxRetries: 0, force: true, recreate: true, disableHooks: true, timeout: 7, wait: true}
  test: {enable: true, ignoreFailures: true, timeout: 8, cleanup: false}
  values: {a: 1}
)"));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->repository, (RepositoryChart{"https://charts.example", "web", "1.0.0", "login"}));
  EXPECT_EQ(spec->release_name, "site");
  EXPECT_EQ(spec->ns, "prod");
  EXPECT_EQ(spec->max_history, 3);
  EXPECT_EQ(spec->timeout, std::chrono::seconds(10));
  EXPECT_TRUE(spec->reuse_values && spec->skip_crds && spec->force_upgrade && spec->disable_openapi_validation);
  EXPECT_FALSE(spec->wait);
  const RollbackSpec& rollback = spec->rollback;
  EXPECT_TRUE(rollback.enable && rollback.retry && rollback.force && rollback.recreate && rollback.disable_hooks && rollback.wait);
  EXPECT_EQ(rollback.max_retries, 0);
  EXPECT_EQ(rollback.timeout, std::chrono::seconds(7));
  EXPECT_TRUE(spec->test.enable && spec->test.ignore_failures);
  EXPECT_EQ(spec->test.timeout, std::chrono::seconds(8));
  EXPECT_EQ(spec->values.At({"a"})->AsInt(), 1);
}

TEST(HelmOperatorSpec, ValuesSourcesInOrder) {
  const auto spec = ParseSpec(Object(kGit + R"(  valueFileSecrets: [{name: old}]
  valuesFrom:
  - configMapKeyRef: {name: base, optional: true}
  - secretKeyRef: {name: s, namespace: other, key: k}
  - externalSourceRef: {url: 'https://x/y.yaml'}
  - chartFileRef: {path: prod.yaml, optional: true}
)"));
  ASSERT_TRUE(spec) << spec.error().message;
  std::string all;
  for (const ValuesSource& source : spec->values_from) all += Describe(source) + (source.optional ? " (optional)\n" : "\n");
  EXPECT_EQ(all,
            "Secret team/old, key values.yaml\nConfigMap team/base, key values.yaml (optional)\nSecret other/s, key k\n"
            "URL https://x/y.yaml\npath prod.yaml (optional)\n");
}

TEST(HelmOperatorSpec, NamesOfReleases) {
  EXPECT_EQ(ReleaseNameOf(Object("  a: 1\n")), "team-web");
  EXPECT_EQ(ReleaseNameOf(Object("  targetNamespace: team\n")), "team-web");
  EXPECT_EQ(ReleaseNameOf(Object("  targetNamespace: prod\n")), "team-prod-web");
  EXPECT_EQ(ReleaseNameOf(Object("  targetNamespace: prod\n  releaseName: site\n")), "site");
  EXPECT_EQ(ResourceIdOf(Object("  a: 1\n")), "team:helmrelease/web");
}

TEST(HelmOperatorSpec, WaitsWhereARollbackOrATestNeedsIt) {
  EXPECT_TRUE(ParseSpec(Object(kGit + "  rollback: {enable: true}\n"))->wait);
  EXPECT_TRUE(ParseSpec(Object(kGit + "  test: {enable: true}\n"))->wait);
  EXPECT_FALSE(ParseSpec(Object(kGit + "  wait: false\n  test: {enable: true}\n"))->wait);
}

TEST(HelmOperatorSpec, AddressesOfGit) {
  struct Row {
    std::string_view given, want;
  };
  constexpr Row kRows[] = {
      {"git@github.com:org/repo", "ssh://git@github.com/org/repo"},
      {"git@host:/srv/repo.git", "ssh://git@host/srv/repo.git"},
      {"ssh://git@host:2222/org/repo.git", "ssh://git@host:2222/org/repo.git"},
      {"http://host/org/repo", "http://host/org/repo"},
  };
  for (const Row& row : kRows) {
    const auto spec = ParseSpec(Object("  chart: {git: '" + std::string(row.given) + "', path: web}\n"));
    ASSERT_TRUE(spec) << row.given;
    EXPECT_EQ(spec->git->url, row.want);
  }
}

TEST(HelmOperatorSpec, GitComesFirst) {
  const auto spec = ParseSpec(Object("  chart: {git: 'https://g/x', path: web, repository: 'https://c', name: web, version: '1'}\n"));
  EXPECT_TRUE(spec->git && !spec->repository);
}

TEST(HelmOperatorSpec, WrongFieldsAreNamed) {
  struct Row {
    std::string spec;
    std::string_view want;
    base::Reason reason = base::Reason::Invalid;
  };
  const Row rows[] = {
      {"  chart: {git: 'https://g/x'}\n", "spec.chart: want git and path, or repository, name and version"},
      {"  chart: {repository: 'https://c', name: web}\n", "spec.chart: want git and path, or repository, name and version"},
      {kGit + "  helmVersion: v2\n",
       "spec.helmVersion: releases of Helm 2 are not supported; convert the release with `helm 2to3 convert` and set v3",
       base::Reason::Unsupported},
      {kGit + "  helmVersion: v4\n", "spec.helmVersion: \"v4\" is neither v2 nor v3"},
      {kGit + "  targetNamespace: a-namespace-of-many-letters-and-then-some-more\n",
       "spec.releaseName: \"team-a-namespace-of-many-letters-and-then-some-more-web\" is no name of a release; set one of at most 53 lower "
       "case "
       "letters, digits, dashes and dots"},
      {kGit + "  timeout: -1\n", "spec.timeout: want a number from 0 to 1000000"},
      {kGit + "  maxHistory: x\n", "spec.maxHistory: want a number from 0 to 1000000"},
      {kGit + "  wait: maybe\n", "spec.wait: want true or false"},
      {kGit + "  values: [a]\n", "spec.values: want a mapping"},
      {kGit + "  valuesFrom: [{}]\n", "spec.valuesFrom[0].configMapKeyRef: required, or secretKeyRef, externalSourceRef or chartFileRef"},
      {kGit + "  valuesFrom: [{secretKeyRef: {}}]\n", "spec.valuesFrom[0].secretKeyRef.name: required"},
      {kGit + "  valuesFrom: [{chartFileRef: {}}]\n", "spec.valuesFrom[0].chartFileRef.path: required"},
  };
  for (const Row& row : rows) {
    const auto spec = ParseSpec(Object(row.spec));
    ASSERT_FALSE(spec) << row.spec;
    EXPECT_EQ(spec.error().message, row.want);
    EXPECT_EQ(spec.error().reason, row.reason) << row.spec;
  }
}

TEST(HelmOperatorSpec, OtherNamespacesWhereTheyAreRefused) {
  const SpecRules rules{.no_cross_namespace_refs = true};
  const auto values = ParseSpec(Object(kGit + "  valuesFrom: [{secretKeyRef: {name: s, namespace: other}}]\n"), rules);
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().message,
            "spec.valuesFrom[0].secretKeyRef.namespace: cross-namespace references are not allowed: cannot access namespace 'other'");
  EXPECT_TRUE(ParseSpec(Object(kGit + "  valuesFrom: [{secretKeyRef: {name: s, namespace: team}}]\n"), rules));
  const auto git = ParseSpec(Object("  chart: {git: 'https://g/x', path: web, secretRef: {name: s, namespace: other}}\n"), rules);
  ASSERT_FALSE(git);
  EXPECT_EQ(git.error().message,
            "spec.chart.secretRef.namespace: cross-namespace references are not allowed: cannot access namespace 'other'");
}

// ---- Status --------------------------------------------------------------------------------------------------------------------------

constexpr base::TimePoint kNoon{std::chrono::seconds(1'767'268'800)};  // 2026-01-01T12:00:00Z

/// `type=status reason: message`, a line a condition.
std::string Conditions(const WorkingStatus& status) {
  std::string out;
  const Value value = status.ToValue();
  const Value* list = value.Find("conditions");
  if (list == nullptr) return out;
  for (const Value& item : list->items())
    out += std::string(item.StringAt({"type"})) + "=" + std::string(item.StringAt({"status"})) + " " +
           std::string(item.StringAt({"reason"})) + ": " + std::string(item.StringAt({"message"})) + "\n";
  return out;
}

TEST(HelmOperatorStatus, EveryPhaseInTheOperatorsWords) {
  struct Row {
    Phase phase;
    std::string_view want;
  };
  // What pkg/status/conditions.go of helm-operator 1.4.4 sets.
  constexpr Row kRows[] = {
      {Phase::ChartFetched, "ChartFetched=True ChartFetched: Chart fetch was successful for Helm release 'team-web' in 'team'.\n"},
      {Phase::ChartFetchFailed,
       "ChartFetched=False ChartFetchFailed: Chart fetch failed for Helm release 'team-web' in 'team'.\n"
       "Released=False ChartFetchFailed: Chart fetch failed for Helm release 'team-web' in 'team'.\n"},
      {Phase::Installing, "Deployed=Unknown Installing: Running installation for Helm release 'team-web' in 'team'.\n"},
      {Phase::Upgrading, "Deployed=Unknown Upgrading: Running upgrade for Helm release 'team-web' in 'team'.\n"},
      {Phase::Deployed, "Deployed=True Deployed: Installation or upgrade succeeded for Helm release 'team-web' in 'team'.\n"},
      {Phase::DeployFailed,
       "Deployed=False DeployFailed: Installation or upgrade failed for Helm release 'team-web' in 'team'.\n"
       "Released=False DeployFailed: Installation or upgrade failed for Helm release 'team-web' in 'team'.\n"},
      {Phase::Testing, "Tested=Unknown Testing: Testing Helm release 'team-web' in 'team'.\n"},
      {Phase::TestFailed,
       "Tested=False TestFailed: Test failed for Helm release 'team-web' in 'team'.\n"
       "Released=False TestFailed: Test failed for Helm release 'team-web' in 'team'.\n"},
      {Phase::Tested, "Tested=True Tested: Tested Helm release 'team-web' in 'team'.\n"},
      {Phase::Succeeded, "Released=True Succeeded: Release was successful for Helm release 'team-web' in 'team'.\n"},
      {Phase::Failed, "Released=False Failed: Release failed for Helm release 'team-web' in 'team'.\n"},
      {Phase::RollingBack, "RolledBack=Unknown RollingBack: Rolling back Helm release 'team-web' in 'team'.\n"},
      {Phase::RolledBack, "RolledBack=True RolledBack: Rolled back Helm release 'team-web' in 'team'.\n"},
      {Phase::RollbackFailed, "RolledBack=False RollbackFailed: Rollback failed for Helm release 'team-web' in 'team'.\n"},
  };
  for (const Row& row : kRows) {
    WorkingStatus status(Object(kGit));
    status.Enter(row.phase, "", false, kNoon);
    EXPECT_EQ(Conditions(status), row.want);
    EXPECT_EQ(status.ToValue().StringAt({"phase"}), ToString(row.phase));
    EXPECT_EQ(ParsePhase(ToString(row.phase)), row.phase);
  }
  EXPECT_EQ(ParsePhase("Migrating"), Phase::None);
}

TEST(HelmOperatorStatus, AFailureEndsInItsCause) {
  WorkingStatus status(Object(kGit));
  status.Enter(Phase::Failed, "spec.chart: required", false, kNoon);
  EXPECT_EQ(status.MessageOf("Released"), "Release failed for Helm release 'team-web' in 'team'. spec.chart: required");
}

TEST(HelmOperatorStatus, AnIgnoredTestDoesNotFailTheRelease) {
  WorkingStatus status(Object(kGit));
  status.Enter(Phase::TestFailed, "", true, kNoon);
  EXPECT_EQ(Conditions(status), "Tested=False TestFailed: Test failed for Helm release 'team-web' in 'team'.\n");
}

TEST(HelmOperatorStatus, CountsRollbacksUntilASuccess) {
  WorkingStatus status(Object(kGit));
  status.Enter(Phase::RolledBack, "", false, kNoon);
  status.Enter(Phase::RolledBack, "", false, kNoon);
  EXPECT_EQ(status.rollback_count, 2);
  EXPECT_FALSE(status.HasRolledBack()) << "of an older generation";
  status.ObserveGeneration();
  EXPECT_TRUE(status.HasRolledBack());
  status.Enter(Phase::Succeeded, "", false, kNoon);
  EXPECT_EQ(status.rollback_count, 0);
  EXPECT_FALSE(status.HasRolledBack());
  EXPECT_EQ(Conditions(status), "Released=True Succeeded: Release was successful for Helm release 'team-web' in 'team'.\n");
}

TEST(HelmOperatorStatus, TimesMoveWithWhatIsSaid) {
  WorkingStatus status(Object(kGit));
  status.Enter(Phase::Failed, "one", false, kNoon);
  status.Enter(Phase::Failed, "one", false, kNoon + std::chrono::minutes(1));
  const auto times = [&status] {
    const Value value = status.ToValue();
    const Value& item = value.Find("conditions")->items()[0];
    return std::string(item.StringAt({"lastUpdateTime"})) + " " + std::string(item.StringAt({"lastTransitionTime"}));
  };
  EXPECT_EQ(times(), "2026-01-01T12:00:00Z 2026-01-01T12:00:00Z");
  status.Enter(Phase::Failed, "two", false, kNoon + std::chrono::minutes(2));
  EXPECT_EQ(times(), "2026-01-01T12:02:00Z 2026-01-01T12:00:00Z");
  status.Enter(Phase::Succeeded, "", false, kNoon + std::chrono::minutes(3));
  EXPECT_EQ(times(), "2026-01-01T12:03:00Z 2026-01-01T12:03:00Z");
}

TEST(HelmOperatorStatus, WhatTheOperatorWroteIsKept) {
  const auto object = document::ParseYaml(R"(metadata: {name: web, namespace: team, generation: 2}
spec: {}
status:
  observedGeneration: 2
  phase: Succeeded
  releaseName: team-web
  releaseStatus: deployed
  revision: 1.0.0
  lastAttemptedRevision: 1.0.0
  rollbackCount: 1
  conditions:
  - {type: Released, status: "True", lastUpdateTime: "2020-01-01T00:00:00Z", lastTransitionTime: "2020-01-01T00:00:00Z", reason: Succeeded, message: ok}
)");
  ASSERT_TRUE(object) << object.error().message;
  WorkingStatus status(*object);
  EXPECT_TRUE(status.HasSynced());
  EXPECT_FALSE(status.NeverObserved());
  EXPECT_EQ(status.ToValue(), *object->Find("status"));
}

TEST(HelmOperatorStatus, RetriesAsOftenAsWanted) {
  EXPECT_FALSE(ShouldRetryUpgrade({.retry = false}, 0));
  EXPECT_TRUE(ShouldRetryUpgrade({.retry = true, .max_retries = 2}, 2));
  EXPECT_FALSE(ShouldRetryUpgrade({.retry = true, .max_retries = 2}, 3));
  EXPECT_TRUE(ShouldRetryUpgrade({.retry = true, .max_retries = 0}, 99));
}

// ---- Decision ------------------------------------------------------------------------------------------------------------------------

TEST(HelmOperatorDecision, WhatIsDoneNext) {
  struct Row {
    std::string_view rule;
    Facts facts;
    Action want;
    bool with_attempt = false;
  };
  const Facts fine{.exists = true, .status = ReleaseStatus::Deployed, .synced = true};
  const auto with = [&fine](auto change) {
    Facts facts = fine;
    change(facts);
    return facts;
  };
  const Row rows[] = {
      {"there is no release", {}, Action::Install},
      {"all is well", fine, Action::Compare},
      {"another generation", with([](Facts& f) { f.synced = false; }), Action::Upgrade},
      {"just met", with([](Facts& f) { f.synced = false, f.never_observed = true; }), Action::Compare},
      {"a run died", with([](Facts& f) { f.synced = false, f.under_way = true; }), Action::Compare},
      {"another chart", with([](Facts& f) { f.chart_changed = true; }), Action::Upgrade},
      {"rolled back", with([](Facts& f) { f.rolled_back = true; }), Action::Compare, true},
      {"rolled back, and tried again", with([](Facts& f) { f.rolled_back = f.may_retry = true; }), Action::Upgrade},
      {"rolled back, and another chart", with([](Facts& f) { f.rolled_back = f.chart_changed = true; }), Action::Upgrade},
      {"retries are for rollbacks", with([](Facts& f) { f.may_retry = true; }), Action::Compare},
      {"our own that is pending", with([](Facts& f) { f.ours = true, f.status = ReleaseStatus::PendingUpgrade; }), Action::Resume},
      {"our own that is going", with([](Facts& f) { f.ours = true, f.status = ReleaseStatus::Uninstalling; }), Action::Resume},
      {"our rollback that was not told of", with([](Facts& f) { f.ours = f.under_way = f.rollback_done = true, f.synced = false; }),
       Action::Conclude},
      {"somebody's rollback", with([](Facts& f) { f.rollback_done = true; }), Action::Compare},
      {"a failure that nobody answered",
       with([](Facts& f) { f.ours = f.under_way = true, f.synced = false, f.status = ReleaseStatus::Failed; }), Action::Remedy},
  };
  for (const Row& row : rows) {
    const auto decision = Decide(row.facts);
    ASSERT_TRUE(decision) << row.rule << ": " << decision.error().message;
    EXPECT_EQ(decision->action, row.want) << row.rule;
    EXPECT_EQ(decision->with_attempt, row.with_attempt) << row.rule;
  }
}

TEST(HelmOperatorDecision, StatesThatDoNotAllowAnUpgrade) {
  for (const ReleaseStatus status : {ReleaseStatus::Failed, ReleaseStatus::PendingUpgrade, ReleaseStatus::Uninstalled}) {
    const auto decision = Decide({.exists = true, .status = status, .synced = true});
    ASSERT_FALSE(decision) << ToString(status);
    EXPECT_EQ(decision.error().message, "status '" + std::string(ToString(status)) +
                                            "' of release does not allow a safe upgrade; bring it to 'deployed' first, for example with "
                                            "`helm rollback`");
  }
  EXPECT_FALSE(Decide({.exists = true, .status = ReleaseStatus::Failed, .ours = true, .synced = true})) << "its run has ended";
}

std::shared_ptr<const helm::StoredChart> Chart(const std::string& version, const std::string& values, const std::string& text) {
  helm::Chart chart;
  chart.metadata.name = "web";
  chart.metadata.version = version;
  chart.metadata.api_version = "v2";
  chart.values = *helm::ParseYaml(values);
  chart.templates.push_back({"templates/a.yaml", std::make_shared<const std::string>(text)});
  return helm::StoreChart(chart);
}

TEST(HelmOperatorDecision, WhatMakesADifference) {
  helm::Release release;
  release.chart = Chart("1.0.0", "a: 1", "text");
  release.config = R"({"b":1,"list":[1,{"c":"x"}]})";
  struct Row {
    std::string_view rule;
    helm::Draft draft;
    bool want;
  };
  const auto draft = [](std::shared_ptr<const helm::StoredChart> chart, std::string config) {
    helm::Draft out;
    out.chart = std::move(chart);
    out.config = std::move(config);
    return out;
  };
  const std::string same = R"({"list":[1.0,{"c":"x"}],"b":1.0})";
  const Row rows[] = {
      {"nothing", draft(Chart("1.0.0", "a: 1", "text"), release.config), false},
      {"how numbers are written, and the order", draft(Chart("1.0.0", "a: 1.0", "text"), same), false},
      {"a value", draft(Chart("1.0.0", "a: 1", "text"), R"({"b":2,"list":[1,{"c":"x"}]})"), true},
      {"a value less", draft(Chart("1.0.0", "a: 1", "text"), R"({"list":[1,{"c":"x"}]})"), true},
      {"the version", draft(Chart("1.0.1", "a: 1", "text"), release.config), true},
      {"a default", draft(Chart("1.0.0", "a: 2", "text"), release.config), true},
      {"a template", draft(Chart("1.0.0", "a: 1", "other"), release.config), true},
  };
  for (const Row& row : rows) EXPECT_EQ(Differs(release, row.draft), row.want) << row.rule;
  release.chart = helm::Reduce(*release.chart, helm::ChartDetail::NoSources);
  EXPECT_FALSE(Differs(release, rows[0].draft)) << "what a large record leaves out does not count";
  EXPECT_FALSE(Differs(release, rows[6].draft));
  EXPECT_TRUE(Differs(release, rows[5].draft));
}

// ---- Values and files ----------------------------------------------------------------------------------------------------------------

TEST(HelmOperatorValues, LaterOnesWin) {
  const ValuesSource any;
  const auto own = document::ParseYaml("a: {x: 3}\nd: null\n");
  const auto values = Compose({{any, "a: {x: 1, z: 1}\nb: [1]\nd: 1\n"}, {any, "a: {z: 2}\nb: [2]\nc: {z: 1}\n"}}, *own);
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(*helm::ConfigOf(*values), R"({"a":{"x":3,"z":2},"b":[2],"c":{"z":1},"d":null})");
}

TEST(HelmOperatorValues, WhatIsNoMappingIsNamedAndNotShown) {
  ValuesSource source{.kind = ValuesSource::Kind::Secret, .ns = "team", .name = "s", .key = "k"};
  const auto values = Compose({{source, "- canary"}}, Value());
  ASSERT_FALSE(values);
  EXPECT_TRUE(values.error().message.starts_with("Secret team/s, key k: no YAML mapping: ")) << values.error().message;
  EXPECT_EQ(values.error().message.find("canary"), std::string::npos);
  source.optional = true;
  const auto without = Compose({{source, "- canary"}}, Value());
  ASSERT_TRUE(without);
  EXPECT_EQ(*helm::ConfigOf(*without), "");
}

TEST(HelmOperatorCharts, FilesOfAChart) {
  const std::shared_ptr<const base::Files> files =
      base::MemoryFiles({{"charts/web/values.yaml", "a: 1"}, {"env/prod.yaml", "b: 1"}, {"secret", "x"}});
  const LoadedChart chart{.chart = nullptr, .files = files, .path = "charts/web", .archive = nullptr};
  EXPECT_EQ(*ReadChartFile(chart, "values.yaml"), "a: 1");
  EXPECT_EQ(*ReadChartFile(chart, "../../env/prod.yaml"), "b: 1");
  EXPECT_EQ(ReadChartFile(chart, "../../../etc/passwd").error().message, "\"../../../etc/passwd\" leads out of the repository");
  EXPECT_EQ(ReadChartFile(chart, "absent.yaml").error().reason, base::Reason::NotFound);
}

TEST(HelmOperatorCharts, OnlyTheFilesOfTheChartCount) {
  const std::map<std::string, std::string> before{{"web/a", "1"}, {"web/sub/b", "2"}, {"other", "3"}, {"packed.tgz", "4"}};
  const auto same = [&before](std::map<std::string, std::string> changes, const std::string& path) {
    std::map<std::string, std::string> after = before;
    for (auto& [file, text] : changes) after[file] = text;
    return SameBelow(*base::MemoryFiles(before), *base::MemoryFiles(after), path);
  };
  EXPECT_TRUE(same({{"other", "x"}}, "web"));
  EXPECT_FALSE(same({{"web/sub/b", "x"}}, "web"));
  EXPECT_FALSE(same({{"web/sub/c", "x"}}, "web"));
  EXPECT_FALSE(same({{"other", "x"}}, "."));
  EXPECT_TRUE(same({{"other", "x"}}, "packed.tgz"));
  EXPECT_FALSE(same({{"packed.tgz", "x"}}, "packed.tgz"));
  EXPECT_FALSE(same({}, "absent")) << "what is not there is not the same";
}

}  // namespace
}  // namespace sluice::controller::helm_operator
