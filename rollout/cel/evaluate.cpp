#include "rollout/cel/evaluate.h"

#include <algorithm>
#include <optional>

#include "rollout/cel/convert.h"
#include "rollout/cel/declarations.h"
#include "rollout/cel/pattern.h"

namespace sluice::rollout::cel {
namespace {

Val OverBudget() { return Val::Error("operation cancelled: actual cost limit exceeded"); }
Val NoOverload() { return Val::Error("no such overload"); }
Val MissingKey(const Val& key) { return Val::Error("no such key: " + Printed(key)); }

/// The index that `value` is into a list, or why it is none.
std::optional<std::int64_t> ListIndex(const Val& value, Val& error) {
  if (value.Is(Kind::Int)) return value.AsInt();
  if (value.Is(Kind::Double) || value.Is(Kind::Uint)) {
    const Val converted = Convert(value, "int");
    if (converted.Is(Kind::Int) && Equal(converted, value)) return converted.AsInt();
    error = Val::Error("unsupported index value " + Printed(value) + " in list");
  } else {
    error = Val::Error("unsupported index type '" + std::string(TypeName(value.kind())) + "' in list");
  }
  return std::nullopt;
}

/// `object[key]`; nullopt: it is not there (only if `probing`: else that is an error).
std::optional<Val> Qualify(const Val& object, const Val& key, bool probing) {
  if (!CanQualify(key)) return Val::Error("invalid qualifier type: " + std::string(GoTypeName(key.kind())));
  if (object.Is(Kind::Map)) {
    Val found;
    if (object.Find(key, &found)) return found;
  } else if (object.Is(Kind::List)) {
    Val error;
    const auto index = ListIndex(key, error);
    if (!index) return error;
    if (*index >= 0 && static_cast<std::uint64_t>(*index) < object.size()) return object.At(static_cast<std::size_t>(*index));
    if (!probing) return Val::Error("index out of bounds: " + Printed(key));
  }
  if (probing) return std::nullopt;
  return MissingKey(key);
}

class Evaluator {
 public:
  Evaluator(const Activation& activation, Budget& budget) : activation_(activation), budget_(budget) {}

  Val Of(const Expr& expr) {
    if (!budget_.Spend(1)) return OverBudget();
    switch (expr.is) {
      case Expr::Is::Literal: return expr.literal;
      case Expr::Is::Ident: return OfIdent(expr);
      case Expr::Is::Select: return OfSelect(expr);
      case Expr::Is::Call: return OfCall(expr);
      case Expr::Is::List: return OfList(expr);
      case Expr::Is::Map: return OfMap(expr);
      case Expr::Is::Message: return Val::Error("unknown type: " + expr.name);
      case Expr::Is::Fold: break;
    }
    return OfFold(expr);
  }

 private:
  struct Local {
    std::string_view name;
    Val value;
  };

  Local* FindLocal(std::string_view name) {
    for (auto local = locals_.rbegin(); local != locals_.rend(); ++local) {
      if (local->name == name) return &*local;
    }
    return nullptr;
  }

  Val OfIdent(const Expr& expr) {
    std::string_view name = expr.name;
    const bool global = name.starts_with(".");
    if (global) name.remove_prefix(1);
    if (const Local* local = global ? nullptr : FindLocal(name)) return local->value;
    if (const document::Value* variable = activation_.Find(name)) return Val::View(*variable);
    return Missing(expr, std::string(name));
  }

  /// No variable of this name; perhaps a type's. Who selects from it makes the name longer: `a.b` may be one name.
  Val Missing(const Expr& expr, std::string name) {
    missing_ = &expr;
    missing_name_ = name;
    if (FindTypeName(name) != nullptr) return Val::Type(std::move(name));
    return Val::Error("no such attribute(s): " + std::move(name));
  }
  bool IsMissing(const Expr& operand, const Val& value) const { return missing_ == &operand && (value.IsError() || value.Is(Kind::Type)); }

  Val OfSelect(const Expr& expr) {
    const Expr& operand = *expr.args[0];
    const Val object = Of(operand);
    if (IsMissing(operand, object)) return Missing(expr, missing_name_ + "." + expr.name);
    return Select(object, Val::String(expr.name), expr.test_only, false);
  }

