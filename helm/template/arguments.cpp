#include "helm/template/arguments.h"

namespace sluice::helm::detail {
namespace {

using base::Invalid;
using base::Result;

// The zero value of a type that has nil.
std::optional<Value> NilOf(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::Any: return Value::Nil();
    case ParameterType::Reflect: return Value();
    case ParameterType::List: return Value::NilList();
    case ParameterType::Strings: return Value::NilList(ListType::String);
    case ParameterType::Dict: {
      Value map = Value::NewMap();
      map.map()->is_nil = true;
      return map;
    }
    case ParameterType::Object:
      if (parameter.object.starts_with('*')) return Value::Nil();
      return std::nullopt;
    default: return std::nullopt;
  }
}

bool IsAssignable(const Value& value, const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::Any:
    case ParameterType::Reflect: return true;
    case ParameterType::Bool: return value.type() == Type::Bool;
    case ParameterType::Int: return value.type() == Type::Int;
    case ParameterType::Int64: return value.type() == Type::Int64;
    case ParameterType::Uint32: return value.type() == Type::Uint32;
    case ParameterType::Float64: return value.type() == Type::Float64;
    case ParameterType::String: return value.type() == Type::String;
    case ParameterType::Dict: return value.IsMap() && value.map_type() != MapType::String;
    case ParameterType::List: return value.IsList() && value.list()->type == ListType::Any;
    case ParameterType::Strings: return value.IsList() && value.list()->type == ListType::String;
    case ParameterType::Time: return value.IsObject() && value.object()->TypeName() == "time.Time";
    case ParameterType::Object: return value.IsObject() && value.object()->TypeName() == parameter.object;
  }
  return false;
}

Result<Value> NumberArgument(const Node& literal, ParameterType type) {
  const auto* number = literal.kind == NodeKind::Number ? static_cast<const NumberNode*>(&literal) : nullptr;
  switch (type) {
    case ParameterType::Int:
      if (number && number->is_int) return Value::Int(number->int_value);
      return Invalid("expected integer; found " + Show(literal));
    case ParameterType::Int64:
      if (number && number->is_int) return Value::Int64(number->int_value);
      return Invalid("expected integer; found " + Show(literal));
    case ParameterType::Uint32:
      if (number && number->is_uint) return Value::Uint32(static_cast<std::uint32_t>(number->uint_value));
      return Invalid("expected unsigned integer; found " + Show(literal));
    default:
      if (number && number->is_float) return Value::Float64(number->float_value);
      return Invalid("expected float; found " + Show(literal));
  }
}

}  // namespace

std::string ParameterName(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::Any: return "interface {}";
    case ParameterType::Bool: return "bool";
    case ParameterType::Int: return "int";
    case ParameterType::Int64: return "int64";
    case ParameterType::Uint32: return "uint32";
    case ParameterType::Float64: return "float64";
    case ParameterType::String: return "string";
    case ParameterType::Dict: return "map[string]interface {}";
    case ParameterType::List: return "[]interface {}";
    case ParameterType::Strings: return "[]string";
    case ParameterType::Time: return "time.Time";
    case ParameterType::Object: return std::string(parameter.object);
    case ParameterType::Reflect: return "reflect.Value";
  }
  return {};
}

Result<void> ConvertArgument(Value& value, const Parameter& parameter, std::string_view values_name) {
  if (parameter.type == ParameterType::Reflect) return {};
  if (value.IsNoValue()) {
    std::optional<Value> nil = NilOf(parameter);
    if (!nil) return Invalid("invalid value; expected " + ParameterName(parameter));
    value = *std::move(nil);
    return {};
  }
  if (!IsAssignable(value, parameter)) {
    const std::string got = value.IsNil() ? "interface {}" : TypeName(value, values_name);
    return Invalid("wrong type for value; expected " + ParameterName(parameter) + "; got " + got);
  }
  if (parameter.type == ParameterType::Dict) value = value.AsPlainMap();
  return {};
}

Result<Value> NilArgument(const Parameter& parameter) {
  std::optional<Value> nil = NilOf(parameter);
  if (!nil) return Invalid("cannot assign nil to " + ParameterName(parameter));
  return *std::move(nil);
}

Result<Value> LiteralValue(const Node& literal) {
  const auto& constant = static_cast<const ConstantNode&>(literal);
  if (constant.value.IsNoValue()) return Invalid(std::string(constant.text) + " overflows int");
  return constant.value;
}

Result<Value> LiteralArgument(const Node& literal, const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::Any:
    case ParameterType::Reflect: return LiteralValue(literal);
    case ParameterType::Bool:
      if (literal.kind != NodeKind::Bool) return Invalid("expected bool; found " + Show(literal));
      return LiteralValue(literal);
    case ParameterType::String:
      if (literal.kind != NodeKind::String) return Invalid("expected string; found " + Show(literal));
      return LiteralValue(literal);
    case ParameterType::Int:
    case ParameterType::Int64:
    case ParameterType::Uint32:
    case ParameterType::Float64: return NumberArgument(literal, parameter.type);
    default: return Invalid("can't handle " + Show(literal) + " for arg of type " + ParameterName(parameter));
  }
}

}  // namespace sluice::helm::detail
