// helm/template/arguments.h: may a value or a literal be the argument that a parameter wants? Go's assignability, and its conversion of constants.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/template/function.h"
#include "helm/template/node.h"
#include "helm/template/value.h"

namespace sluice::helm::detail {

/// As Go prints the type: "map[string]interface {}".
std::string ParameterName(const Parameter& parameter);

/// Makes `value` what `parameter` promises: nothing becomes nil where the type has one, .Values a plain map. The error is the reason:
/// `wrong type for value; expected int; got int64`.
base::Result<void> ConvertArgument(Value& value, const Parameter& parameter, std::string_view values_name);
/// The literal nil for `parameter`: `cannot assign nil to string`.
base::Result<Value> NilArgument(const Parameter& parameter);
/// A literal (Bool, Number, String) for `parameter`: `expected integer; found "x"`.
base::Result<Value> LiteralArgument(const Node& literal, const Parameter& parameter);
/// A literal where nothing asks for a type: `18446744073709551615 overflows int`.
base::Result<Value> LiteralValue(const Node& literal);

}  // namespace sluice::helm::detail
