// rollout/cel/expr.h: the tree of an expression, macros already expanded, as cel-go's parser leaves it: operators are calls of functions with
// names such as `_+_`, macros are comprehensions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollout/cel/val.h"

namespace sluice::rollout::cel {

namespace op {
inline constexpr std::string_view kAnd = "_&&_", kOr = "_||_", kNot = "!_", kNegate = "-_", kConditional = "_?_:_", kIndex = "_[_]",
                                  kOptIndex = "_[?_]", kOptSelect = "_?._", kAdd = "_+_", kEquals = "_==_", kNotEquals = "_!=_",
                                  kIn = "@in", kNotStrictlyFalse = "@not_strictly_false";
}  // namespace op

/// What a comprehension folds into; no user's name can be this one.
inline constexpr std::string_view kAccumulator = "@result";

class Pattern;
struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

/// For each item of `range`, while `condition`: accumulator = step. Its value is `result`.
struct Comprehension {
  std::string item, accumulator;
  ExprPtr range, init, condition, step, result;
};

struct Expr {
  enum class Is : std::uint8_t { Literal, Ident, Select, Call, List, Map, Message, Fold };
  Is is = Is::Literal;
  std::size_t offset = 0;      ///< of the byte that messages point at
  Val literal;                 ///< Literal
  std::string name;            ///< Ident; the field of a Select; the function of a Call; the type of a Message
  bool test_only = false;      ///< Select: inside has()
  bool member = false;         ///< Call: args[0] is the receiver
  bool appends = false;        ///< Call of _+_: the accumulator of a macro and one more list
  std::vector<ExprPtr> args;   ///< operand of a Select; of a Call; items of a List; keys and values of a Map in turn; values of a Message
  std::vector<bool> optional;  ///< List, Map, Message: which items are written with `?`
  std::unique_ptr<Comprehension> fold;
  std::shared_ptr<const Pattern> pattern;  ///< Call of matches() with a constant pattern
  int depth = 1;                           ///< of the tree below
};

ExprPtr MakeLiteral(Val value, std::size_t offset);
ExprPtr MakeIdent(std::string name, std::size_t offset);
ExprPtr MakeCall(std::string_view function, std::size_t offset, std::vector<ExprPtr> args, bool member = false);
template <class... Args>
ExprPtr MakeCallOf(std::string_view function, std::size_t offset, Args... args) {
  std::vector<ExprPtr> list;
  (list.push_back(std::move(args)), ...);
  return MakeCall(function, offset, std::move(list));
}
ExprPtr Copy(const Expr& expr);

/// Calls `visit` for every direct part of `expr`, in the order cel-go evaluates them.
template <class Visit>
void ForEachPart(const Expr& expr, Visit visit) {
  for (const ExprPtr& arg : expr.args) visit(*arg);
  if (expr.fold == nullptr) return;
  const Comprehension& fold = *expr.fold;
  for (const ExprPtr* part : {&fold.range, &fold.init, &fold.condition, &fold.step, &fold.result}) visit(**part);
}

}  // namespace sluice::rollout::cel