  /// `object.key`: through an optional, and into one if `optional`.
  Val Select(const Val& object, const Val& key, bool test_only, bool optional) {
    if (object.IsError()) return object;
    const bool was_optional = object.Is(Kind::Optional);
    if (was_optional && !object.has_value()) return test_only ? Val::Bool(false) : object;
    const bool probing = test_only || optional || was_optional;
    std::optional<Val> found = Qualify(was_optional ? object.value() : object, key, probing);
    if (found && found->IsError()) return *std::move(found);
    if (test_only) return Val::Bool(found.has_value());
    if (!probing) return *std::move(found);
    return found ? Val::Some(*std::move(found)) : Val::None();
  }

  Val OfIndex(const Expr& expr) {
    const Expr &operand = *expr.args[0], &index = *expr.args[1];
    const Val object = Of(operand);
    const bool named = index.is == Expr::Is::Literal && index.literal.Is(Kind::String);
    if (named && IsMissing(operand, object)) return Missing(expr, missing_name_ + "." + std::string(index.literal.text()));
    if (object.IsError()) return object;
    const Val key = Of(index);
    if (key.IsError()) return key;
    return Select(object, key, false, expr.name != op::kIndex);
  }

  Val OfCall(const Expr& expr) {
    const std::string& name = expr.name;
    if (name == op::kAnd || name == op::kOr) return OfLogic(expr, name == op::kOr);
    if (name == op::kConditional) return OfConditional(expr);
    if (name == op::kIndex || name == op::kOptIndex || name == op::kOptSelect) return OfIndex(expr);
    if (name == op::kNotStrictlyFalse) {
      const Val value = Of(*expr.args[0]);
      return Val::Bool(!value.IsFalse() && !budget_.spent());
    }
    if (expr.appends) return OfAppend(expr);
    if ((name == "or" || name == "orValue") && expr.args.size() == 2) return OfOr(expr);
    std::vector<Val> args;
    args.reserve(expr.args.size());
    for (const ExprPtr& arg : expr.args) {
      args.push_back(Of(*arg));
      if (args.back().IsError()) return std::move(args.back());
    }
    if (expr.pattern != nullptr) {
      if (!args[0].Is(Kind::String)) return NoOverload();
      if (!budget_.SpendBytes(args[0].text().size())) return OverBudget();
      return Val::Bool(expr.pattern->IsIn(args[0].text()));
    }
    return CallFunction(name, args, budget_);
  }

  /// The value that decides, wherever it stands; else the first error.
  Val OfLogic(const Expr& expr, bool deciding) {
    Val error;
    for (const ExprPtr& term : expr.args) {
      Val value = Of(*term);
      if (value.Is(Kind::Bool)) {
        if (value.AsBool() == deciding) return value;
      } else if (!error.IsError()) {
        error = value.IsError() ? std::move(value) : NoOverload();
      }
      if (budget_.spent()) return OverBudget();
    }
    return error.IsError() ? error : Val::Bool(!deciding);
  }

  Val OfConditional(const Expr& expr) {
    const Val condition = Of(*expr.args[0]);
    if (condition.IsError()) return condition;
    if (!condition.Is(Kind::Bool)) return NoOverload();
    return Of(*expr.args[condition.AsBool() ? 1 : 2]);
  }

  Val OfOr(const Expr& expr) {
    Val left = Of(*expr.args[0]);
    if (!left.Is(Kind::Optional)) return left;
    if (!left.has_value()) return Of(*expr.args[1]);
    return expr.name == "or" ? left : left.value();
  }

  /// `accumulator + [x]` of a macro: the accumulator is taken out of its variable, so that it grows in place.
  Val OfAppend(const Expr& expr) {
    Local* local = FindLocal(kAccumulator);
    const auto place = static_cast<std::size_t>(local - locals_.data());
    Val list = std::move(local->value);
    if (list.IsError()) return list;
    const Val more = Of(*expr.args[1]);
    if (more.IsError()) return more;
    list.Append(more);
    locals_[place].value = Val();
    return list;
  }

  /// The value of an item written with `?`; nullopt: it is left out.
  std::optional<Val> Unwrapped(const Val& value, std::string_view of) {
    if (value.Is(Kind::Optional)) return value.has_value() ? std::optional(value.value()) : std::nullopt;
    return Val::Error("cannot initialize optional " + std::string(of) + " from non-optional value " + Printed(value));
  }

