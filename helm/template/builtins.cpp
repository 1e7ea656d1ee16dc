#include <string>

#include "helm/template/compare.h"
#include "helm/template/escape.h"
#include "helm/template/index.h"
#include "helm/template/print.h"
#include "helm/template/template.h"

namespace sluice::helm {
namespace {

using base::Result;
using Arguments = std::span<const Value>;

constexpr Parameter kAny{ParameterType::Any};
constexpr Parameter kReflect{ParameterType::Reflect};

Result<Value> BoolOf(Result<bool> result, bool negated = false) {
  TRY(const bool value, std::move(result));
  return Value::Bool(value != negated);
}

// The text of the arguments of html, js and urlquery: as `print`, but nothing is "<no value>".
std::string TextOf(Arguments arguments) {
  std::vector<Value> printable(arguments.begin(), arguments.end());
  for (Value& value : printable) {
    if (value.IsNil()) value = Value::String("<no value>");
  }
  return Sprint(printable);
}

Result<Value> Unreachable(Arguments) { return base::MakeError(base::Reason::Internal, "unreachable"); }  // the evaluator does these itself

void AddComparisons(FunctionMap& map, std::string_view values_name) {
  map["eq"] = {{kReflect, kReflect}, true, [=](Arguments a) { return BoolOf(detail::EqualsAny(a, values_name)); }};
  map["ne"] = {{kReflect, kReflect}, false, [=](Arguments a) { return BoolOf(detail::EqualsAny(a, values_name), true); }};
  map["lt"] = {{kReflect, kReflect}, false, [=](Arguments a) { return BoolOf(detail::Less(a[0], a[1], values_name)); }};
  map["le"] = {{kReflect, kReflect}, false, [=](Arguments a) { return BoolOf(detail::LessOrEqual(a, values_name)); }};
  map["gt"] = {{kReflect, kReflect}, false, [=](Arguments a) { return BoolOf(detail::LessOrEqual(a, values_name), true); }};
  map["ge"] = {{kReflect, kReflect}, false, [=](Arguments a) { return BoolOf(detail::Less(a[0], a[1], values_name), true); }};
}

void AddPrinting(FunctionMap& map, std::string_view values_name) {
  map["print"] = {{kAny}, true, [](Arguments a) -> Result<Value> { return Value::String(Sprint(a)); }};
  map["println"] = {{kAny}, true, [](Arguments a) -> Result<Value> { return Value::String(Sprintln(a)); }};
  map["printf"] = {{{ParameterType::String}, kAny}, true, [=](Arguments a) -> Result<Value> {
                     return Value::String(Sprintf(a[0].AsString(), a.subspan(1), values_name));
                   }};
  map["html"] = {{kAny}, true, [](Arguments a) -> Result<Value> { return Value::String(EscapeHtml(TextOf(a))); }};
  map["js"] = {{kAny}, true, [](Arguments a) -> Result<Value> { return Value::String(EscapeJs(TextOf(a))); }};
  map["urlquery"] = {{kAny}, true, [](Arguments a) -> Result<Value> { return Value::String(EscapeQuery(TextOf(a))); }};
}

}  // namespace

FunctionMap Builtins(Dialect dialect) {
  const std::string_view values_name = dialect == Dialect::Helm3 ? "chartutil.Values" : "common.Values";
  FunctionMap map;
  AddComparisons(map, values_name);
  AddPrinting(map, values_name);
  map["and"] = map["or"] = {{kReflect, kReflect}, true, Unreachable};
  map["call"] = {{kReflect, kReflect}, true, Unreachable};
  map["not"] = {{kReflect}, false, [](Arguments a) -> Result<Value> { return Value::Bool(!IsTrue(a[0])); }};
  map["index"] = {{kReflect, kReflect}, true, [=](Arguments a) { return detail::Index(a, values_name); }};
  map["len"] = {{kReflect}, false, [=](Arguments a) { return detail::Length(a[0], values_name); }};
  return map;
}

}  // namespace sluice::helm
