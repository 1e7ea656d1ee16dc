#include "controller/kustomization/history.h"

#include <gtest/gtest.h>

#include "document/json.h"

namespace sluice::controller::kustomization {
namespace {

using namespace std::chrono_literals;
const base::TimePoint kNoon = *base::ParseRfc3339("2026-01-31T12:00:00Z");

HistoryEntry Entry(std::string digest, std::string status, base::TimePoint at) {
  return {.digest = std::move(digest), .status = std::move(status), .revision = "main@sha1:1", .at = at, .duration = 1500ms};
}

TEST(History, FirstEntry) {
  const document::Value history = WithEntry(nullptr, Entry("sha256:a", "ReconciliationSucceeded", kNoon));
  EXPECT_EQ(document::EmitJson(history),
            R"([{"digest":"sha256:a","firstReconciled":"2026-01-31T12:00:00Z","lastReconciled":"2026-01-31T12:00:00Z",)"
            R"("lastReconciledDuration":"1.5s","lastReconciledStatus":"ReconciliationSucceeded","totalReconciliations":1,)"
            R"("metadata":{"revision":"main@sha1:1"}}])");
}

TEST(History, TheSameResultIsCountedUpAndComesFirst) {
  document::Value history = WithEntry(nullptr, Entry("sha256:a", "ReconciliationSucceeded", kNoon));
  history = WithEntry(&history, Entry("sha256:a", "HealthCheckFailed", kNoon + 1h));
  history = WithEntry(&history, Entry("sha256:a", "ReconciliationSucceeded", kNoon + 2h));
  ASSERT_EQ(history.size(), 2U);
  const document::Value& top = history.items()[0];
  EXPECT_EQ(top.Find("totalReconciliations")->AsInt(), 2);
  EXPECT_EQ(top.StringAt({"firstReconciled"}), "2026-01-31T12:00:00Z");
  EXPECT_EQ(top.StringAt({"lastReconciled"}), "2026-01-31T14:00:00Z");
  EXPECT_EQ(history.items()[1].StringAt({"lastReconciledStatus"}), "HealthCheckFailed");
}

TEST(History, FiveAreKept) {
  document::Value history;
  for (int i = 0; i < 7; ++i) history = WithEntry(&history, Entry("sha256:" + std::to_string(i), "ReconciliationSucceeded", kNoon));
  ASSERT_EQ(history.size(), 5U);
  EXPECT_EQ(history.items()[0].StringAt({"digest"}), "sha256:6");
  EXPECT_EQ(history.items()[4].StringAt({"digest"}), "sha256:2");
}

}  // namespace
}  // namespace sluice::controller::kustomization
