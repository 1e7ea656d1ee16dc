#include "helm/template/value.h"

#include <new>

namespace sluice::helm {

struct Value::Text : Counted {
  explicit Text(std::string bytes) : text(std::move(bytes)) {}
  std::string text;
};

struct Value::ComplexNumber : Counted {
  ComplexNumber(double re, double im) : real(re), imaginary(im) {}
  double real, imaginary;
};

Value Value::Nil() { return {Type::Nil, std::int64_t{0}}; }
Value Value::Bool(bool value) { return {Type::Bool, std::int64_t{value}}; }
Value Value::Int(std::int64_t value) { return {Type::Int, value}; }
Value Value::Int32(std::int32_t value) { return {Type::Int32, value}; }
Value Value::Int64(std::int64_t value) { return {Type::Int64, value}; }
Value Value::Uint8(std::uint8_t value) { return {Type::Uint8, static_cast<std::int64_t>(value)}; }
Value Value::Uint32(std::uint32_t value) { return {Type::Uint32, static_cast<std::int64_t>(value)}; }
Value Value::Uint64(std::uint64_t value) { return {Type::Uint64, static_cast<std::int64_t>(value)}; }

Value Value::Float64(double value) {
  Value result(Type::Float64, std::int64_t{0});
  result.payload_.real = value;
  return result;
}

Value Value::Complex(double real, double imaginary) { return {Type::Complex, new ComplexNumber(real, imaginary)}; }
Value Value::String(std::string value) { return {Type::String, new Text(std::move(value))}; }
Value Value::Bytes(std::string value) { return {Type::Bytes, new Text(std::move(value))}; }

Value Value::NewList(std::vector<Value> items, ListType type) {
  auto* list = new List;
  list->type = type;
  list->items = std::move(items);
  return {Type::List, list};
}

Value Value::Strings(std::vector<std::string> items) {
  auto* list = new List;
  list->type = ListType::String;
  list->items.reserve(items.size());
  for (std::string& item : items) list->items.push_back(String(std::move(item)));
  return {Type::List, list};
}

Value Value::NilList(ListType type) {
  auto* list = new List;
  list->type = type;
  list->is_nil = true;
  return {Type::List, list};
}

Value Value::NewMap(MapType type) {
  auto* map = new Map;
  map->type = type;
  return Of(Ref<Map>(map));
}

Value Value::Of(Ref<List> list) { return {Type::List, list.get()}; }
Value Value::Of(Ref<Map> map) {
  Value result(Type::Map, map.get());
  result.map_type_ = map->type;
  return result;
}
Value Value::Values(Ref<Map> map) {
  Value value{Type::Map, map.get()};
  value.map_type_ = MapType::Values;
  return value;
}
Value Value::Of(Ref<Object> object) { return {Type::Object, object.get()}; }

Value Value::AsPlainMap() const {
  Value result = *this;
  result.map_type_ = MapType::Any;
  return result;
}

double Value::Real() const { return static_cast<const ComplexNumber*>(payload_.counted)->real; }
double Value::Imaginary() const { return static_cast<const ComplexNumber*>(payload_.counted)->imaginary; }
const std::string& Value::AsString() const { return static_cast<const Text*>(payload_.counted)->text; }
List* Value::list() const { return const_cast<List*>(static_cast<const List*>(payload_.counted)); }
Map* Value::map() const { return const_cast<Map*>(static_cast<const Map*>(payload_.counted)); }
Object* Value::object() const { return const_cast<Object*>(static_cast<const Object*>(payload_.counted)); }

void Value::Free() {
  switch (type_) {
    case Type::Complex: delete static_cast<const ComplexNumber*>(payload_.counted); break;
    case Type::String:
    case Type::Bytes: delete static_cast<const Text*>(payload_.counted); break;
    case Type::List: Destroy(list()); break;
    case Type::Map: Destroy(map()); break;
    case Type::Object: delete object(); break;
    default: break;
  }
}

namespace {

// A chart can nest lists a million deep (`$x = list $x`), and destructors that call each other would use up the stack. So the containers
// that die with their parent are moved to a worklist first; a parent then only ends values that hold nothing.
class Undertaker {
 public:
  void Bury(List* list) {
    for (Value& item : list->items) Keep(item);
    delete list;
  }
  void Bury(Map* map) {
    for (auto& [key, item] : map->entries) Keep(item);
    delete map;
  }
  void Work() {
    while (!pending_.empty()) {
      Value next = std::move(pending_.back());
      pending_.pop_back();
      if (next.IsList()) {
        for (Value& item : next.list()->items) Keep(item);
      } else {
        for (auto& [key, item] : next.map()->entries) Keep(item);
      }
    }
  }

