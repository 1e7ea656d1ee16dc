#include "helm/template/compare.h"

#include <string>

#include "helm/template/print.h"

namespace sluice::helm::detail {
namespace {

using base::Invalid;
using base::Result;

enum class Kind { None, Bool, Complex, Int, Float, String, Uint };

Kind KindOf(const Value& value) {
  if (value.IsSigned()) return Kind::Int;
  if (value.IsUnsigned()) return Kind::Uint;
  switch (value.type()) {
    case Type::Bool: return Kind::Bool;
    case Type::Float64: return Kind::Float;
    case Type::Complex: return Kind::Complex;
    case Type::String: return Kind::String;
    case Type::Object: return value.object()->AsInt() ? Kind::Int : value.object()->KindName() == "string" ? Kind::String : Kind::None;
    default: return Kind::None;
  }
}

std::int64_t IntOf(const Value& value) { return value.IsObject() ? *value.object()->AsInt() : value.AsSigned(); }
std::string StringOf(const Value& value) { return value.IsObject() ? value.object()->Text().value_or("") : value.AsString(); }

base::Error Incompatible(const Value& left, const Value& right, std::string_view values_name) {
  return Invalid("incompatible types for comparison: " + TypeName(left, values_name) + " and " + TypeName(right, values_name));
}

// fmt's %s, which Go's messages use here: "[%!s(float64=1) a]".
std::string Show(const Value& value, std::string_view values_name) { return Sprintf("%s", std::span(&value, 1), values_name); }

bool IsNilReference(const Value& value) {
  if (value.IsList()) return value.list()->is_nil;
  if (value.IsMap()) return value.map()->is_nil;
  return value.IsNil();
}

// Maps, lists, structs and nothing: equal if nothing on both sides, else only structs can be compared.
Result<bool> EqualOthers(const Value& left, const Value& right, std::string_view values_name) {
  const std::string left_kind = KindName(left), right_kind = KindName(right);
  if (left_kind != right_kind && !left.IsNil() && !right.IsNil()) {
    return Invalid("non-comparable types " + Show(left, values_name) + ": " + TypeName(left, values_name) + ", " +
                   TypeName(right, values_name) + ": " + Sprint(right));
  }
  if (IsNilReference(left) || IsNilReference(right)) return IsNilReference(left) == IsNilReference(right);
  if (!right.IsObject() || right_kind == "map" || right_kind == "slice") {
    return Invalid("non-comparable type " + Show(right, values_name) + ": " + TypeName(right, values_name));
  }
  return left.IsObject() && left.object()->Equals(*right.object());
}

Result<bool> Equal(const Value& left, const Value& right, std::string_view values_name) {
  const Kind kind = KindOf(left), other = KindOf(right);
  if (kind == Kind::Int && other == Kind::Uint) return IntOf(left) >= 0 && static_cast<std::uint64_t>(IntOf(left)) == right.AsUnsigned();
  if (kind == Kind::Uint && other == Kind::Int) return IntOf(right) >= 0 && static_cast<std::uint64_t>(IntOf(right)) == left.AsUnsigned();
  if (kind != other) {
    if (!left.IsNil() && !right.IsNil()) return Incompatible(left, right, values_name);
    return false;
  }
  switch (kind) {
    case Kind::Bool: return left.AsBool() == right.AsBool();
    case Kind::Complex: return left.Real() == right.Real() && left.Imaginary() == right.Imaginary();
    case Kind::Int: return IntOf(left) == IntOf(right);
    case Kind::Uint: return left.AsUnsigned() == right.AsUnsigned();
    case Kind::Float: return left.AsFloat() == right.AsFloat();
    case Kind::String: return left.IsString() && right.IsString() ? left.AsString() == right.AsString() : StringOf(left) == StringOf(right);
    case Kind::None: break;
  }
  return EqualOthers(left, right, values_name);
}

}  // namespace

Result<bool> EqualsAny(std::span<const Value> arguments, std::string_view values_name) {
  if (arguments.size() < 2) return Invalid("missing argument for comparison");
  for (const Value& other : arguments.subspan(1)) {
    TRY(const bool equal, Equal(arguments[0], other, values_name));
    if (equal) return true;
  }
  return false;
}

Result<bool> Less(const Value& left, const Value& right, std::string_view values_name) {
  const Kind kind = KindOf(left), other = KindOf(right);
  if (kind == Kind::None || other == Kind::None) return Invalid("invalid type for comparison");
  if (kind == Kind::Int && other == Kind::Uint) return IntOf(left) < 0 || static_cast<std::uint64_t>(IntOf(left)) < right.AsUnsigned();
  if (kind == Kind::Uint && other == Kind::Int) return IntOf(right) >= 0 && left.AsUnsigned() < static_cast<std::uint64_t>(IntOf(right));
  if (kind != other) return Incompatible(left, right, values_name);
  switch (kind) {
    case Kind::Int: return IntOf(left) < IntOf(right);
    case Kind::Uint: return left.AsUnsigned() < right.AsUnsigned();
    case Kind::Float: return left.AsFloat() < right.AsFloat();
    case Kind::String: return StringOf(left) < StringOf(right);
    default: return Invalid("invalid type for comparison");
  }
}

Result<bool> LessOrEqual(std::span<const Value> both, std::string_view values_name) {
  TRY(const bool less, Less(both[0], both[1], values_name));
  if (less) return true;
  return EqualsAny(both, values_name);
}

}  // namespace sluice::helm::detail
