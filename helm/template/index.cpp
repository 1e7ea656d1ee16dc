#include "helm/template/index.h"

#include <string>

namespace sluice::helm::detail {
namespace {

using base::Invalid;
using base::Result;

// A position within `size`, which itself passes (Go leaves it to reflect to complain).
Result<std::size_t> Position(const Value& index, std::size_t size, std::string_view values_name) {
  if (index.IsNil()) return Invalid("cannot index slice/array with nil");
  if (!index.IsInteger()) return Invalid("cannot index slice/array with type " + TypeName(index, values_name));
  const std::int64_t position = index.AsSigned();
  if (position < 0 || static_cast<std::uint64_t>(position) > size) return Invalid("index out of range: " + std::to_string(position));
  return static_cast<std::size_t>(position);
}

Result<Value> ItemOf(const Value& container, const Value& index, std::string_view values_name) {
  const auto& items = container.list()->items;
  TRY(const std::size_t position, Position(index, items.size(), values_name));
  if (position == items.size()) return Invalid("reflect: slice index out of range");
  return items[position].IsNoValue() ? Value::Nil() : items[position];
}

Result<Value> ByteOf(const Value& container, const Value& index, std::string_view values_name) {
  const std::string& bytes = container.AsString();
  TRY(const std::size_t position, Position(index, bytes.size(), values_name));
  if (position == bytes.size())
    return Invalid(container.IsString() ? "reflect: string index out of range" : "reflect: slice index out of range");
  return Value::Uint8(static_cast<std::uint8_t>(bytes[position]));
}

Result<void> CheckKey(const Value& key, std::string_view values_name) {
  if (key.IsNil()) return Invalid("value is nil; should be of type string");
  if (!key.IsString()) return Invalid("value has type " + TypeName(key, values_name) + "; should be string");
  return {};
}

Result<Value> EntryOf(const Value& container, const Value& key, std::string_view values_name) {
  TRY(CheckKey(key, values_name));
  const auto& entries = container.map()->entries;
  const auto found = entries.find(key.AsString());
  if (found == entries.end()) return container.map_type() == MapType::String ? Value::String("") : Value::Nil();
  return found->second.IsNoValue() ? Value::Nil() : found->second;
}

Result<Value> ItemOfObject(const Value& container, const Value& index, std::string_view values_name) {
  const std::string kind = container.object()->KindName();
  if (kind == "map") {
    TRY(CheckKey(index, values_name));
    return container.object()->Field(index.AsString()).value_or(Value::Nil());
  }
  if (kind == "slice") {
    if (const Value items = container.object()->ToJson(); items.IsList()) return ItemOf(items, index, values_name);
  }
  return Invalid("can't index item of type " + TypeName(container, values_name));
}

Result<Value> Step(const Value& container, const Value& index, std::string_view values_name) {
  switch (container.type()) {
    case Type::NoValue:
    case Type::Nil: return Invalid("index of nil pointer");
    case Type::List: return ItemOf(container, index, values_name);
    case Type::String:
    case Type::Bytes: return ByteOf(container, index, values_name);
    case Type::Map: return EntryOf(container, index, values_name);
    case Type::Object: return ItemOfObject(container, index, values_name);
    default: return Invalid("can't index item of type " + TypeName(container, values_name));
  }
}

}  // namespace

Result<Value> Index(std::span<const Value> arguments, std::string_view values_name) {
  Value item = arguments[0];
  if (item.IsNil()) return Invalid("index of untyped nil");
  for (const Value& index : arguments.subspan(1)) {
    TRY(item, Step(item, index, values_name));
  }
  return item;
}

Result<Value> Length(const Value& value, std::string_view values_name) {
  const auto size = [](std::size_t n) { return Value::Int(static_cast<std::int64_t>(n)); };
  switch (value.type()) {
    case Type::NoValue: return Invalid("reflect: call of reflect.Value.Type on zero Value");
    case Type::Nil: return Invalid("len of nil pointer");
    case Type::String:
    case Type::Bytes: return size(value.AsString().size());
    case Type::List: return size(value.list()->items.size());
    case Type::Map: return size(value.map()->entries.size());
    case Type::Object: {
      const std::string kind = value.object()->KindName();
      if (kind == "map") return size(value.object()->Fields().size());
      if (const Value items = kind == "slice" ? value.object()->ToJson() : Value(); items.IsList()) return size(items.list()->items.size());
      break;
    }
    default: break;
  }
  return Invalid("len of type " + TypeName(value, values_name));
}

}  // namespace sluice::helm::detail
