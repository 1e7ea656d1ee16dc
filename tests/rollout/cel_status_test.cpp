// healthCheckExprs: which expression decides, and what is said of those that cannot be read. Rules: RFC 0009, flux/pkg/runtime/cel.
#include <gtest/gtest.h>

#include "rollout/custom_status.h"
#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

CustomHealthCheck Check(std::string current, std::string failed = "", std::string in_progress = "") {
  return {.api_version = "example.com/v1",
          .kind = "Widget",
          .in_progress = std::move(in_progress),
          .failed = std::move(failed),
          .current = std::move(current)};
}

std::string Judged(const CustomHealthCheck& check, const std::string& fields) {
  const auto compiled = CustomStatus::Compile({check});
  if (!compiled) return compiled.error().message;
  const auto status = (*compiled)->Compute(Yaml("apiVersion: example.com/v1\nkind: Widget\n" + fields));
  if (!status) return "not concerned";
  return std::string(ToString(status->phase)) + (status->phase == Phase::Unknown ? ": " + status->message : "");
}

TEST(CustomStatus, TheOrderDecides) {
  struct Row {
    const char *rule, *fields, *want;
  };
  const Row rows[] = {
      {"all false", "data: {c: false, f: false, p: false}", "InProgress"},
      {"all true", "data: {c: true, f: true, p: true}", "InProgress"},
      {"failed before current", "data: {c: true, f: true, p: false}", "Failed"},
      {"current", "data: {c: true, f: false, p: false}", "Current"},
      {"behind, before all of them", "metadata: {generation: 2}\nstatus: {observedGeneration: 1}\ndata: {c: true, f: true, p: false}",
       "InProgress"},
      {"not behind", "metadata: {generation: 2}\nstatus: {observedGeneration: 2}\ndata: {c: true, f: false, p: false}", "Current"},
      {"a generation that is no integer is left to the expressions",
       "metadata: {generation: 2}\nstatus: {observedGeneration: '1'}\ndata: {c: true, f: false, p: false}", "Current"},
      {"an error ends it", "data: {c: true, f: true}", "Unknown: failed to evaluate the CEL expression 'data.p': no such key: p"},
      {"an error after a yes is not reached", "data: {p: true}", "InProgress"},
      {"no such field", "x: 1", "Unknown: failed to evaluate the CEL expression 'data.p': no such attribute(s): data.p"},
      {"no boolean", "data: {c: true, f: no, p: 3}", "Unknown: failed to evaluate CEL expression as boolean: 'data.p'"},
  };
  for (const Row& row : rows) EXPECT_EQ(Judged(Check("data.c", "data.f", "data.p"), row.fields), row.want) << row.rule;
}

TEST(CustomStatus, OnlyCurrentIsNeeded) {
  const std::string ready = "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')";
  EXPECT_EQ(Judged(Check(ready), "status: {conditions: [{type: Ready, status: 'True'}]}"), "Current");
  EXPECT_EQ(Judged(Check(ready), "status: {conditions: [{type: Ready, status: 'False'}]}"), "InProgress");
  EXPECT_EQ(Judged(Check(ready), "status: {conditions: []}"), "Current");
  EXPECT_EQ(Judged(Check(ready), "status: {}"), "Unknown: failed to evaluate the CEL expression '" + ready + "': no such key: conditions");
}

TEST(CustomStatus, AKindBeforeItsGroup) {
  CustomHealthCheck group = Check("false", "true");
  group.kind = "";
  const auto compiled = CustomStatus::Compile({group, Check("true")});
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto phase = [&](const char* text) {
    const auto status = (*compiled)->Compute(Yaml(text));
    return status ? std::string(ToString(status->phase)) : "not concerned";
  };
  EXPECT_EQ(phase("{apiVersion: example.com/v1, kind: Widget}"), "Current");
  EXPECT_EQ(phase("{apiVersion: example.com/v2beta1, kind: Widget}"), "Current");
  EXPECT_EQ(phase("{apiVersion: example.com/v1, kind: Gadget}"), "Failed");
  EXPECT_EQ(phase("{apiVersion: example.org/v1, kind: Widget}"), "not concerned");
  EXPECT_EQ(phase("{apiVersion: v1, kind: Widget}"), "not concerned");
}

TEST(CustomStatus, WhatCannotBeReadIsNamed) {
  struct Row {
    std::vector<CustomHealthCheck> checks;
    std::string want;
  };
  const std::string one = "failed to create custom status evaluator for healthchecks[0]: ";
  CustomHealthCheck core = Check("true");
  core.api_version = "v1";
  core.kind = "ConfigMap";
  const Row rows[] = {
      {{Check("")}, one + "expression Current not specified"},
      {{Check("data.")},
       one + "failed to parse the expression Current: failed to parse the CEL expression 'data.': ERROR: <input>:1:6: Syntax error: no "
             "viable "
             "alternative at input '.'\n | data.\n | .....^"},
      {{Check("true", "1 +* 2")},
       one + "failed to parse the expression Failed: failed to parse the CEL expression '1 +* 2': ERROR: <input>:1:4: Syntax error: "
             "extraneous "
             "input '*' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
             "IDENTIFIER}\n | 1 +* 2\n | ...^"},
      {{Check("true", "", "'a'.matches('(')")},
       one + "failed to parse the expression InProgress: failed to create CEL program: error parsing regexp: missing closing ): `(`"},
      {{Check("true"), Check("false")}, "duplicate custom health check for GroupKind Widget.example.com at healthchecks[1]"},
      {{core, core}, "duplicate custom health check for GroupKind ConfigMap at healthchecks[1]"},
  };
  for (const Row& row : rows) {
    const auto compiled = CustomStatus::Compile(row.checks);
    ASSERT_FALSE(compiled) << row.want;
    EXPECT_EQ(compiled.error().message, row.want);
  }
}

}  // namespace
}  // namespace sluice::rollout
