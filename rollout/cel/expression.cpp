#include "rollout/cel/expression.h"

#include "rollout/cel/checker.h"
#include "rollout/cel/parser.h"
#include "rollout/cel/strings.h"

namespace sluice::rollout::cel {
namespace {

using base::Invalid;
using base::Result;

base::Error NotParsed(std::string_view text, std::string_view why) {
  return Invalid("failed to parse the CEL expression '" + std::string(text) + "': " + std::string(why));
}

}  // namespace

Result<Expression> Expression::Read(std::string_view text, const std::vector<std::string>* variables, std::string_view type,
                                    const Limits& limits) {
  if (text.size() > limits.max_bytes) {
    const std::string why = "expression code point size exceeds limit: size: " + std::to_string(CountCodePoints(text)) + ", limit " +
                            std::to_string(limits.max_bytes);
    return Invalid("failed to parse the CEL expression: ERROR: <input>:-1:0: " + why);
  }
  std::vector<Issue> issues;
  ExprPtr root = cel::Parse(text, limits.max_depth, issues);
  Expression out;
  if (issues.empty() && variables != nullptr) {
    const TypePtr inferred = cel::Check(*root, *variables, issues);
    if (issues.empty()) out.type_ = Shown(*inferred, true);
  }
  if (!issues.empty()) return NotParsed(text, Display(text, std::move(issues)));
  if (!type.empty() && out.type_ != type)
    return Invalid("CEL expression output type mismatch: expected " + std::string(type) + ", got " + out.type_);
  out.text_ = text;
  out.limits_ = limits;
  if (std::string wrong = Plan(*root, variables != nullptr, limits.max_regex_bytes); !wrong.empty())
    return Invalid("failed to create CEL program: " + wrong);
  out.root_ = std::move(root);
  return out;
}

Result<Expression> Expression::Parse(std::string_view text, const Limits& limits) { return Read(text, nullptr, "", limits); }

Result<Expression> Expression::Check(std::string_view text, const std::vector<std::string>& variables, const Limits& limits) {
  return Read(text, &variables, "", limits);
}

Result<Expression> Expression::CheckBoolean(std::string_view text, const std::vector<std::string>& variables, const Limits& limits) {
  return Read(text, &variables, "bool", limits);
}

Val Expression::Evaluate(const Activation& activation) const {
  Budget budget(limits_.max_cost, limits_.max_regex_bytes);
  return cel::Evaluate(*root_, activation, budget);
}

Result<bool> Expression::EvaluateBoolean(const Activation& activation) const {
  const Val value = Evaluate(activation);
  if (value.IsError()) return Invalid("failed to evaluate the CEL expression '" + text_ + "': " + std::string(value.text()));
  if (!value.Is(Kind::Bool)) return Invalid("failed to evaluate CEL expression as boolean: '" + text_ + "'");
  return value.AsBool();
}

}  // namespace sluice::rollout::cel
