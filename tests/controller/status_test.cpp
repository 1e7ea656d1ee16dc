#include "controller/kustomization/status.h"

#include <gtest/gtest.h>

#include "controller/conditions.h"
#include "controller/kustomization/links.h"
#include "controller/object_events.h"
#include "controller/services.h"
#include "document/json.h"
#include "document/yaml.h"

namespace sluice::controller {
namespace {

using document::Value;
using namespace std::chrono_literals;

const base::TimePoint kNoon = *base::ParseRfc3339("2026-01-31T12:00:00Z");

Value Parse(std::string_view yaml) {
  auto parsed = document::ParseYaml(yaml);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

const Value kObject = Parse(
    "metadata: {name: app, namespace: flux, generation: 2, annotations: {reconcile.fluxcd.io/requestedAt: now}}\nstatus: "
    "{observedGeneration: -1}\n");

std::string ConditionsOf(const Value& status) {
  std::string out;
  for (const Value& item : status.Find("conditions")->items()) {
    out += std::string(item.StringAt({"type"})) + "=" + std::string(item.StringAt({"status"})) + " " +
           std::string(item.StringAt({"reason"})) + " " + std::string(item.StringAt({"message"})) + "\n";
  }
  return out;
}

kustomization::Attempt AttemptOf(std::string revision) {
  kustomization::Attempt attempt;
  attempt.revision = std::move(revision);
  attempt.digest = "sha256:1";
  attempt.inventory = Parse("entries: [{id: a_b__ConfigMap, v: v1}]");
  attempt.duration = 2s;
  attempt.timeout = "9m0s";
  return attempt;
}

TEST(KustomizationStatus, SuccessIsWhatFluxLeaves) {
  const Value status = kustomization::StatusSucceeded(kObject, AttemptOf("main@sha1:1"), std::nullopt, kNoon);
  EXPECT_EQ(
      document::EmitYaml(status),
      "conditions:\n- lastTransitionTime: \"2026-01-31T12:00:00Z\"\n  message: 'Applied revision: main@sha1:1'\n  observedGeneration: 2\n"
      "  reason: ReconciliationSucceeded\n  status: \"True\"\n  type: Ready\n"
      "history:\n- digest: sha256:1\n  firstReconciled: \"2026-01-31T12:00:00Z\"\n  lastReconciled: \"2026-01-31T12:00:00Z\"\n"
      "  lastReconciledDuration: 2s\n  lastReconciledStatus: ReconciliationSucceeded\n  metadata:\n    revision: main@sha1:1\n  "
      "totalReconciliations: 1\n"
      "inventory:\n  entries:\n  - id: a_b__ConfigMap\n    v: v1\nlastAppliedRevision: main@sha1:1\nlastAttemptedRevision: main@sha1:1\n"
      "lastHandledReconcileAt: now\nobservedGeneration: 2\n");
  Value object = kObject;
  object.Set("status", status);
  EXPECT_TRUE(kustomization::ShowsSuccess(object, "main@sha1:1"));
  EXPECT_FALSE(kustomization::ShowsSuccess(object, "main@sha1:2"));
  document::SetAnnotation(object, kRequestedAt, "later");
  EXPECT_FALSE(kustomization::ShowsSuccess(object, "main@sha1:1"));
}

TEST(KustomizationStatus, FailureKeepsTheObservedGenerationAndRetries) {
  const Value status = kustomization::StatusFailed(kObject, AttemptOf("main@sha1:1"), "HealthCheckFailed",
                                                   "health check failed after 3s: timeout waiting", kNoon);
  EXPECT_EQ(
      ConditionsOf(status),
      "Reconciling=True ProgressingWithRetry Running health checks for revision main@sha1:1 with a timeout of 9m0s\n"
      "Ready=False HealthCheckFailed health check failed after 3s: timeout waiting\nHealthy=False HealthCheckFailed timeout waiting\n");
  EXPECT_EQ(status.Find("observedGeneration")->AsInt(), -1);
  EXPECT_EQ(status.StringAt({"lastAttemptedRevision"}), "main@sha1:1");
  EXPECT_EQ(status.Find("lastAppliedRevision"), nullptr);
}

TEST(KustomizationStatus, ProgressLeavesReadyAloneUnlessSomethingDrifted) {
  Value object = kObject;
  object.Set("status", kustomization::StatusSucceeded(kObject, AttemptOf("main@sha1:1"), 1s, kNoon));
  EXPECT_EQ(ConditionsOf(kustomization::StatusProgressing(object, AttemptOf("main@sha1:2"), "Detecting", false, kNoon)),
            "Reconciling=True Progressing Detecting\nReady=True ReconciliationSucceeded Applied revision: main@sha1:1\nHealthy=True "
            "Succeeded Health check passed in 1s\n");
  EXPECT_EQ(ConditionsOf(kustomization::StatusChecking(object, AttemptOf("main@sha1:2"), "Running", "Pod a/b: waits", kNoon)),
            "Reconciling=True Progressing Running: Pod a/b: waits\nReady=Unknown Progressing Reconciliation in progress: Pod a/b: waits\n"
            "Healthy=Unknown Progressing Running health checks for revision main@sha1:2 with a timeout of 9m0s\n");
}

TEST(KustomizationStatus, TheStepThatFailedIsNamed) {
  struct Row {
    std::string_view reason, message, reconciling;
    bool attempted;
  };
  constexpr Row kRows[] = {
      {"ArtifactFailed", "Source 'GitRepository/a/b' not found", "Source 'GitRepository/a/b' not found", false},
      {"ArtifactFailed", "kustomization path not found: ./x", "Fetching manifests for revision main@sha1:1 with a timeout of 9m0s", false},
      {"DependencyNotReady", "dependency 'a/b' is not ready", "dependency 'a/b' is not ready", false},
      {"BuildFailed", "no", "Building manifests for revision main@sha1:1 with a timeout of 9m0s", true},
      {"ReconciliationFailed", "no", "Detecting drift for revision main@sha1:1 with a timeout of 9m0s", true},
      {"PruneFailed", "no", "Detecting drift for revision main@sha1:1 with a timeout of 9m0s", true},
  };
  for (const Row& row : kRows) {
    const Value status = kustomization::StatusFailed(kObject, AttemptOf("main@sha1:1"), row.reason, row.message, kNoon);
    const std::string want = "Reconciling=True ProgressingWithRetry " + std::string(row.reconciling) + "\nReady=False " +
                             std::string(row.reason) + " " + std::string(row.message) + "\n";
    EXPECT_EQ(ConditionsOf(status), want);
    EXPECT_EQ(status.StringAt({"lastAttemptedRevision"}), row.attempted ? "main@sha1:1" : "") << row.reason << " " << row.message;
  }
}

TEST(KustomizationStatus, WhatIsHeldIsRememberedUntilTheGuardSaysOtherwise) {
  kustomization::Attempt attempt = AttemptOf("main@sha1:1");
  attempt.judged = true;
  attempt.held = kustomization::Attempt::Held{.mass = true, .message = "much"};
  Value object = kObject;
  object.Set("status", kustomization::StatusFailed(object, attempt, "PruneHeld", "much", kNoon));
  EXPECT_EQ(
      ConditionsOf(*object.Find("status")),
      "Reconciling=True ProgressingWithRetry Detecting drift for revision main@sha1:1 with a timeout of 9m0s\nReady=False PruneHeld much\n"
      "PruneHeld=True MassRemoval much\n");
  EXPECT_TRUE(kustomization::HoldsMass(object));
  object.Set("status", kustomization::StatusFailed(object, AttemptOf("main@sha1:2"), "BuildFailed", "no", kNoon));  // not asked
  EXPECT_TRUE(kustomization::HoldsMass(object));
  attempt.held = kustomization::Attempt::Held{.mass = false, .message = "data"};
  object.Set("status", kustomization::StatusFailed(object, attempt, "PruneHeld", "data", kNoon));
  EXPECT_FALSE(kustomization::HoldsMass(object));
  attempt.held.reset();
  object.Set("status", kustomization::StatusFailed(object, attempt, "PruneFailed", "no", kNoon));
  EXPECT_EQ(Conditions::FromStatus(*object.Find("status")).Find("PruneHeld"), nullptr);
}

TEST(KustomizationStatus, StalledIsSettledForThisGeneration) {
  const Value status = kustomization::StatusStalled(kObject, "AccessDenied", "no", kNoon);
  EXPECT_EQ(ConditionsOf(status), "Stalled=True AccessDenied no\nReady=False AccessDenied no\n");
  EXPECT_EQ(status.Find("observedGeneration")->AsInt(), 2);
}

TEST(KustomizationStatus, SuspendedNothingSaysThatWorkGoesOn) {
  using kustomization::Attempt;
  const Value ready = kustomization::StatusSucceeded(kObject, AttemptOf("main@sha1:1"), 1s, kNoon);
  const auto with = [](const Value& status) {
    Value object = kObject;
    object.Set("status", status);
    return object;
  };
  const std::string failed = "health check failed after 3s: timeout waiting";
  struct Row {
    std::string_view rule;
    Value before;
    std::string_view want;
    std::int64_t observed;
  };
  const Row rows[] = {
      {"in the middle of a wait", kustomization::StatusChecking(with(ready), AttemptOf("main@sha1:2"), "Running", "Pod a/b: waits", kNoon),
       "Ready=False HealthCheckCanceled Health checks canceled: the Kustomization was suspended; resume it to go on\n"
       "Healthy=Unknown HealthCheckCanceled Health checks canceled: the Kustomization was suspended\n",
       2},
      {"while something else was done", kustomization::StatusProgressing(kObject, AttemptOf("main@sha1:2"), "Detecting", true, kNoon),
       "Ready=False Suspended Reconciliation canceled: the Kustomization was suspended; resume it to go on\n", -1},
      {"the same, after a success", kustomization::StatusProgressing(with(ready), AttemptOf("main@sha1:2"), "Detecting", false, kNoon),
       "Ready=True ReconciliationSucceeded Applied revision: main@sha1:1\nHealthy=True Succeeded Health check passed in 1s\n", 3},
      {"ready", ready,
       "Ready=True ReconciliationSucceeded Applied revision: main@sha1:1\nHealthy=True Succeeded Health check passed in 1s\n", 3},
      {"failed", kustomization::StatusFailed(kObject, AttemptOf("main@sha1:1"), "BuildFailed", "no", kNoon),
       "Reconciling=True ProgressingWithRetry Building manifests for revision main@sha1:1 with a timeout of 9m0s\nReady=False BuildFailed "
       "no\n",
       -1},
      {"stalled", kustomization::StatusStalled(kObject, "AccessDenied", "no", kNoon),
       "Stalled=True AccessDenied no\nReady=False AccessDenied no\n", 2},
  };
  for (const Row& row : rows) {
    Value object = with(row.before);
    object["metadata"].Set("generation", std::int64_t{3});
    const Value status = kustomization::StatusSuspended(object, Attempt{}, kNoon);
    EXPECT_EQ(ConditionsOf(status), row.want) << row.rule;
    EXPECT_EQ(status.Find("observedGeneration")->AsInt(), row.observed) << row.rule;
    object.Set("status", status);
    EXPECT_EQ(kustomization::StatusSuspended(object, Attempt{}, kNoon + 1h), status) << row.rule << ": nothing is left to say";
  }
  Value fresh = Parse("metadata: {name: app, namespace: flux, generation: 1}\n");
  EXPECT_EQ(kustomization::StatusSuspended(fresh, Attempt{}, kNoon), Value::Mapping());
}

TEST(ObjectEvents, OnlyIntentTriggers) {
  const Value before = Parse("metadata: {uid: a, generation: 1, labels: {x: y}}\nstatus: {a: b}\n");
  EXPECT_EQ(TriggersOf(before, Parse("metadata: {uid: a, generation: 1, labels: {x: z}}\nstatus: {a: c}\n")), 0U);
  EXPECT_EQ(TriggersOf(before, Parse("metadata: {uid: a, generation: 2}\n")), trigger::kSpec);
  EXPECT_EQ(TriggersOf(before, Parse("metadata: {uid: b, generation: 1}\n")), trigger::kSpec);
  EXPECT_EQ(TriggersOf(before, Parse("metadata: {uid: a, generation: 1, annotations: {reconcile.fluxcd.io/requestedAt: x}}\n")),
            trigger::kRequested);
  EXPECT_EQ(TriggersOf(before, Parse("metadata: {uid: a, generation: 1, annotations: {sluice.dev/allow-prune: x}}\n")),
            trigger::kRequested);
  EXPECT_EQ(TriggersOf(before, Parse("metadata: {uid: a, generation: 1, deletionTimestamp: x}\n")), trigger::kDeleted);
}

TEST(Links, FollowWhatAnObjectRefersTo) {
  kustomization::Links links;
  links.Update(
      Parse("metadata: {name: a, namespace: n}\nspec: {sourceRef: {kind: GitRepository, name: g}, dependsOn: [{name: b}, {name: c, "
            "namespace: m}]}\n"));
  const SourceKey source{"GitRepository", "n", "g"};
  EXPECT_EQ(links.OfSource(source), (std::vector<Key>{{"n", "a"}}));
  EXPECT_EQ(links.DependentsOf({"m", "c"}), (std::vector<Key>{{"n", "a"}}));
  links.Update(Parse("metadata: {name: a, namespace: n}\nspec: {sourceRef: {kind: GitRepository, name: g, namespace: o}}\n"));
  EXPECT_TRUE(links.OfSource(source).empty());
  EXPECT_TRUE(links.DependentsOf({"n", "b"}).empty());
  EXPECT_EQ(links.OfSource({"GitRepository", "o", "g"}), (std::vector<Key>{{"n", "a"}}));
  links.Remove({"n", "a"});
  EXPECT_TRUE(links.OfSource({"GitRepository", "o", "g"}).empty());
}

}  // namespace
}  // namespace sluice::controller
