// controller/expressions.h: the CEL expressions in the specs of Kustomizations and HelmReleases: which objects are healthy (`healthCheckExprs`), and
// which dependencies are ready (`dependsOn[].readyExpr`). Pure but for what it remembers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "controller/spec_parts.h"
#include "controller/work_queue.h"
#include "document/value.h"
#include "rollout/custom_status.h"

namespace sluice::controller {

/// What is wrong with the first expression that cannot be read, in Flux's words behind `Reconciliation failed terminally due to
/// configuration error: `; nullopt if all can.
std::optional<std::string> WrongExpression(const std::vector<rollout::CustomHealthCheck>& checks,
                                           const std::vector<Dependency>& dependencies, const rollout::cel::Limits& limits = {});

/// Whether `dep` is ready for `self`, as `dependency.ready_expr` says. Errors (Invalid): `failed to evaluate the CEL expression '…': …`.
base::Result<bool> IsReadyByExpression(const Dependency& dependency, const document::Value& self, const document::Value& dep,
                                       const rollout::cel::Limits& limits = {});

/// Whether labels or annotations differ: what a `ready_expr` may ask of its own object and no generation counts.
bool MetadataMoved(const document::Value& before, const document::Value& after);

/// The health expressions of all objects of one kind, as their objects were seen last.
class HealthExpressions {
 public:
  explicit HealthExpressions(const rollout::cel::Limits& limits = {}) : limits_(limits) {}

  /// Keeps what was compiled while the spec asks for the same. What cannot be read counts as none: its object is stalled.
  void Update(const document::Value& object);
  void Remove(const Key& key) { by_key_.erase(key); }
  std::shared_ptr<const rollout::CustomStatus> Find(std::string_view ns, std::string_view name) const;  ///< null: it has none

 private:
  const rollout::cel::Limits limits_;
  std::map<Key, std::shared_ptr<const rollout::CustomStatus>> by_key_;
};

}  // namespace sluice::controller
