#include "controller/expressions.h"

#include <algorithm>
#include <array>

#include "document/object.h"
#include "rollout/cel/expression.h"

namespace sluice::controller {
namespace {

using base::Result;
using document::Value;

Result<rollout::cel::Expression> ReadReadyExpr(const Dependency& dependency, const rollout::cel::Limits& limits) {
  return rollout::cel::Expression::CheckBoolean(dependency.ready_expr, {"self", "dep"}, limits);
}

}  // namespace

std::optional<std::string> WrongExpression(const std::vector<rollout::CustomHealthCheck>& checks,
                                           const std::vector<Dependency>& dependencies, const rollout::cel::Limits& limits) {
  const std::string prefix = "Reconciliation failed terminally due to configuration error: ";
  const auto compiled = rollout::CustomStatus::Compile(checks, limits);
  if (!compiled) return prefix + compiled.error().message;
  for (const Dependency& dependency : dependencies) {
    if (dependency.ready_expr.empty()) continue;
    const auto expression = ReadReadyExpr(dependency, limits);
    if (!expression)
      return prefix + "terminal error: failed to evaluate dependency " + dependency.name.name + ": " + expression.error().message;
  }
  return std::nullopt;
}

Result<bool> IsReadyByExpression(const Dependency& dependency, const Value& self, const Value& dep, const rollout::cel::Limits& limits) {
  TRY(const rollout::cel::Expression expression, ReadReadyExpr(dependency, limits));
  return expression.EvaluateBoolean(rollout::cel::Activation({{"self", &self}, {"dep", &dep}}));
}

bool MetadataMoved(const Value& before, const Value& after) {
  return std::ranges::any_of(std::array{"labels", "annotations"}, [&](const char* field) {
    const Value *was = before.At({"metadata", field}), *is = after.At({"metadata", field});
    return was == nullptr || is == nullptr ? was != is : !(*was == *is);
  });
}

void HealthExpressions::Update(const Value& object) {
  const Key key{std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))};
  auto checks = ReadHealthCheckExprs(object);
  const auto known = by_key_.find(key);
  if (!checks || checks->empty()) {
    if (known != by_key_.end()) by_key_.erase(known);
    return;
  }
  if (known != by_key_.end() && known->second->checks() == *checks) return;
  auto compiled = rollout::CustomStatus::Compile(*std::move(checks), limits_);
  if (compiled) {
    by_key_[key] = *std::move(compiled);
  } else {
    by_key_.erase(key);
  }
}

std::shared_ptr<const rollout::CustomStatus> HealthExpressions::Find(std::string_view ns, std::string_view name) const {
  if (by_key_.empty()) return nullptr;
  const auto at = by_key_.find(Key{std::string(ns), std::string(name)});
  return at == by_key_.end() ? nullptr : at->second;
}

}  // namespace sluice::controller
