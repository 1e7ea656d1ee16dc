#include "rollout/cel/checker.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "rollout/cel/declarations.h"
#include "rollout/cel/format.h"
#include "rollout/cel/qualified.h"

namespace sluice::rollout::cel {
namespace {

using Is = Type::Is;

std::string Signature(const std::vector<TypePtr>& args, bool member) {
  std::string out = member ? Shown(*args[0]) + ".(" : "(";
  for (std::size_t i = member ? 1 : 0; i < args.size(); ++i) out += (i == (member ? 1U : 0U) ? "" : ", ") + Shown(*args[i]);
  return out + ")";
}

class Checker {
 public:
  Checker(std::span<const std::string> variables, std::vector<Issue>& issues) : issues_(issues) {
    for (const std::string& name : variables) scopes_.push_back({name, ParseType("map(string, dyn)")});
  }

  TypePtr Whole(Expr& expr) {
    Visit(expr);
    for (auto& [node, type] : types_) type = bindings_.Substitute(type, true);
    if (issues_.empty()) {
      CheckLiterals(expr, false);
      CheckConstants(expr);
    }
    return types_.at(&expr);
  }

 private:
  void Report(const Expr& at, std::string message) { issues_.push_back({at.offset, std::move(message)}); }
  const TypePtr& Of(const Expr& expr) const { return types_.at(&expr); }
  TypePtr Set(const Expr& expr, TypePtr type) { return types_[&expr] = std::move(type); }
  static TypePtr Simple(Is is) { return TypeOf(is); }
  static TypePtr OptionalOf(TypePtr type) { return TypeOf(Is::Optional, {std::move(type)}); }

  TypePtr Undeclared(const Expr& at, std::string_view name) {
    Report(at, "undeclared reference to '" + std::string(name) + "' (in container '')");
    return Simple(Is::Error);
  }
  void Mismatch(const Expr& at, const TypePtr& expected, const TypePtr& actual) {
    Report(at, "expected type '" + Shown(*expected) + "' but found '" + Shown(*actual) + "'");
  }

  void Visit(Expr& expr) {
    switch (expr.is) {
      case Expr::Is::Literal: Set(expr, OfLiteral(expr.literal)); return;
      case Expr::Is::Ident: Set(expr, OfIdent(expr)); return;
      case Expr::Is::Select: Set(expr, OfSelect(expr)); return;
      case Expr::Is::Call: Set(expr, OfCall(expr)); return;
      case Expr::Is::List: Set(expr, OfList(expr)); return;
      case Expr::Is::Map: Set(expr, OfMap(expr)); return;
      case Expr::Is::Message: Set(expr, Undeclared(expr, expr.name)); return;
      case Expr::Is::Fold: Set(expr, OfFold(expr)); return;
    }
  }

  static TypePtr OfLiteral(const Val& value) {
    switch (value.kind()) {
      case Kind::Bool: return Simple(Is::Bool);
      case Kind::Int: return Simple(Is::Int);
      case Kind::Uint: return Simple(Is::Uint);
      case Kind::Double: return Simple(Is::Double);
      case Kind::String: return Simple(Is::String);
      case Kind::Bytes: return Simple(Is::Bytes);
      default: return Simple(Is::Null);
    }
  }

  TypePtr FindName(std::string_view name) const {
    if (name.starts_with(".")) name.remove_prefix(1);
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (scope->name == name) return scope->type;
    }
    TypePtr named = FindTypeName(name);
    return named == nullptr ? nullptr : TypeOf(Is::Type, {std::move(named)});
  }

  TypePtr OfIdent(const Expr& expr) {
    TypePtr found = FindName(expr.name);
    return found == nullptr ? Undeclared(expr, expr.name) : found;
  }

  TypePtr OfSelect(Expr& expr) {
    if (const auto name = expr.test_only ? std::nullopt : QualifiedName(expr)) {
      if (TypePtr found = FindName(*name)) {  // `google.protobuf.Timestamp`
        expr.is = Expr::Is::Ident;
        expr.name = *name;
        expr.args.clear();
        return found;
      }
    }
    TypePtr field = OfField(expr, *expr.args[0], false);
    return expr.test_only ? Simple(Is::Bool) : field;
  }

  /// The type of a field of `operand`.
  TypePtr OfField(const Expr& expr, Expr& operand, bool optional) {
    Visit(operand);
    TypePtr target = bindings_.Substitute(Of(operand), false);
    const bool was_optional = target->is() == Is::Optional;
    if (was_optional) target = target->params()[0];
    TypePtr result = Simple(Is::Dyn);
    if (target->is() == Is::Map) {
      result = target->params()[1];
    } else if (target->is() == Is::Param) {
      bindings_.Assignable(Simple(Is::Dyn), target);
    } else if (!target->IsDynOrError()) {
      Report(expr, "type '" + Shown(*target) + "' does not support field selection");
    }
    if (was_optional || optional) result = OptionalOf(std::move(result));
    return bindings_.Substitute(result, false);
  }

