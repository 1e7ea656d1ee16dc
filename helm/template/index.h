// helm/template/index.h: index and len. The rules and the error texts are text/template/funcs.go's; errors are the reason alone.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "helm/template/value.h"

namespace sluice::helm::detail {

/// The item of the first of `arguments` under the others, one after the other.
base::Result<Value> Index(std::span<const Value> arguments, std::string_view values_name);
base::Result<Value> Length(const Value& value, std::string_view values_name);

}  // namespace sluice::helm::detail
