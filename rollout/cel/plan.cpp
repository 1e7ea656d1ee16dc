// What cel-go finds while it plans an evaluation, without types: calls whose number of arguments can never fit, constant conversions that fail,
// constant patterns that are none. Constant conversions are done here, once.
#include <algorithm>
#include <array>

#include "rollout/cel/checker.h"
#include "rollout/cel/convert.h"
#include "rollout/cel/declarations.h"
#include "rollout/cel/evaluate.h"
#include "rollout/cel/pattern.h"
#include "rollout/cel/qualified.h"

namespace sluice::rollout::cel {
namespace {

std::string WrongArity(const Expr& call) {
  const Function* function = FindFunction(call.name);
  const std::size_t count = call.args.size();
  const Shape shape = function == nullptr ? Shape::Any : function->shape;
  const std::string prefix = "no such overload: " + call.name;
  if (count == 0) return function == nullptr || shape != Shape::Any ? prefix + "()" : "";
  if (call.name == "or" || call.name == "orValue" || shape == Shape::Any) return "";
  if (count == 1) return shape == Shape::Unary ? "" : prefix + "(arg)";
  if (count == 2) return shape == Shape::Binary ? "" : prefix + "(lhs, rhs)";
  return prefix + "(...)";
}

bool IsConversion(std::string_view name) {
  constexpr std::array<std::string_view, 10> kNames = {"bool", "bytes",  "double",    "duration", "dyn",
                                                       "int",  "string", "timestamp", "type",     "uint"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Does a conversion of a constant now; why it cannot be done, else "".
std::string FoldConversion(Expr& call) {
  if (!IsConversion(call.name) || call.args.size() != 1 || call.args[0]->is != Expr::Is::Literal) return "";
  Val value = Convert(call.args[0]->literal, call.name);
  if (value.IsError()) return std::string(value.text());
  call.is = Expr::Is::Literal;
  call.literal = std::move(value);
  call.args.clear();
  return "";
}

/// Makes a list or map of constants one constant.
void FoldAggregate(Expr& expr) {
  const bool constant = std::all_of(expr.args.begin(), expr.args.end(), [](const ExprPtr& arg) { return arg->is == Expr::Is::Literal; });
  const bool optional = std::find(expr.optional.begin(), expr.optional.end(), true) != expr.optional.end();
  if (!constant || optional) return;
  Budget budget(expr.args.size() * expr.args.size() + 10, 0);
  Val value = Evaluate(expr, Activation(), budget);
  if (value.IsError()) return;
  expr.is = Expr::Is::Literal;
  expr.literal = std::move(value);
  expr.args.clear();
  expr.optional.clear();
}

/// An index that can be none, whatever it is applied to.
std::string WrongIndex(const Expr& call) {
  if ((call.name != op::kIndex && call.name != op::kOptIndex) || call.args[1]->is != Expr::Is::Literal) return "";
  const Val& key = call.args[1]->literal;
  return CanQualify(key) ? "" : "invalid qualifier type: " + std::string(GoTypeName(key.kind()));
}

std::string CompilePattern(Expr& call, std::size_t max_regex_bytes) {
  if (call.name != "matches" || call.args.size() != 2) return "";
  const Expr& pattern = *call.args[1];
  if (pattern.is != Expr::Is::Literal || !pattern.literal.Is(Kind::String)) return "";
  auto compiled = Pattern::Compile(pattern.literal.text(), max_regex_bytes);
  if (!compiled) return compiled.error().message;
  call.pattern = *std::move(compiled);
  return "";
}

std::string PlanCall(Expr& call, bool checked, std::size_t max_regex_bytes) {
  if (!checked) {
    if (std::string wrong = WrongArity(call); !wrong.empty()) return wrong;
  }
  if (std::string wrong = WrongIndex(call); !wrong.empty()) return wrong;
  if (std::string wrong = CompilePattern(call, max_regex_bytes); !wrong.empty()) return wrong;
  return FoldConversion(call);
}

}  // namespace

std::string Plan(Expr& expr, bool checked, std::size_t max_regex_bytes) {
  if (expr.is == Expr::Is::Message) return "unknown type: " + expr.name;
  if (expr.is == Expr::Is::Call && expr.member && !checked) NameFunction(expr);
  for (const ExprPtr& arg : expr.args) {
    if (std::string wrong = Plan(*arg, checked, max_regex_bytes); !wrong.empty()) return wrong;
  }
  if (expr.fold != nullptr) {
    Comprehension& fold = *expr.fold;
    for (ExprPtr* part : {&fold.init, &fold.range, &fold.condition, &fold.step, &fold.result}) {
      if (std::string wrong = Plan(**part, checked, max_regex_bytes); !wrong.empty()) return wrong;
    }
  }
  if (expr.is == Expr::Is::List || expr.is == Expr::Is::Map) FoldAggregate(expr);
  return expr.is == Expr::Is::Call ? PlanCall(expr, checked, max_regex_bytes) : "";
}

}  // namespace sluice::rollout::cel
