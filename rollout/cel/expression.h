// rollout/cel/expression.h: expressions of the Common Expression Language, as Flux evaluates them: `readyExpr`, `healthCheckExprs` and the like.
// Pure: the same expression and variables give the same answer, in bounded time. The language is cel-go's (v0.26) with the options that
// flux/pkg/runtime/cel sets: homogeneous literals, UTC, comparisons across numeric types, optional types, the libraries Strings, Sets and
// Encoders. Other than there: no protobuf messages can be made, named time zones are unknown, and evaluation has a budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "rollout/cel/evaluate.h"

namespace sluice::rollout::cel {

struct Limits {
  std::size_t max_bytes = 100'000;     ///< of an expression; cel-go's limit
  int max_depth = 250;                 ///< of its nesting; cel-go's limit
  std::size_t max_regex_bytes = 4096;  ///< of a pattern
  std::uint64_t max_cost =
      1'000'000;  ///< of an evaluation: one a step, one for ten bytes of text walked over; Kubernetes' limit for a call
};

class Expression {
 public:
  /// Reads `text`; names are looked up only when it is evaluated, so anything may be a variable. Errors (Invalid), as Flux's:
  ///     failed to parse the CEL expression 'foo.': ERROR: <input>:1:5: Syntax error: …
  ///     failed to create CEL program: …
  static base::Result<Expression> Parse(std::string_view text, const Limits& limits = {});
  /// Reads `text` and checks it: `variables` are its only variables, each a map from strings to anything, and it must be a boolean. Errors, besides
  /// those above: names that are not declared, calls that no overload takes, `CEL expression output type mismatch: expected bool, got dyn`.
  static base::Result<Expression> CheckBoolean(std::string_view text, const std::vector<std::string>& variables, const Limits& limits = {});

  /// Errors (Invalid): `failed to evaluate the CEL expression '…': no such key: x`, `failed to evaluate CEL expression as boolean: '…'`.
  base::Result<bool> EvaluateBoolean(const Activation& activation) const;
  /// The value, an Error as Val::IsError. Its views hold as long as this and the documents of `activation`.
  Val Evaluate(const Activation& activation) const;
  const std::string& text() const { return text_; }
  /// The type that CheckBoolean inferred (always "bool"), or that Check would: for tests.
  const std::string& type() const { return type_; }

  /// As CheckBoolean, for any type.
  static base::Result<Expression> Check(std::string_view text, const std::vector<std::string>& variables, const Limits& limits = {});

 private:
  Expression() = default;
  static base::Result<Expression> Read(std::string_view text, const std::vector<std::string>* variables, std::string_view type,
                                       const Limits& limits);
  std::string text_, type_;
  std::shared_ptr<const Expr> root_;
  Limits limits_;
};

}  // namespace sluice::rollout::cel
