// helm/template/compare.h: eq ne lt le gt ge. The rules and the error texts are text/template/funcs.go's; errors are the reason alone.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "helm/template/value.h"

namespace sluice::helm::detail {

/// Whether the first of `arguments` equals one of the others.
base::Result<bool> EqualsAny(std::span<const Value> arguments, std::string_view values_name);
base::Result<bool> Less(const Value& left, const Value& right, std::string_view values_name);
/// left <= right: less, or else equal.
base::Result<bool> LessOrEqual(std::span<const Value> both, std::string_view values_name);

}  // namespace sluice::helm::detail
