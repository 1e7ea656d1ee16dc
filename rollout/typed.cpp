#include "rollout/typed.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "document/object.h"

namespace sluice::rollout {

namespace {

using document::Member;
using document::Value;

enum class Shape : std::uint8_t { Any, String, Bool, Int, Float, Bytes, Quantity, IntOrString, Duration, Pointer, List, Map, Struct };

struct TypeRow {
  Shape shape;
  std::uint16_t elem;   // of Pointer, List and Map
  std::uint16_t first;  // into kFields, of a Struct
  std::uint16_t count;
};
struct FieldRow {
  std::string_view name;
  bool omit_empty;
  std::uint16_t type;
};
struct RootRow {
  std::string_view group, version, kind;
  std::uint16_t type;
};

#include "rollout/builtin_types.inc"

constexpr int kMaxDepth = 512;

// Go's idea of empty, for `omitempty`; a struct never is.
bool IsEmpty(Shape shape, const Value& value) {
  switch (shape) {
    case Shape::String: return value.text().empty();
    case Shape::Bool: return !value.AsBool().value_or(false);
    case Shape::Int:
    case Shape::Float: return value.AsDouble().value_or(0) == 0;
    case Shape::Bytes: return value.text().empty();
    case Shape::List:
    case Shape::Map: return value.empty();
    default: return false;
  }
}

Value Zero(const TypeRow& type);

Value ZeroStruct(const TypeRow& type) {
  Value out = Value::Mapping();
  for (const FieldRow& field : std::span(kFields).subspan(type.first, type.count)) {
    Value value = Zero(kTypes[field.type]);
    const bool left_out = value.IsNull() || (field.omit_empty && IsEmpty(kTypes[field.type].shape, value));
    if (!left_out) out.Set(field.name, std::move(value));
  }
  return out;
}

// What Go writes for a value that was never set; null where that is nil.
Value Zero(const TypeRow& type) {
  switch (type.shape) {
    case Shape::String: return Value("");
    case Shape::Bool: return Value(false);
    case Shape::Int:
    case Shape::Float:
    case Shape::IntOrString: return Value(std::int64_t{0});
    case Shape::Quantity: return Value("0");
    case Shape::Duration: return Value("0s");
    case Shape::Struct: return ZeroStruct(type);
    default: return {};
  }
}

bool Convert(Value& value, const TypeRow& type, int depth);

bool ConvertInt(Value& value) {
  if (value.kind() == document::Kind::Int) return true;
  const auto whole = value.AsInt();  // of a float without a fraction
  if (!whole) return false;
  value = Value(*whole);
  return true;
}

bool ConvertBytes(Value& value) {
  if (!value.IsString()) return false;
  const auto bytes = base::Base64Decode(value.text());
  if (!bytes) return false;
  value = Value(base::Base64Encode(*bytes));
  return true;
}

bool ConvertStruct(Value& value, const TypeRow& type, int depth) {
  if (!value.IsMapping()) return false;
  const std::span<const FieldRow> fields = std::span(kFields).subspan(type.first, type.count);
  const auto known = [&](const Member& member) {
    return std::any_of(fields.begin(), fields.end(), [&](const FieldRow& field) { return field.name == member.key; });
  };
  std::erase_if(value.mutable_members(), [&](const Member& member) { return member.value.IsNull() || !known(member); });
  for (const FieldRow& field : fields) {
    const TypeRow& of = kTypes[field.type];
    if (Value* there = value.Find(field.name)) {
      if (!Convert(*there, of, depth + 1)) return false;
      if (field.omit_empty && IsEmpty(of.shape, *there)) value.Erase(field.name);
      continue;
    }
    if (field.omit_empty) continue;
    if (Value zero = Zero(of); !zero.IsNull()) value.Set(field.name, std::move(zero));
  }
  return true;
}

// `value` is not null.
bool Convert(Value& value, const TypeRow& type, int depth) {
  if (depth > kMaxDepth) return false;
  switch (type.shape) {
    case Shape::String: return value.IsString();
    case Shape::Bool: return value.IsBool();
    case Shape::Int: return ConvertInt(value);
    case Shape::Float: return value.IsNumber();
    case Shape::Bytes: return ConvertBytes(value);
    case Shape::Quantity: return value.IsString() || value.IsNumber();
    case Shape::IntOrString: return value.IsString() || value.kind() == document::Kind::Int;
    case Shape::Duration: return value.IsString();
    case Shape::Any: return true;
    case Shape::Pointer: return Convert(value, kTypes[type.elem], depth + 1);
    case Shape::Struct: return ConvertStruct(value, type, depth);
    case Shape::List:
      if (!value.IsSequence()) return false;
      for (Value& item : value.mutable_items()) {
        if (item.IsNull()) item = Zero(kTypes[type.elem]);
        if (!item.IsNull() && !Convert(item, kTypes[type.elem], depth + 1)) return false;
      }
      return true;
    case Shape::Map:
      if (!value.IsMapping()) return false;
      for (Member& member : value.mutable_members()) {
        if (member.value.IsNull()) member.value = Zero(kTypes[type.elem]);
        if (!member.value.IsNull() && !Convert(member.value, kTypes[type.elem], depth + 1)) return false;
      }
      return true;
  }
  return false;
}

}  // namespace

bool RoundTrip(Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const auto root = std::find_if(std::begin(kRoots), std::end(kRoots), [&](const RootRow& row) {
    return row.kind == gvk.kind && row.group == gvk.group && row.version == gvk.version;
  });
  if (root == std::end(kRoots)) return false;
  Value converted = object;
  if (!Convert(converted, kTypes[root->type], 0)) return false;
  object = std::move(converted);
  return true;
}

}  // namespace sluice::rollout
