#include "rollout/cel/expr.h"

#include <algorithm>

namespace sluice::rollout::cel {

ExprPtr MakeLiteral(Val value, std::size_t offset) {
  auto out = std::make_unique<Expr>();
  out->literal = std::move(value);
  out->offset = offset;
  return out;
}

ExprPtr MakeIdent(std::string name, std::size_t offset) {
  auto out = std::make_unique<Expr>();
  out->is = Expr::Is::Ident;
  out->name = std::move(name);
  out->offset = offset;
  return out;
}

ExprPtr MakeCall(std::string_view function, std::size_t offset, std::vector<ExprPtr> args, bool member) {
  auto out = std::make_unique<Expr>();
  out->is = Expr::Is::Call;
  out->name = function;
  out->offset = offset;
  out->member = member;
  for (const ExprPtr& arg : args) out->depth = std::max(out->depth, arg->depth + 1);
  out->args = std::move(args);
  return out;
}

ExprPtr Copy(const Expr& expr) {
  auto out = std::make_unique<Expr>();
  out->is = expr.is;
  out->offset = expr.offset;
  out->literal = expr.literal;
  out->name = expr.name;
  out->test_only = expr.test_only;
  out->member = expr.member;
  out->appends = expr.appends;
  out->optional = expr.optional;
  out->pattern = expr.pattern;
  out->depth = expr.depth;
  for (const ExprPtr& arg : expr.args) out->args.push_back(Copy(*arg));
  if (expr.fold != nullptr) {
    const Comprehension& fold = *expr.fold;
    out->fold = std::make_unique<Comprehension>(Comprehension{.item = fold.item,
                                                              .accumulator = fold.accumulator,
                                                              .range = Copy(*fold.range),
                                                              .init = Copy(*fold.init),
                                                              .condition = Copy(*fold.condition),
                                                              .step = Copy(*fold.step),
                                                              .result = Copy(*fold.result)});
  }
  return out;
}

}  // namespace sluice::rollout::cel
