#include "controller/expressions.h"

#include <gtest/gtest.h>

#include "controller/kustomization/links.h"
#include "controller/kustomization/spec.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

document::Value Object(const std::string& spec) {
  auto parsed = document::ParseYaml("metadata: {name: app, namespace: team}\nspec:\n  interval: 10m\n  prune: true\n" + spec);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

Spec SpecOf(const std::string& fields) {
  const auto spec = ParseSpec(Object("  sourceRef: {kind: GitRepository, name: fleet}\n" + fields));
  EXPECT_TRUE(spec) << spec.error().message;
  return *spec;
}

TEST(Expressions, WhatCannotBeReadIsNamed) {
  const std::string prefix = "Reconciliation failed terminally due to configuration error: ";
  struct Row {
    const char* fields;
    std::string want;
  };
  const Row rows[] = {
      {"  path: ./a\n", ""},
      {"  dependsOn: [{name: a}, {name: b, readyExpr: 'dep.metadata.generation == self.metadata.generation'}]\n", ""},
      {"  healthCheckExprs: [{apiVersion: v1, kind: X, current: 'true'}, {apiVersion: v1, current: 'true'}]\n", ""},
      {"  dependsOn: [{name: b, readyExpr: 'dep.status'}]\n",
       "terminal error: failed to evaluate dependency b: CEL expression output type mismatch: expected bool, got dyn"},
      {"  dependsOn: [{name: b, readyExpr: 'other == 1'}]\n",
       "terminal error: failed to evaluate dependency b: failed to parse the CEL expression 'other == 1': ERROR: <input>:1:1: undeclared "
       "reference to "
       "'other' (in container '')\n | other == 1\n | ^"},
      {"  healthCheckExprs: [{apiVersion: v1, kind: X}]\n",
       "failed to create custom status evaluator for healthchecks[0]: expression Current not specified"},
  };
  for (const Row& row : rows) {
    const Spec spec = SpecOf(row.fields);
    EXPECT_EQ(WrongExpression(spec.health_check_exprs, spec.depends_on).value_or(""), row.want.empty() ? "" : prefix + row.want)
        << row.fields;
  }
}

TEST(Expressions, KeepWithinTheirLimits) {
  const document::Value self = Object("  path: ./a\n");
  const auto ask = [&](const std::string& expression, const rollout::cel::Limits& limits) {
    const auto ready = IsReadyByExpression({.name = {"team", "dep"}, .ready_expr = expression}, self, self, limits);
    return ready ? std::string(*ready ? "yes" : "no") : ready.error().message;
  };
  const std::string loop = "[1, 2, 3].all(x, [4, 5, 6].all(y, x < y))", match = "'abc'.matches('^[a-c]+$')";
  EXPECT_EQ(ask(loop, {}), "yes");
  EXPECT_EQ(ask(loop, {.max_cost = 10}),
            "failed to evaluate the CEL expression '" + loop + "': operation cancelled: actual cost limit exceeded");
  EXPECT_EQ(ask(match, {}), "yes");
  EXPECT_EQ(ask(match, {.max_regex_bytes = 7}), "failed to create CEL program: error parsing regexp: expression too large");
  const Spec spec = SpecOf("  healthCheckExprs: [{apiVersion: v1, kind: X, current: \"" + match + "\"}]\n");
  const auto compiled = rollout::CustomStatus::Compile(spec.health_check_exprs, {.max_cost = 0});
  ASSERT_TRUE(compiled);
  EXPECT_NE((*compiled)->Compute(*document::ParseYaml("{apiVersion: v1, kind: X, metadata: {name: a}}"))->message.find("cost limit"),
            std::string::npos);
}

TEST(Expressions, ADependencyIsReadyWhenItsExpressionSaysSo) {
  const document::Value self = Object("  path: ./a\n"), dep = Object("  path: ./b\n");
  const auto ask = [&](const std::string& expression) {
    const auto ready = IsReadyByExpression({.name = {"team", "dep"}, .ready_expr = expression}, self, dep);
    return ready ? std::string(*ready ? "yes" : "no") : ready.error().message;
  };
  EXPECT_EQ(ask("dep.spec.path == './b' && self.spec.path == './a'"), "yes");
  EXPECT_EQ(ask("has(dep.status)"), "no");
  EXPECT_EQ(ask("dep.status.ready == true"), "failed to evaluate the CEL expression 'dep.status.ready == true': no such key: status");
}

TEST(Expressions, HealthExpressionsStayTheSameWhileTheSpecDoes) {
  HealthExpressions expressions;
  const std::string fields = "  healthCheckExprs: [{apiVersion: v1, kind: X, current: 'true'}]\n";
  expressions.Update(Object(fields));
  const auto first = expressions.Find("team", "app");
  ASSERT_TRUE(first);
  expressions.Update(Object(fields + "  path: ./b\n"));
  EXPECT_EQ(expressions.Find("team", "app"), first);
  EXPECT_FALSE(expressions.Find("team", "other"));
  expressions.Update(Object("  healthCheckExprs: [{apiVersion: v1, kind: X, current: 'false'}]\n"));
  EXPECT_NE(expressions.Find("team", "app"), first);
  expressions.Update(Object("  healthCheckExprs: [{apiVersion: v1, kind: X, current: '('}]\n"));
  EXPECT_FALSE(expressions.Find("team", "app"));
  expressions.Update(Object(fields));
  expressions.Update(Object("  path: ./b\n"));
  EXPECT_FALSE(expressions.Find("team", "app"));
}

TEST(Links, FindWhoNamesAConfig) {
  Links links;
  links.Update(
      Object("  postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}, {kind: Secret, name: keys}]}\n"
             "  decryption: {provider: sops, secretRef: {name: sops}}\n  kubeConfig: {secretRef: {name: remote}}\n"
             "  dependsOn: [{name: base, readyExpr: 'true'}]\n"));
  const Key app{"team", "app"};
  struct Row {
    ConfigKey config;
    bool named;
  };
  const Row rows[] = {{{false, "team", "vars"}, true},   {{true, "team", "keys"}, true},  {{true, "team", "sops"}, true},
                      {{true, "team", "remote"}, true},  {{true, "team", "vars"}, false}, {{false, "team", "keys"}, false},
                      {{false, "other", "vars"}, false}, {{false, "team", "x"}, false}};
  for (const Row& row : rows) EXPECT_EQ(links.OfConfig(row.config), row.named ? std::vector{app} : std::vector<Key>{}) << row.config.name;
  EXPECT_TRUE(links.AsksByExpression(app));
  links.Update(Object("  kubeConfig: {configMapRef: {name: remote}}\n  dependsOn: [{name: base}]\n"));
  EXPECT_EQ(links.OfConfig({true, "team", "keys"}), std::vector<Key>{});
  EXPECT_EQ(links.OfConfig({false, "team", "remote"}), std::vector{app});
  EXPECT_FALSE(links.AsksByExpression(app));
  links.Remove(app);
  EXPECT_EQ(links.OfConfig({false, "team", "remote"}), std::vector<Key>{});
}

}  // namespace
}  // namespace sluice::controller::kustomization
