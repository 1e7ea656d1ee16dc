// rollout/custom_status.h: the health of objects by expressions of their owner (`healthCheckExprs`), in place of kstatus's rules. Pure.
// The rules are Flux's RFC 0009 as flux/pkg/runtime/cel has them: an observedGeneration that is behind is InProgress; then inProgress, failed and
// current are asked in this order; none true is InProgress. The object's top-level fields are the variables.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "rollout/cel/expression.h"
#include "rollout/status.h"

namespace sluice::rollout {

struct CustomHealthCheck {
  std::string api_version, kind;             ///< kind "": every kind of the group
  std::string in_progress, failed, current;  ///< expressions; "" for none
  bool operator==(const CustomHealthCheck&) const = default;
};

class CustomStatus {
 public:
  /// Errors (Invalid), in Flux's words: `duplicate custom health check for GroupKind X.g at healthchecks[1]`, `failed to create custom status
  /// evaluator for healthchecks[0]: …` (no `current`, or an expression that cannot be read).
  static base::Result<std::shared_ptr<const CustomStatus>> Compile(std::vector<CustomHealthCheck> checks, const cel::Limits& limits = {});

  /// Whether objects of this kind are judged here; by a check of the kind before one of its whole group.
  bool Concerns(std::string_view group, std::string_view kind) const { return Find(group, kind) != nullptr; }
  /// nullopt: its kind is not. An expression that fails makes the status Unknown, with the error as its message.
  std::optional<Status> Compute(const document::Value& object) const;
  const std::vector<CustomHealthCheck>& checks() const { return checks_; }

 private:
  struct Expressions {
    std::optional<cel::Expression> in_progress, failed, current;
  };
  CustomStatus() = default;
  const Expressions* Find(std::string_view group, std::string_view kind) const;
  static base::Result<Expressions> CompileOne(const CustomHealthCheck& check, const cel::Limits& limits);
  static std::optional<Status> Ask(const std::optional<cel::Expression>& expression, Phase phase, const document::Value& object);
  std::vector<CustomHealthCheck> checks_;
  std::map<std::pair<std::string, std::string>, Expressions> by_kind_;
};

}  // namespace sluice::rollout
