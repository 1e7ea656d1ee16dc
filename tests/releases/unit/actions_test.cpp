// Actions that are cancelled, on a real API server; what else they do tests/e2e/helm_release_records_test.py looks at.
#include "releases/actions.h"

#include <gtest/gtest.h>

#include "tests/kube/cluster.h"

namespace sluice::releases {
namespace {

using helm::ReleaseStatus;

helm::Draft DraftOf(std::string value) {
  helm::Draft draft;
  helm::Chart chart;
  chart.metadata.name = "web";
  chart.metadata.version = "1.0.0";
  draft.chart = helm::StoreChart(chart);
  draft.manifest = std::make_shared<const std::string>(
      "---\n# Source: web/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {key: " + std::move(value) + "}\n");
  return draft;
}

/// A pod that never ends, since no kubelet ends it.
helm::ReleaseHook Endless() {
  helm::ReleaseHook hook{.name = "wait", .kind = "Pod", .path = "web/hook.yaml", .events = {"pre-install"}};
  hook.manifest =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: wait}\nspec: {restartPolicy: Never, automountServiceAccountToken: false, "
      "containers: [{name: c, image: none}]}\n";
  return hook;
}

class ActionsTest : public kube::testing::ClusterTest {
 protected:
  ActionsTest() : storage_(*client_, clock_, pool_, {.ns = ns_, .manager = "helm", .as = {}, .owner = "team/web", .observer = {}}) {}

  InstallOptions Installing() {
    InstallOptions options;
    options.name = "web";
    options.ns = ns_;
    return options;
  }
  helm::History Records() { return Must(storage_.LoadHistory("web")); }
  /// Pods want it; the namespace is new.
  void AwaitAccount() {
    ASSERT_TRUE(Until([&] { return Run(client_->Get(Ref("ServiceAccount", "default"))).has_value(); }));
  }
  bool IsHookRunning() {
    const helm::History history = Records();
    return !history.empty() && !history.back().release.hooks.empty() && history.back().release.hooks[0].last_run.phase == "Running";
  }

  helm::ChartPool pool_;
  Storage storage_;
  PollingFollower follower_{*client_, clock_};
  Actions actions_{{.client = *client_,
                    .clock = clock_,
                    .storage = storage_,
                    .follower = follower_,
                    .log = base::Logger::Null(),
                    .as = {},
                    .manager = "helm"}};
};

net::Task<void> Keep(net::Task<Outcome> task, std::optional<Outcome>* out) { out->emplace(co_await std::move(task)); }

TEST_F(ActionsTest, CancelledTheyLeaveARecordToGoOnFrom) {
  AwaitAccount();
  net::Scope scope(runtime_.io());
  std::optional<Outcome> outcome;
  helm::Draft draft = DraftOf("one");
  draft.hooks.push_back(Endless());
  const net::CancelHandle handle = scope.Spawn(Keep(actions_.Install(Installing(), {}, std::move(draft)), &outcome));
  ASSERT_TRUE(Until([&] { return IsHookRunning(); }));
  EXPECT_FALSE(outcome);
  handle.Cancel();
  ASSERT_TRUE(Until([&] { return outcome.has_value(); }));
  ASSERT_TRUE(outcome->error);
  EXPECT_EQ(outcome->error->reason, base::Reason::Canceled);

  helm::History history = Records();
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].release.info.status, ReleaseStatus::PendingInstall);
  EXPECT_TRUE(actions_.IsOurs(history[0]));
  UpgradeOptions options;
  options.name = "web";
  options.ns = ns_;
  const Outcome upgraded = runtime_.BlockOn(actions_.Upgrade(options, std::move(history), DraftOf("two")));
  ASSERT_TRUE(upgraded.ok()) << upgraded.error->message;
  EXPECT_EQ(upgraded.record->release.version, 2);
  history = Records();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].release.info.description, "Release \"web\" failed: context canceled");
  EXPECT_EQ(history[1].release.info.status, ReleaseStatus::Deployed);
  EXPECT_EQ(history[1].progress.event, "");
  EXPECT_EQ(Must(client_->Get(Ref("ConfigMap", "web"))).StringAt({"data", "key"}), "two");
}

TEST_F(ActionsTest, AHookThatIsRunningIsWaitedForAndNotMadeAnew) {
  AwaitAccount();
  net::Scope scope(runtime_.io());
  std::optional<Outcome> outcome;
  helm::Draft draft = DraftOf("one");
  draft.hooks.push_back(Endless());
  const net::CancelHandle handle = scope.Spawn(Keep(actions_.Install(Installing(), {}, std::move(draft)), &outcome));
  const kube::ObjectRef pod = Ref("Pod", "wait");
  ASSERT_TRUE(Until([&] { return Run(client_->Get(pod)).has_value(); }));
  const std::string uid(Must(client_->Get(pod)).StringAt({"metadata", "uid"}));
  handle.Cancel();
  ASSERT_TRUE(Until([&] { return outcome.has_value(); }));

  outcome.reset();
  Actions::ResumeOptions options;
  options.install = Installing();
  scope.Spawn(Keep(actions_.Resume(options, Records()), &outcome));
  RunFor(std::chrono::milliseconds(300));
  EXPECT_FALSE(outcome);
  const document::Value ended = kube::testing::Parse("{status: {phase: Succeeded}}");
  const kube::WriteOptions as_kubelet{.manager = "test", .subresource = "status"};
  ASSERT_TRUE(Until([&] {
    (void)Run(client_->Patch(pod, kube::PatchType::Merge, ended, as_kubelet));
    return outcome.has_value();
  }));
  EXPECT_TRUE(outcome->ok()) << outcome->error->message;
  EXPECT_EQ(Must(client_->Get(pod)).StringAt({"metadata", "uid"}), uid);
  EXPECT_EQ(Records().back().release.hooks[0].last_run.phase, "Succeeded");
}

TEST_F(ActionsTest, WhoeverWroteTheRecordInBetweenIsNotOverwritten) {
  Storage other(*client_, clock_, pool_, {.ns = ns_, .manager = "helm", .as = {}, .owner = "team/other", .observer = {}});
  const Outcome installed = runtime_.BlockOn(actions_.Install(Installing(), {}, DraftOf("one")));
  ASSERT_TRUE(installed.ok()) << installed.error->message;
  helm::ReleaseRecord theirs = Records().back(), ours = theirs;
  Must(other.Update(theirs));
  EXPECT_EQ(Run(storage_.Update(ours)).error().reason, base::Reason::Conflict);
  // But marking an old revision superseded is right whatever was written.
  Must(storage_.Supersede(ours));
  EXPECT_EQ(Records().back().release.info.status, ReleaseStatus::Superseded);
  // What we wrote ourselves, of which the answer was lost, is no obstacle.
  helm::ReleaseRecord stale = Records().back(), fresh = stale;
  Must(storage_.Update(fresh));
  Must(storage_.Update(stale));
}

}  // namespace
}  // namespace sluice::releases