  Val OfList(const Expr& expr) {
    List items;
    items.reserve(expr.args.size());
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      Val value = Of(*expr.args[i]);
      if (!value.IsError() && expr.optional[i]) {
        std::optional<Val> inner = Unwrapped(value, "list element");
        if (!inner) continue;
        value = *std::move(inner);
      }
      if (value.IsError()) return value;
      items.push_back(std::move(value));
    }
    return Val::Of(std::move(items));
  }

  Val OfMap(const Expr& expr) {
    Entries entries;
    for (std::size_t i = 0; i + 1 < expr.args.size(); i += 2) {
      Val key = Of(*expr.args[i]);
      if (key.IsError()) return key;
      Val value = Of(*expr.args[i + 1]);
      if (value.IsError()) return value;
      if (!budget_.Spend(entries.size() / 10)) return OverBudget();
      const auto same = std::find_if(entries.begin(), entries.end(),
                                     [&key](const auto& entry) { return entry.first.kind() == key.kind() && Equal(entry.first, key); });
      if (expr.optional[i]) {
        std::optional<Val> inner = Unwrapped(value, "entry '" + Printed(key) + "'");
        if (!inner) {
          if (same != entries.end()) entries.erase(same);
          continue;
        }
        if (inner->IsError()) return *std::move(inner);
        value = *std::move(inner);
      }
      if (same != entries.end()) {
        same->second = std::move(value);
      } else {
        entries.emplace_back(std::move(key), std::move(value));
      }
    }
    return Val::Of(std::move(entries));
  }

  Val OfFold(const Expr& expr) {
    const Comprehension& fold = *expr.fold;
    const Val range = Of(*fold.range);
    if (range.IsError()) return range;
    if (!range.Is(Kind::List) && !range.Is(Kind::Map))
      return Val::Error("got '" + std::string(GoTypeName(range.kind())) + "', expected iterable type");
    Val begin = Of(*fold.init);
    locals_.push_back({fold.accumulator, std::move(begin)});
    const std::size_t accumulator = locals_.size() - 1;
    for (std::size_t i = 0; i < range.size() && !budget_.spent(); ++i) {
      locals_.push_back({fold.item, range.Is(Kind::List) ? range.At(i) : range.EntryAt(i).first});
      const bool goes_on = !Of(*fold.condition).IsFalse();
      if (goes_on) {
        Val next = Of(*fold.step);
        locals_[accumulator].value = std::move(next);
      }
      locals_.pop_back();
      if (!goes_on) break;
    }
    Val result = budget_.spent() ? OverBudget() : Of(*fold.result);
    locals_.pop_back();
    return result;
  }

  const Activation& activation_;
  Budget& budget_;
  std::vector<Local> locals_;
  const Expr* missing_ = nullptr;  // which expression named no variable last, and the name
  std::string missing_name_;
};

}  // namespace

const document::Value* Activation::Find(std::string_view name) const {
  for (const auto& [known, value] : named_) {
    if (known == name) return value;
  }
  return fields_ == nullptr ? nullptr : fields_->Find(name);
}

std::string_view GoTypeName(Kind kind) {
  switch (kind) {
    case Kind::Error: return "*types.Err";
    case Kind::Null: return "types.Null";
    case Kind::Bool: return "types.Bool";
    case Kind::Int: return "types.Int";
    case Kind::Uint: return "types.Uint";
    case Kind::Double: return "types.Double";
    case Kind::String: return "types.String";
    case Kind::Bytes: return "types.Bytes";
    case Kind::Timestamp: return "types.Timestamp";
    case Kind::Duration: return "types.Duration";
    case Kind::List: return "*types.baseList";
    case Kind::Map: return "*types.baseMap";
    case Kind::Type: return "*types.Type";
    case Kind::Optional: break;
  }
  return "*types.Optional";
}

bool CanQualify(const Val& key) { return key.IsNumber() || key.Is(Kind::String) || key.Is(Kind::Bool); }

Val Evaluate(const Expr& expr, const Activation& activation, Budget& budget) {
  Val value = Evaluator(activation, budget).Of(expr);
  return budget.spent() ? OverBudget() : value;
}

}  // namespace sluice::rollout::cel
