#include "rollout/cel/macros.h"

#include <algorithm>
#include <array>

namespace sluice::rollout::cel {
namespace {

ExprPtr Accumulator(std::size_t offset) { return MakeIdent(std::string(kAccumulator), offset); }
ExprPtr True(std::size_t offset) { return MakeLiteral(Val::Bool(true), offset); }

ExprPtr ListOf(std::vector<ExprPtr> items, std::size_t offset) {
  auto out = std::make_unique<Expr>();
  out->is = Expr::Is::List;
  out->offset = offset;
  out->optional.assign(items.size(), false);
  for (const ExprPtr& item : items) out->depth = std::max(out->depth, item->depth + 1);
  out->args = std::move(items);
  return out;
}

ExprPtr Fold(std::size_t offset, Comprehension fold) {
  auto out = std::make_unique<Expr>();
  out->is = Expr::Is::Fold;
  out->offset = offset;
  for (const ExprPtr* part : {&fold.range, &fold.init, &fold.condition, &fold.step, &fold.result})
    out->depth = std::max(out->depth, (*part)->depth + 1);
  out->fold = std::make_unique<Comprehension>(std::move(fold));
  return out;
}

ExprPtr Malformed(std::size_t offset, std::string message, std::vector<Issue>& issues) {
  issues.push_back({offset, std::move(message)});
  return MakeLiteral({}, offset);
}

/// The name of an iteration variable; nullopt, and an issue, if `expr` is none.
std::optional<std::string> VariableOf(const Expr& expr, std::string message, std::vector<Issue>& issues) {
  if (expr.is != Expr::Is::Ident) {
    issues.push_back({expr.offset, std::move(message)});
    return std::nullopt;
  }
  if (expr.name == "__result__") {
    issues.push_back({expr.offset, "iteration variable overwrites accumulator variable"});
    return std::nullopt;
  }
  return expr.name;
}

/// `accumulator + [item]`
ExprPtr AppendStep(ExprPtr item, std::size_t at) {
  std::vector<ExprPtr> items;
  items.push_back(std::move(item));
  ExprPtr step = MakeCallOf(op::kAdd, at, Accumulator(at), ListOf(std::move(items), at));
  step->appends = true;
  return step;
}

ExprPtr Has(std::size_t at, std::vector<ExprPtr>& args, std::vector<Issue>& issues) {
  if (args[0]->is != Expr::Is::Select || args[0]->test_only) return Malformed(args[0]->offset, "invalid argument to has() macro", issues);
  ExprPtr out = std::move(args[0]);
  out->test_only = true;
  out->offset = at;
  return out;
}

ExprPtr Quantifier(std::string_view name, std::size_t at, std::vector<ExprPtr>& args, std::vector<Issue>& issues) {
  const auto item = VariableOf(*args[1], "argument must be a simple name", issues);
  if (!item) return MakeLiteral({}, at);
  Comprehension fold{.item = *item, .accumulator = std::string(kAccumulator), .range = std::move(args[0])};
  fold.result = Accumulator(at);
  if (name == "all") {
    fold.init = True(at);
    fold.condition = MakeCallOf(op::kNotStrictlyFalse, at, Accumulator(at));
    fold.step = MakeCallOf(op::kAnd, at, Accumulator(at), std::move(args[2]));
  } else if (name == "exists") {
    fold.init = MakeLiteral(Val::Bool(false), at);
    fold.condition = MakeCallOf(op::kNotStrictlyFalse, at, MakeCallOf(op::kNot, at, Accumulator(at)));
    fold.step = MakeCallOf(op::kOr, at, Accumulator(at), std::move(args[2]));
  } else {
    fold.init = MakeLiteral(Val::Int(0), at);
    fold.condition = True(at);
    ExprPtr more = MakeCallOf(op::kAdd, at, Accumulator(at), MakeLiteral(Val::Int(1), at));
    fold.step = MakeCallOf(op::kConditional, at, std::move(args[2]), std::move(more), Accumulator(at));
    fold.result = MakeCallOf(op::kEquals, at, Accumulator(at), MakeLiteral(Val::Int(1), at));
  }
  return Fold(at, std::move(fold));
}

/// map and filter: `filter` may be null.
ExprPtr Collect(std::size_t at, std::string item, ExprPtr range, ExprPtr filter, ExprPtr value) {
  ExprPtr step = AppendStep(std::move(value), at);
  if (filter != nullptr) step = MakeCallOf(op::kConditional, at, std::move(filter), std::move(step), Accumulator(at));
  return Fold(at, {.item = std::move(item),
                   .accumulator = std::string(kAccumulator),
                   .range = std::move(range),
                   .init = ListOf({}, at),
                   .condition = True(at),
                   .step = std::move(step),
                   .result = Accumulator(at)});
}

/// `target.hasValue() ? wrap(let name = target.value() in value) : optional.none()`
ExprPtr OptionalMap(std::string_view macro, std::size_t at, std::vector<ExprPtr>& args, std::vector<Issue>& issues) {
  if (args[1]->is != Expr::Is::Ident)
    return Malformed(args[1]->offset, std::string(macro) + "() variable name must be a simple identifier", issues);
  const std::string name = args[1]->name;
  const auto receive = [at](std::string_view function, ExprPtr target) {
    std::vector<ExprPtr> list;
    list.push_back(std::move(target));
    return MakeCall(function, at, std::move(list), true);
  };
  ExprPtr present = receive("hasValue", Copy(*args[0]));
  ExprPtr value = Fold(at, {.item = "#unused",
                            .accumulator = name,
                            .range = ListOf({}, at),
                            .init = receive("value", std::move(args[0])),
                            .condition = MakeLiteral(Val::Bool(false), at),
                            .step = MakeIdent(name, at),
                            .result = std::move(args[2])});
  if (macro == "optMap") value = MakeCallOf("optional.of", at, std::move(value));
  return MakeCallOf(op::kConditional, at, std::move(present), std::move(value), MakeCall("optional.none", at, {}));
}

ExprPtr Expand(std::string_view function, std::size_t at, std::vector<ExprPtr>& args, std::vector<Issue>& issues) {
  if (function == "optMap" || function == "optFlatMap") return OptionalMap(function, at, args, issues);
  if (function != "map" && function != "filter") return Quantifier(function, at, args, issues);
  const auto item = VariableOf(*args[1], "argument is not an identifier", issues);
  if (!item) return MakeLiteral({}, at);
  if (function == "filter") return Collect(at, *item, std::move(args[0]), std::move(args[2]), std::move(args[1]));
  ExprPtr filter = args.size() == 4 ? std::move(args[2]) : nullptr;
  return Collect(at, *item, std::move(args[0]), std::move(filter), std::move(args.back()));
}

}  // namespace

ExprPtr ExpandMacro(std::string_view function, bool member, std::size_t offset, std::vector<ExprPtr>& args, std::vector<Issue>& issues) {
  if (!member) return function == "has" && args.size() == 1 ? Has(offset, args, issues) : nullptr;
  constexpr std::array<std::string_view, 7> kMacros = {"all", "exists", "exists_one", "map", "filter", "optMap", "optFlatMap"};
  const bool known = std::find(kMacros.begin(), kMacros.end(), function) != kMacros.end();
  if (!known || (args.size() != 3 && !(function == "map" && args.size() == 4))) return nullptr;
  return Expand(function, offset, args, issues);
}

}  // namespace sluice::rollout::cel
