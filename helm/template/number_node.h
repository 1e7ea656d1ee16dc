// helm/template/number_node.h: what a numeric literal can stand for: it adapts to the type that a parameter wants.
#pragma once

#include "base/result.h"
#include "helm/template/lexer.h"
#include "helm/template/node.h"

namespace sluice::helm::detail {

/// Fills in the values of `node` from its text, a token of `type` CharConstant, Complex or Number. Errors are the reason alone.
base::Result<void> ReadNumberNode(NumberNode& node, TokenType type);

}  // namespace sluice::helm::detail
