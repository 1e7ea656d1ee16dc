#include "controller/conditions.h"

#include <gtest/gtest.h>

#include "document/json.h"

namespace sluice::controller {
namespace {

using document::EmitJson;
using document::ParseJson;
using namespace std::chrono_literals;

const base::TimePoint kNoon = *base::ParseRfc3339("2026-01-31T12:00:00Z");

std::string TransitionAfter(ConditionStatus status, std::string_view reason, std::string_view message, std::int64_t generation) {
  Conditions conditions;
  conditions.Set("Ready", ConditionStatus::True, "Succeeded", "done", 1, kNoon);
  conditions.Set("Ready", status, reason, message, generation, kNoon + 1h);
  return conditions.Find("Ready")->last_transition_time;
}

TEST(Conditions, TransitionTimeMovesWithStatusReasonOrMessageOnly) {
  EXPECT_EQ(TransitionAfter(ConditionStatus::True, "Succeeded", "done", 2), "2026-01-31T12:00:00Z");
  EXPECT_EQ(TransitionAfter(ConditionStatus::False, "Succeeded", "done", 1), "2026-01-31T13:00:00Z");
  EXPECT_EQ(TransitionAfter(ConditionStatus::True, "Failed", "done", 1), "2026-01-31T13:00:00Z");
  EXPECT_EQ(TransitionAfter(ConditionStatus::True, "Succeeded", "else", 1), "2026-01-31T13:00:00Z");
}

TEST(Conditions, GenericOnesComeFirstThenNewerGenerationsThenNames) {
  Conditions conditions;
  conditions.Set("Healthy", ConditionStatus::True, "R", "", 1, kNoon);
  conditions.Set("ArtifactInStorage", ConditionStatus::True, "R", "", 1, kNoon);
  conditions.Set("SourceVerified", ConditionStatus::True, "R", "", 2, kNoon);
  conditions.Set("Ready", ConditionStatus::True, "R", "", 1, kNoon);
  conditions.Set("Stalled", ConditionStatus::True, "R", "", 1, kNoon);
  conditions.Set("Reconciling", ConditionStatus::True, "R", "", 1, kNoon);
  std::string order;
  const document::Value list = conditions.ToValue();
  for (const document::Value& item : list.items()) order += std::string(item.StringAt({"type"})) + " ";
  EXPECT_EQ(order, "Stalled Reconciling Ready SourceVerified ArtifactInStorage Healthy ");
}

TEST(Conditions, WhatIsReadIsWrittenBack) {
  constexpr std::string_view kStatus =
      R"({"conditions":[{"lastTransitionTime":"2026-01-31T12:00:00Z","message":"Applied revision: main@sha1:1","observedGeneration":3,)"
      R"("reason":"ReconciliationSucceeded","status":"True","type":"Ready"}]})";
  const auto status = ParseJson(kStatus);
  ASSERT_TRUE(status);
  const Conditions conditions = Conditions::FromStatus(*status);
  EXPECT_TRUE(conditions.IsTrue("Ready"));
  document::Value again = document::Value::Mapping();
  again.Set("conditions", conditions.ToValue());
  EXPECT_EQ(EmitJson(again), kStatus);
}

TEST(Conditions, OneThatKeepsNoGenerationGetsNone) {
  constexpr std::string_view kStatus =
      R"({"conditions":[{"lastTransitionTime":"2026-01-31T12:00:00Z","message":"by somebody else","reason":"Said","status":"True","type":"Theirs"}]})";
  document::Value again = document::Value::Mapping();
  again.Set("conditions", Conditions::FromStatus(*ParseJson(kStatus)).ToValue());
  EXPECT_EQ(EmitJson(again), kStatus);
}

TEST(Conditions, LongMessagesAreCutBetweenCharacters) {
  std::string message(kMaxConditionMessage - 4, 'a');
  message += "äääää";
  Conditions conditions;
  conditions.Set("Ready", ConditionStatus::False, "Failed", message, 1, kNoon);
  const std::string& kept = conditions.Find("Ready")->message;
  EXPECT_EQ(kept, std::string(kMaxConditionMessage - 4, 'a') + "...");
}

TEST(Conditions, RemoveLeavesTheOthers) {
  Conditions conditions;
  conditions.Set("Ready", ConditionStatus::False, "Failed", "", 1, kNoon);
  conditions.Set("Reconciling", ConditionStatus::True, "Progressing", "", 1, kNoon);
  conditions.Remove("Reconciling");
  EXPECT_EQ(conditions.Find("Reconciling"), nullptr);
  EXPECT_TRUE(conditions.IsFalse("Ready"));
}

}  // namespace
}  // namespace sluice::controller
