// helm/template/parser.h: a template's text as trees. The rules and the error texts are text/template/parse/parse.go's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "helm/template/node.h"

namespace sluice::helm::detail {

/// What an identifier calls: nullptr if nothing has that name.
struct FoundFunction {
  const Function* function = nullptr;
  Builtin builtin = Builtin::None;
};
using FunctionLookup = std::function<FoundFunction(std::string_view name)>;

/// The templates of `source`: the text itself, named `source->name`, and its defines, in no order. Errors are whole: `template: NAME:LINE: REASON`.
/// Recurses as deep as parentheses and branches nest, 10000 at most each.
base::Result<std::vector<std::unique_ptr<Tree>>> ParseTemplate(std::shared_ptr<Source> source, const FunctionLookup& functions);

}  // namespace sluice::helm::detail