 private:
  void Keep(Value& item) {
    const bool dies = (item.IsList() && item.list()->Unshared()) || (item.IsMap() && item.map()->Unshared());
    if (!dies) return;
    try {
      pending_.push_back(std::move(item));
    } catch (const std::bad_alloc&) {
      // It stays where it is and ends with what holds it.
    }
  }
  std::vector<Value> pending_;
};

constexpr int kMaxDepth = 10'000;  // of comparisons; deeper (or cyclic) values are not equal

bool DeepEqualAt(const Value& left, const Value& right, int depth);

bool EqualLists(const List& left, const List& right, int depth) {
  if (left.type != right.type || left.is_nil != right.is_nil || left.items.size() != right.items.size()) return false;
  for (std::size_t i = 0; i < left.items.size(); ++i) {
    if (!DeepEqualAt(left.items[i], right.items[i], depth)) return false;
  }
  return true;
}

bool EqualMaps(const Map& left, const Map& right, int depth) {
  if (left.is_nil != right.is_nil || left.entries.size() != right.entries.size()) return false;
  for (auto a = left.entries.begin(), b = right.entries.begin(); a != left.entries.end(); ++a, ++b) {
    if (a->first != b->first || !DeepEqualAt(a->second, b->second, depth)) return false;
  }
  return true;
}

bool DeepEqualAt(const Value& left, const Value& right, int depth) {
  if (left.IsNil() && right.IsNil()) return true;
  if (left.type() != right.type() || depth > kMaxDepth) return false;
  switch (left.type()) {
    case Type::Float64: return left.AsFloat() == right.AsFloat();
    case Type::Complex: return left.Real() == right.Real() && left.Imaginary() == right.Imaginary();
    case Type::String:
    case Type::Bytes: return left.AsString() == right.AsString();
    case Type::List: return left.list() == right.list() || EqualLists(*left.list(), *right.list(), depth + 1);
    case Type::Map:
      return (left.map() == right.map() && left.map_type() == right.map_type()) || EqualMaps(*left.map(), *right.map(), depth + 1);
    case Type::Object: return left.object() == right.object() || left.object()->Equals(*right.object());
    default: return left.AsSigned() == right.AsSigned();
  }
}

}  // namespace

void Destroy(List* list) {
  Undertaker undertaker;
  undertaker.Bury(list);
  undertaker.Work();
}

void Destroy(Map* map) {
  Undertaker undertaker;
  undertaker.Bury(map);
  undertaker.Work();
}

base::Result<Value> Object::Call(std::string_view name, std::span<const Value>) {
  return base::Invalid("can't call method " + std::string(name) + " on " + TypeName());
}

std::string TypeName(const Value& value, std::string_view values_name) {
  switch (value.type()) {
    case Type::NoValue:
    case Type::Nil: return "<nil>";
    case Type::Bool: return "bool";
    case Type::Int: return "int";
    case Type::Int32: return "int32";
    case Type::Int64: return "int64";
    case Type::Uint8: return "uint8";
    case Type::Uint32: return "uint32";
    case Type::Uint64: return "uint64";
    case Type::Float64: return "float64";
    case Type::Complex: return "complex128";
    case Type::String: return "string";
    case Type::Bytes: return "[]uint8";
    case Type::List:
      switch (value.list()->type) {
        case ListType::Any: return "[]interface {}";
        case ListType::String: return "[]string";
        case ListType::Int: return "[]int";
        case ListType::AnyList: return "[][]interface {}";
        case ListType::Maintainer: return "[]*chart.Maintainer";
        case ListType::Dependency: return "[]*chart.Dependency";
      }
      break;
    case Type::Map:
      switch (value.map_type()) {
        case MapType::Any: return "map[string]interface {}";
        case MapType::Values: return std::string(values_name);
        case MapType::String: return "map[string]string";
      }
      break;
    case Type::Object: return value.object()->TypeName();
  }
  return "<nil>";
}

std::string KindName(const Value& value) {
  switch (value.type()) {
    case Type::NoValue:
    case Type::Nil: return "invalid";
    case Type::Complex: return "complex128";
    case Type::Bytes:
    case Type::List: return "slice";
    case Type::Map: return "map";
    case Type::Object: return value.object()->KindName();
    default: return TypeName(value);
  }
}

bool IsTrue(const Value& value) {
  switch (value.type()) {
    case Type::NoValue:
    case Type::Nil: return false;
    case Type::Float64: return value.AsFloat() != 0;
    case Type::Complex: return value.Real() != 0 || value.Imaginary() != 0;
    case Type::String:
    case Type::Bytes: return !value.AsString().empty();
    case Type::List: return !value.list()->items.empty();
    case Type::Map: return !value.map()->entries.empty();
    case Type::Object: return value.object()->Truth();
    default: return value.AsSigned() != 0;
  }
}

bool DeepEqual(const Value& left, const Value& right) { return DeepEqualAt(left, right, 0); }

}  // namespace sluice::helm