  TypePtr OfCall(Expr& call) {
    if (call.name == op::kOptSelect) {
      Set(*call.args[1], Simple(Is::String));
      return OfField(call, *call.args[0], true);
    }
    if (call.member) {
      for (std::size_t i = 1; i < call.args.size(); ++i) Visit(*call.args[i]);
      const bool namespaced = NameFunction(call);
      if (!namespaced) Visit(*call.args[0]);
    } else {
      for (const ExprPtr& arg : call.args) Visit(*arg);
    }
    const Function* function = FindFunction(call.name);
    if (function == nullptr) return Undeclared(call, call.name);
    return Resolve(call, *function);
  }

  TypePtr Resolve(const Expr& call, const Function& function) {
    std::vector<TypePtr> args;
    for (const ExprPtr& arg : call.args) args.push_back(Of(*arg));
    if (call.name == op::kAnd || call.name == op::kOr) return OfLogic(call, args);
    TypePtr result;
    for (const Overload& overload : function.overloads) {
      if (overload.member != call.member) continue;
      std::map<int, TypePtr> fresh;
      std::vector<TypePtr> wanted;
      for (const TypePtr& type : overload.args) wanted.push_back(bindings_.Instantiate(type, fresh));
      const TypePtr answer = bindings_.Instantiate(overload.result, fresh);
      if (!bindings_.AssignableAll(args, wanted)) continue;
      TypePtr type = bindings_.Substitute(answer, false);
      if (result == nullptr) {
        result = std::move(type);
      } else if (result->is() != Is::Dyn && !SameType(*type, *result)) {
        result = Simple(Is::Dyn);
      }
    }
    if (result != nullptr) return result;
    for (TypePtr& type : args) type = bindings_.Substitute(type, true);
    Report(call, "found no matching overload for '" + call.name + "' applied to '" + Signature(args, call.member) + "'");
    return Simple(Is::Error);
  }

  TypePtr OfLogic(const Expr& call, const std::vector<TypePtr>& args) {
    TypePtr result = Simple(Is::Bool);
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (bindings_.Assignable(args[i], Simple(Is::Bool))) continue;
      Mismatch(*call.args[i], Simple(Is::Bool), args[i]);
      result = Simple(Is::Error);
    }
    return result;
  }

  /// The type of an item written with `?`: what its optional holds.
  TypePtr Unwrapped(const Expr& item, const TypePtr& type) {
    if (type->is() == Is::Optional) return type->params()[0];
    if (type->is() != Is::Dyn) Mismatch(item, OptionalOf(type), type);
    return type;
  }

  /// Literals of several types are lists and maps of dyn here; CheckLiterals objects later.
  TypePtr Join(const TypePtr& previous, const TypePtr& current) {
    if (previous == nullptr) return current;
    return bindings_.Assignable(previous, current) ? Bindings::MostGeneral(previous, current) : Simple(Is::Dyn);
  }

  TypePtr OfList(Expr& list) {
    TypePtr items;
    for (std::size_t i = 0; i < list.args.size(); ++i) {
      Visit(*list.args[i]);
      const TypePtr type = list.optional[i] ? Unwrapped(*list.args[i], Of(*list.args[i])) : Of(*list.args[i]);
      items = Join(items, type);
    }
    return TypeOf(Is::List, {items == nullptr ? bindings_.Fresh() : items});
  }

  TypePtr OfMap(Expr& map) {
    TypePtr keys, values;
    for (std::size_t i = 0; i + 1 < map.args.size(); i += 2) {
      Visit(*map.args[i]);
      keys = Join(keys, Of(*map.args[i]));
      Visit(*map.args[i + 1]);
      values = Join(values, map.optional[i] ? Unwrapped(*map.args[i + 1], Of(*map.args[i + 1])) : Of(*map.args[i + 1]));
    }
    if (keys == nullptr) return TypeOf(Is::Map, {bindings_.Fresh(), bindings_.Fresh()});
    return TypeOf(Is::Map, {keys, values});
  }

  TypePtr OfFold(Expr& expr) {
    Comprehension& fold = *expr.fold;
    Visit(*fold.range);
    Visit(*fold.init);
    const TypePtr range = bindings_.Substitute(Of(*fold.range), false);
    const TypePtr accumulated = Of(*fold.init);
    scopes_.push_back({fold.accumulator, accumulated});
    scopes_.push_back({fold.item, OfItem(*fold.range, range)});
    Visit(*fold.condition);
    Demand(*fold.condition, Simple(Is::Bool));
    Visit(*fold.step);
    Demand(*fold.step, accumulated);
    scopes_.pop_back();
    Visit(*fold.result);
    scopes_.pop_back();
    return bindings_.Substitute(Of(*fold.result), false);
  }

