// rollout/cel/checker.h: does an expression make sense before any value is there? Undeclared names and calls that no overload takes are found
// here, and the type of the whole (cel-go, checker/checker.go; the homogeneity of literals: cel/validator.go). Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "rollout/cel/expr.h"
#include "rollout/cel/issue.h"
#include "rollout/cel/type.h"

namespace sluice::rollout::cel {

/// The type of `expr`, given `variables` that are maps from strings to anything. Of no use if there are issues. Rewrites qualified names
/// (`sets.contains`, `google.protobuf.Duration`) into what they mean.
TypePtr Check(Expr& expr, std::span<const std::string> variables, std::vector<Issue>& issues);

/// What can be seen without types: the first call whose number of arguments can never fit, constant conversion that fails, or constant pattern
/// that is none; "" if there is nothing. As cel-go's planner, and in its words. Rewrites qualified function names where Check has not, does
/// constant conversions and literals, and compiles constant patterns.
std::string Plan(Expr& expr, bool checked, std::size_t max_regex_bytes);

}  // namespace sluice::rollout::cel
