// Choices by emptiness, and questions about Go's types.
#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

using base::Result;

Value Default(Arguments a) { return a.size() < 2 || IsEmpty(a[1]) ? a[0] : a[1]; }

Value Coalesce(Arguments a) {
  for (const Value& value : a) {
    if (!IsEmpty(value)) return value;
  }
  return Value::Nil();
}

Value AllFilled(Arguments a) {
  for (const Value& value : a) {
    if (IsEmpty(value)) return Value::Bool(false);
  }
  return Value::Bool(true);
}

Value AnyFilled(Arguments a) { return Value::Bool(!Coalesce(a).IsNil()); }

void AddQuestions(FunctionMap& map, std::string_view values_name) {
  const auto type_of = [values_name](const Value& value) { return TypeName(value, values_name); };
  Add(map, {"typeOf"}, {kAny}, [type_of](Arguments a) { return Value::String(type_of(a[0])); });
  Add(map, {"typeIs"}, {kString, kAny}, [type_of](Arguments a) { return Value::Bool(type_of(a[1]) == a[0].AsString()); });
  Add(map, {"typeIsLike"}, {kString, kAny}, [type_of](Arguments a) {
    const std::string type = type_of(a[1]);
    return Value::Bool(type == a[0].AsString() || type == "*" + a[0].AsString());
  });
  Add(map, {"kindOf"}, {kAny}, [](Arguments a) { return Value::String(KindName(a[0])); });
  Add(map, {"kindIs"}, {kString, kAny}, [](Arguments a) { return Value::Bool(KindName(a[1]) == a[0].AsString()); });
}

}  // namespace

void AddTypes(FunctionMap& map, Dialect dialect) {
  AddVariadic(map, {"default"}, {kAny, kAny}, Default);
  Add(map, {"empty"}, {kAny}, [](Arguments a) { return Value::Bool(IsEmpty(a[0])); });
  AddVariadic(map, {"coalesce"}, {kAny}, Coalesce);
  AddVariadic(map, {"all"}, {kAny}, AllFilled);
  AddVariadic(map, {"any"}, {kAny}, AnyFilled);
  Add(map, {"ternary"}, {kAny, kAny, kBool}, [](Arguments a) { return a[2].AsBool() ? a[0] : a[1]; });
  Add(map, {"deepEqual"}, {kAny, kAny}, [](Arguments a) { return Value::Bool(DeepEqual(a[0], a[1])); });
  AddQuestions(map, dialect == Dialect::Helm3 ? "chartutil.Values" : "common.Values");
}

}  // namespace sluice::helm