  TypePtr OfItem(const Expr& at, const TypePtr& range) {
    if (range->is() == Is::List || range->is() == Is::Map) return range->params()[0];
    if (range->IsDynOrError() || range->is() == Is::Param) {
      bindings_.Assignable(Simple(Is::Dyn), range);
      return Simple(Is::Dyn);
    }
    Report(at, "expression of type '" + Shown(*range) + "' cannot be range of a comprehension (must be list, map, or dynamic)");
    return Simple(Is::Error);
  }

  void Demand(const Expr& expr, const TypePtr& type) {
    if (!bindings_.Assignable(type, Of(expr))) Mismatch(expr, type, Of(expr));
  }

  // Once all types are known.

  /// Equal enough for a literal: dyn is a type of its own here.
  void CheckSame(const Expr& at, TypePtr& known, TypePtr type) {
    if (known == nullptr) {
      known = std::move(type);
    } else if (!SameType(*known, *type)) {
      Mismatch(at, known, type);
    }
  }
  TypePtr ItemType(const Expr& item, bool optional) const {
    const TypePtr& type = Of(item);
    return optional && !type->params().empty() ? type->params()[0] : type;
  }

  void CheckLiterals(const Expr& expr, bool exempt) {
    exempt = exempt || (expr.is == Expr::Is::Call && expr.name == "format");
    if (!exempt && expr.is == Expr::Is::List) {
      TypePtr known;
      for (std::size_t i = 0; i < expr.args.size(); ++i) {
        const std::size_t before = issues_.size();
        CheckSame(*expr.args[i], known, ItemType(*expr.args[i], expr.optional[i]));
        if (issues_.size() != before) break;
      }
    }
    if (!exempt && expr.is == Expr::Is::Map) {
      TypePtr keys, values;
      for (std::size_t i = 0; i + 1 < expr.args.size(); i += 2) {
        CheckSame(*expr.args[i], keys, Of(*expr.args[i]));
        CheckSame(*expr.args[i + 1], values, ItemType(*expr.args[i + 1], expr.optional[i]));
      }
    }
    ForEachPart(expr, [&](const Expr& part) { CheckLiterals(part, exempt); });
  }

  /// `'...'.format([...])` with all of it in sight.
  void CheckConstants(const Expr& expr) {
    const bool is_format = expr.is == Expr::Is::Call && expr.name == "format" && expr.member && expr.args.size() == 2 &&
                           expr.args[0]->is == Expr::Is::Literal && expr.args[0]->literal.Is(Kind::String) &&
                           expr.args[1]->is == Expr::Is::List;
    if (is_format) CheckFormatCall(expr);
    ForEachPart(expr, [&](const Expr& part) { CheckConstants(part); });
  }

  void CheckFormatCall(const Expr& call) {
    const Expr& list = *call.args[1];
    std::vector<Kind> kinds;
    for (const ExprPtr& item : list.args) kinds.push_back(KindOf(*Of(*item)));
    const FormatCheck check = CheckFormat(call.args[0]->literal.text(), kinds);
    if (!check.error.empty()) {
      Report(check.argument < list.args.size() ? *list.args[check.argument] : call, check.error);
    } else if (check.used < kinds.size()) {
      Report(call, "too many arguments supplied to string.format (expected " + std::to_string(check.used) + ", got " +
                       std::to_string(kinds.size()) + ")");
    }
  }

  /// Error stands for what is only known later.
  static Kind KindOf(const Type& type) {
    switch (type.is()) {
      case Is::Null: return Kind::Null;
      case Is::Bool: return Kind::Bool;
      case Is::Int: return Kind::Int;
      case Is::Uint: return Kind::Uint;
      case Is::Double: return Kind::Double;
      case Is::String: return Kind::String;
      case Is::Bytes: return Kind::Bytes;
      case Is::Timestamp: return Kind::Timestamp;
      case Is::Duration: return Kind::Duration;
      case Is::List: return Kind::List;
      case Is::Map: return Kind::Map;
      case Is::Type: return Kind::Type;
      case Is::Optional: return Kind::Optional;
      default: return Kind::Error;
    }
  }

  struct Named {
    std::string name;
    TypePtr type;
  };
  std::vector<Issue>& issues_;
  Bindings bindings_;
  std::vector<Named> scopes_;
  std::unordered_map<const Expr*, TypePtr> types_;
};

}  // namespace

TypePtr Check(Expr& expr, std::span<const std::string> variables, std::vector<Issue>& issues) {
  return Checker(variables, issues).Whole(expr);
}

}  // namespace sluice::rollout::cel
