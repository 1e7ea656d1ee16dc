// rollout/cel/parser.h: the text of an expression becomes its tree, by CEL's grammar (cel-go, parser/gen/CEL.g4) with the optional syntax.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "rollout/cel/expr.h"
#include "rollout/cel/issue.h"

namespace sluice::rollout::cel {

/// Never null, but worth something only if there are no issues. At most `max_depth` levels of nesting; chains of operators, and
/// what macros expand into, make a tree of at most twice that.
ExprPtr Parse(std::string_view source, int max_depth, std::vector<Issue>& issues);

}  // namespace sluice::rollout::cel
