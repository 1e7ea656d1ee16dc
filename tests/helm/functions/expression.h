// tests/helm/functions/expression.h: evaluates expressions such as `list 1 (dict "a" nil) | toJson`, so that rows read as templates do and no
// test of a function depends on the evaluator of templates.
#pragma once

#include <string_view>

#include "base/result.h"
#include "helm/template/function.h"

namespace sluice::helm {

/// Calls, pipes, parentheses with `.Method arguments` behind them, and literals. Errors are the function's.
base::Result<Value> Evaluate(std::string_view expression, const FunctionMap& functions);

}  // namespace sluice::helm
