// rollout/cel/macros.h: has, all, exists, exists_one, map, filter, optMap and optFlatMap become comprehensions and conditionals
// (cel-go, parser/macro.go and cel/library.go), which gives them the semantics that the specification asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollout/cel/expr.h"
#include "rollout/cel/issue.h"

namespace sluice::rollout::cel {

/// The expansion of a call of `function` (its target first, if `member`) at `offset`, and null if no macro has this name and number of
/// arguments; then `args` is as it was. A malformed call is an issue, and something harmless stands for it.
ExprPtr ExpandMacro(std::string_view function, bool member, std::size_t offset, std::vector<ExprPtr>& args, std::vector<Issue>& issues);

}  // namespace sluice::rollout::cel
