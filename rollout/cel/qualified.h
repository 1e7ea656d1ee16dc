// rollout/cel/qualified.h: names with dots in them: `sets.contains` is one function, `a.b` two selections.
#pragma once

#include <optional>
#include <string>

#include "rollout/cel/expr.h"

namespace sluice::rollout::cel {

/// `a.b.c` if `expr` is nothing but an identifier and selections.
std::optional<std::string> QualifiedName(const Expr& expr);

/// If receiver and name of the member call `call` are together the name of a function, makes it a call of that function.
bool NameFunction(Expr& call);

}  // namespace sluice::rollout::cel
