// What is done next to a release: each row is a state, and what helm-controller 1.6 does in it.
#include "controller/helm_release/state.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::controller::helm_release {
namespace {

Spec SpecOf(const std::string& fields) {
  const auto object =
      document::ParseYaml("metadata: {name: web, namespace: team}\nspec: {interval: 1m, chartRef: {kind: OCIRepository, name: web}" +
                          (fields.empty() ? "" : ", " + fields) + "}");
  EXPECT_TRUE(object) << object.error().message;
  const auto spec = ParseSpec(*object);
  EXPECT_TRUE(spec) << fields << ": " << spec.error().message;
  return *spec;
}

helm::Release ReleaseOf(helm::ReleaseStatus status, int version = 1) {
  helm::Release release;
  release.name = "web";
  release.ns = "team";
  release.version = version;
  release.info.status = status;
  auto chart = std::make_shared<helm::StoredChart>();
  chart->name = "web";
  chart->version = "1.0.0";
  release.chart = chart;
  release.manifest = std::make_shared<const std::string>();
  return release;
}

const Wanted kWanted{
    .chart_name = "web", .chart_version = "1.0.0", .config_digest = "sha256:aa", .post_renderers_digest = "", .common_metadata_digest = ""};

/// A history of one revision each: `deployed`, `failed` …, newest first; believed, as snapshots of an older kind are. `tests` is the phase of the newest's test.
Snapshots HistoryOf(const std::vector<std::string>& statuses, const std::string& tests = "") {
  document::Value list = document::Value::Sequence();
  int version = static_cast<int>(statuses.size());
  for (const std::string& status : statuses) {
    document::Value item = document::Value::Mapping();
    item.Set("name", "web");
    item.Set("namespace", "team");
    item.Set("version", version--);
    item.Set("status", status);
    item.Set("chartName", "web");
    item.Set("chartVersion", "1.0.0");
    item.Set("configDigest", "sha256:aa");
    if (!tests.empty() && list.empty()) item["testHooks"]["a"].Set("phase", tests);
    list.Append(std::move(item));
  }
  return Snapshots::FromValue(&list);
}

TEST(HelmReleaseState, IsToldFromStorageAndStatus) {
  using helm::ReleaseStatus;
  const auto text = [](const helm::Release* last, const std::string& fields, const Wanted& wanted, Memory memory) {
    const auto judged = Judge(last, SpecOf(fields), wanted, memory);
    return judged ? std::string(ToString(judged->state)) + ": " + judged->reason : judged.error().message;
  };
  const helm::Release deployed = ReleaseOf(ReleaseStatus::Deployed), failed = ReleaseOf(ReleaseStatus::Failed),
                      pending = ReleaseOf(ReleaseStatus::PendingUpgrade), gone = ReleaseOf(ReleaseStatus::Uninstalled),
                      ending = ReleaseOf(ReleaseStatus::Uninstalling);
  const Memory none, known{.history = HistoryOf({"deployed"}), .last_action = "install", .generation_observed = true};
  EXPECT_EQ(text(nullptr, "", kWanted, none), "Absent: no release in storage for object");
  EXPECT_EQ(text(&pending, "", kWanted, none), "Locked: release with status 'pending-upgrade'");
  EXPECT_EQ(text(&pending, "", kWanted, known), "Locked: release with status 'pending-upgrade'");
  EXPECT_EQ(text(&deployed, "", kWanted, none), "Unmanaged: found existing release in storage");
  EXPECT_EQ(text(&gone, "", kWanted, none), "Absent: found uninstalled release in storage");
  EXPECT_EQ(text(&gone, "", kWanted, known), "Absent: found uninstalled release in storage");
  EXPECT_EQ(text(&failed, "", kWanted, known), "Failed: ");
  EXPECT_EQ(text(&ending, "", kWanted, known), "unable to determine state for release with status 'uninstalling'");
  EXPECT_EQ(text(&deployed, "", kWanted, known), "InSync: ");
  Wanted other = kWanted;
  other.chart_version = "1.0.1";
  EXPECT_EQ(text(&deployed, "", other, known), "OutOfSync: release chart changed");
  other = kWanted;
  other.config_digest = "sha256:bb";
  EXPECT_EQ(text(&deployed, "", other, known), "OutOfSync: release config values changed");
  other = kWanted;
  other.post_renderers_digest = "sha256:cc";
  EXPECT_EQ(text(&deployed, "", other, known), "InSync: ") << "only another generation has other post-renderers";
  Memory newer = known;
  newer.generation_observed = false;
  EXPECT_EQ(text(&deployed, "", other, newer), "OutOfSync: postrenderers digest has changed");
  newer.post_renderers_digest = "sha256:cc";
  EXPECT_EQ(text(&deployed, "", other, newer), "InSync: ");
  other.common_metadata_digest = "sha256:dd";
  EXPECT_EQ(text(&deployed, "", other, newer), "OutOfSync: common metadata digest has changed");
  Memory changed = known;
  document::Value list = changed.history.ToValue();
  list.mutable_items()[0].Set("apiVersion", "v2");
  list.mutable_items()[0].Set("digest", "sha256:00");
  changed.history = Snapshots::FromValue(&list);
  EXPECT_EQ(text(&deployed, "", kWanted, changed), "Unmanaged: release not observed to be made for object");
  // Tests.
  Memory tested = known;
  EXPECT_EQ(text(&deployed, "test: {enable: true}", kWanted, known), "Untested: ");
  tested.history = HistoryOf({"deployed"}, "Succeeded");
  EXPECT_EQ(text(&deployed, "test: {enable: true}", kWanted, tested), "InSync: ");
  tested.history = HistoryOf({"deployed"}, "Running");
  EXPECT_EQ(text(&deployed, "test: {enable: true}", kWanted, tested), "Untested: ");
  tested.history = HistoryOf({"deployed"}, "Failed");
  EXPECT_EQ(text(&deployed, "test: {enable: true}", kWanted, tested), "Failed: release has test in failed phase");
  EXPECT_EQ(text(&deployed, "test: {enable: true, ignoreFailures: true}", kWanted, tested), "InSync: ");
  EXPECT_EQ(text(&deployed, "test: {enable: true}, install: {remediation: {ignoreTestFailures: true}}", kWanted, tested), "InSync: ");
}

struct Row {
  std::string_view what;
  ReleaseState state;
  std::string fields;
  std::vector<std::string> history;
  std::string last_action;
  std::int64_t install_failures, upgrade_failures;
  bool forced;
  std::string want;          ///< the step, or the reason and message of Stalled
  std::size_t want_history;  ///< snapshots left
};

TEST(HelmReleaseState, DecidesTheNextStep) {
  const std::string retry = "upgrade: {strategy: {name: RetryOnFailure}}";
  const std::string three = "install: {remediation: {retries: 3}}, upgrade: {remediation: {retries: 3}}";
  const Row rows[] = {
      {"in sync", ReleaseState::InSync, "", {"deployed", "superseded", "superseded"}, "upgrade", 0, 0, false, "", 2},
      {"in sync, forced", ReleaseState::InSync, "", {"deployed"}, "install", 0, 0, true, "upgrade", 1},
      {"absent", ReleaseState::Absent, "", {}, "", 0, 0, false, "install", 0},
      {"absent after the only try",
       ReleaseState::Absent,
       "",
       {},
       "install",
       1,
       0,
       false,
       "RetriesExceeded: Failed to install after 1 attempt(s)",
       0},
      {"absent after the only try, forced", ReleaseState::Absent, "", {}, "install", 1, 0, true, "install", 0},
      {"absent, tries are left", ReleaseState::Absent, three, {"uninstalled"}, "install", 3, 0, false, "install", 1},
      {"absent, none is left",
       ReleaseState::Absent,
       three,
       {"uninstalled"},
       "install",
       4,
       0,
       false,
       "RetriesExceeded: Failed to install after 4 attempt(s)",
       1},
      {"absent, tries without end",
       ReleaseState::Absent,
       "install: {remediation: {retries: -1}}",
       {},
       "install",
       99,
       0,
       false,
       "install",
       0},
      {"not ours", ReleaseState::Unmanaged, "", {"deployed", "superseded"}, "upgrade", 0, 0, false, "upgrade", 0},
      {"out of sync", ReleaseState::OutOfSync, "", {"deployed"}, "install", 0, 0, false, "upgrade", 1},
      {"out of sync, rolled back",
       ReleaseState::OutOfSync,
       three,
       {"deployed", "failed", "superseded"},
       "upgrade",
       0,
       2,
       false,
       "upgrade",
       3},
      {"out of sync, rolled back for the last time",
       ReleaseState::OutOfSync,
       three,
       {"deployed", "failed"},
       "upgrade",
       0,
       4,
       false,
       "RetriesExceeded: Failed to upgrade after 4 attempt(s)",
       2},
      {"locked", ReleaseState::Locked, "", {"pending-upgrade"}, "upgrade", 0, 0, false, "unlock", 1},
      {"untested", ReleaseState::Untested, "test: {enable: true}", {"deployed"}, "install", 0, 0, false, "test", 1},
      {"drifted",
       ReleaseState::Drifted,
       "driftDetection: {mode: enabled}",
       {"deployed"},
       "install",
       0,
       0,
       false,
       "correct cluster drift",
       1},
      {"drifted, to be told", ReleaseState::Drifted, "driftDetection: {mode: warn}", {"deployed"}, "install", 0, 0, false, "", 1},
      {"failed, no action known", ReleaseState::Failed, "", {"failed"}, "", 0, 0, false, "upgrade", 1},
      {"failed, something changed since", ReleaseState::Failed, "", {"failed"}, "install", 0, 0, false, "upgrade", 1},
      {"install failed",
       ReleaseState::Failed,
       "",
       {"failed"},
       "install",
       1,
       0,
       false,
       "RetriesExceeded: Failed to install after 1 attempt(s)",
       1},
      {"install failed, forced", ReleaseState::Failed, "", {"failed"}, "install", 1, 0, true, "upgrade", 1},
      {"install failed, tries are left", ReleaseState::Failed, three, {"failed"}, "install", 1, 0, false, "uninstall", 1},
      {"install failed for the last time",
       ReleaseState::Failed,
       three,
       {"failed"},
       "install",
       4,
       0,
       false,
       "RetriesExceeded: Failed to install after 4 attempt(s)",
       1},
      {"install failed for the last time, to be undone",
       ReleaseState::Failed,
       "install: {remediation: {retries: 0, remediateLastFailure: true}}",
       {"failed"},
       "install",
       1,
       0,
       false,
       "uninstall",
       1},
      {"upgrade failed",
       ReleaseState::Failed,
       "",
       {"failed", "superseded"},
       "upgrade",
       0,
       1,
       false,
       "RetriesExceeded: Failed to upgrade after 1 attempt(s)",
       2},
      {"upgrade failed, tries are left",
       ReleaseState::Failed,
       three,
       {"failed", "failed", "superseded", "superseded"},
       "upgrade",
       0,
       2,
       false,
       "rollback",
       3},
      {"upgrade failed for the last time: undone, for there were tries",
       ReleaseState::Failed,
       three,
       {"failed", "deployed"},
       "upgrade",
       0,
       4,
       false,
       "rollback",
       2},
      {"the same, to be left",
       ReleaseState::Failed,
       "upgrade: {remediation: {retries: 3, remediateLastFailure: false}}",
       {"failed", "deployed"},
       "upgrade",
       0,
       4,
       false,
       "RetriesExceeded: Failed to upgrade after 4 attempt(s)",
       2},
      {"upgrade failed, uninstall",
       ReleaseState::Failed,
       "upgrade: {remediation: {retries: 1, strategy: uninstall}}",
       {"failed", "deployed"},
       "upgrade",
       0,
       1,
       false,
       "uninstall",
       2},
      {"upgrade failed, nothing to go back to",
       ReleaseState::Failed,
       three,
       {"failed", "failed"},
       "upgrade",
       0,
       2,
       false,
       "MissingRollbackTarget: Failed to perform remediation: missing target release for rollback: cannot remediate failed release",
       2},
      {"retry only",
       ReleaseState::Failed,
       retry,
       {"failed", "failed", "failed", "failed", "failed", "failed"},
       "upgrade",
       0,
       7,
       false,
       "upgrade",
       5},
  };
  for (const Row& row : rows) {
    Memory memory{.history = HistoryOf(row.history),
                  .last_action = row.last_action,
                  .failures = row.install_failures + row.upgrade_failures,
                  .install_failures = row.install_failures,
                  .upgrade_failures = row.upgrade_failures,
                  .post_renderers_digest = "",
                  .common_metadata_digest = ""};
    const Decision decision = Decide({row.state, ""}, SpecOf(row.fields), memory, row.forced);
    const std::string got = decision.stalled.empty() ? std::string(NameOf(decision.step)) : decision.stalled + ": " + decision.message;
    EXPECT_EQ(got, row.want) << row.what;
    EXPECT_EQ(memory.history.all().size(), row.want_history) << row.what;
  }
}

TEST(HelmReleaseState, OneStepOfAKindARun) {
  const auto after = [](Step step, const std::string& fields, const std::string& action, std::int64_t failures) {
    const Memory memory{.history = {}, .last_action = action, .install_failures = failures, .upgrade_failures = failures};
    return AfterStep(step, SpecOf(fields), memory);
  };
  const auto before = [](Step step, const std::string& fields, const std::string& action, std::int64_t failures) {
    const Memory memory{.history = {}, .last_action = action, .install_failures = failures, .upgrade_failures = failures};
    return BeforeStep(step, {StepKind::Release}, SpecOf(fields), memory);
  };
  EXPECT_EQ(before(Step::Test, "", "install", 0), Ending::GoOn);
  EXPECT_EQ(before(Step::Upgrade, "", "install", 0), Ending::Requeue);
  EXPECT_EQ(before(Step::Upgrade, "", "install", 1), Ending::Done);
  EXPECT_EQ(before(Step::Upgrade, "install: {strategy: {name: RetryOnFailure}}", "install", 1), Ending::RetryLater);
  EXPECT_EQ(after(Step::Install, "", "install", 1), Ending::GoOn);
  EXPECT_EQ(after(Step::UninstallRemediation, "install: {remediation: {retries: 2}}", "install", 2), Ending::Requeue);
  EXPECT_EQ(after(Step::UninstallRemediation, "install: {remediation: {retries: 2}}", "install", 3), Ending::RetriesExceeded);
  EXPECT_EQ(after(Step::Rollback, "upgrade: {remediation: {retries: 1}}", "upgrade", 2), Ending::RetriesExceeded);
  EXPECT_EQ(after(Step::UninstallRemediation, "upgrade: {remediation: {retries: 1, strategy: uninstall}}", "upgrade", 2), Ending::Requeue);
}

TEST(HelmReleaseState, WhatMakesAnotherReleaseOfIt) {
  const auto latest = HistoryOf({"deployed"});
  const auto change = [&](const std::string& fields, const std::string& chart) {
    return TargetChange(SpecOf(fields), latest.Latest(), "team", chart);
  };
  EXPECT_EQ(change("", "web"), "");
  EXPECT_EQ(change("storageNamespace: other", "web"), "storage namespace");
  EXPECT_EQ(change("targetNamespace: other", "web"), "release namespace");
  EXPECT_EQ(change("releaseName: other", "web"), "release name");
  EXPECT_EQ(change("", "other"), "chart name");
  EXPECT_EQ(change("upgrade: {chartNameChangeStrategy: InPlaceUpdate}", "other"), "");
  EXPECT_EQ(TargetChange(SpecOf("releaseName: other"), nullptr, "team", "web"), "");
  EXPECT_EQ(TargetChange(SpecOf("releaseName: other"), latest.Latest(), "", "web"), "");
}

TEST(HelmReleaseState, AForcedReleaseIsAskedForOnce) {
  EXPECT_TRUE(IsRequested("1", "1", "0", ""));
  EXPECT_FALSE(IsRequested("", "1", "0", ""));
  EXPECT_FALSE(IsRequested("1", "2", "0", "")) << "requestedAt must say the same";
  EXPECT_FALSE(IsRequested("1", "1", "1", "")) << "handled as a request";
  EXPECT_FALSE(IsRequested("1", "1", "0", "1")) << "handled as this one";
}

TEST(HelmReleaseState, WhenFailuresNoLongerCount) {
  EXPECT_EQ(ResetReason(2, 1, "1", "1", "d", "d", false), "generation differs from last attempt");
  EXPECT_EQ(ResetReason(1, 1, "2", "1", "d", "d", false), "chart version differs from last attempt");
  EXPECT_EQ(ResetReason(1, 1, "1", "1", "e", "d", false), "values differ from last attempt");
  EXPECT_EQ(ResetReason(1, 1, "1", "1", "d", "d", true), "reset requested through annotation");
  EXPECT_EQ(ResetReason(1, 1, "1", "1", "d", "d", false), "");
}

}  // namespace
}  // namespace sluice::controller::helm_release
