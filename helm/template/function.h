// helm/template/function.h: a function that templates call, with its signature. The evaluator checks and converts arguments by it, exactly as
// text/template does with reflection (helm-contract 5.3 and 7.0), so a function's body only sees arguments of the types it asked for.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// The Go type of a parameter. Literals adapt to it, values do not. Any is interface{}; Dict map[string]interface{}; List []interface{};
/// Strings []string; Time time.Time (a struct value); Object: any Object whose TypeName() is Parameter::object; Value reflect.Value (Go's builtins).
enum class ParameterType { Any, Bool, Int, Int64, Uint32, Float64, String, Dict, List, Strings, Time, Object, Reflect };

struct Parameter {
  ParameterType type = ParameterType::Any;
  std::string_view object = {};  ///< for ParameterType::Object: its Go type, "sprig.certificate"
};

/// The parameters of an Object's method.
struct Signature {
  std::vector<Parameter> parameters;  ///< the last one repeats if `variadic`
  bool variadic = false;
};

struct Function {
  std::vector<Parameter> parameters;  ///< the last one repeats if `variadic`
  bool variadic = false;
  /// Arguments as the parameters promise (nothing is Type::Nil for Any). An error is the reason alone; the evaluator adds
  /// `error calling NAME: `. A Go panic of the original is an error with the panic's text.
  std::function<base::Result<Value>(std::span<const Value>)> call;
};

/// Functions by name. Lookup happens while parsing: an unknown name is a parse error.
using FunctionMap = std::map<std::string, Function, std::less<>>;

}  // namespace sluice::helm
