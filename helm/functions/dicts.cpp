// Dicts. `set` and `unset` change the map that every alias sees; the others make new ones.
#include "helm/functions/json.h"
#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

Result<Value> Set(Arguments a) {
  if (!a[0].IsMap() || a[0].map()->is_nil) return Invalid("assignment to entry in nil map");
  a[0].map()->entries.insert_or_assign(a[1].AsString(), a[2]);
  return a[0];
}

Value Unset(Arguments a) {
  if (a[0].IsMap()) {
    auto& entries = a[0].map()->entries;
    if (const auto found = entries.find(a[1].AsString()); found != entries.end()) entries.erase(found);
  }
  return a[0];
}

Value Get(Arguments a) {
  const auto& entries = EntriesOf(a[0]);
  const auto found = entries.find(a[1].AsString());
  return found == entries.end() ? Value::String("") : found->second;
}

/// Keys are written as text; a last one without a value gets "".
Value Dict(Arguments a) {
  auto map = MakeRef<Map>();
  for (std::size_t i = 0; i < a.size(); i += 2) {
    map->entries.insert_or_assign(TextOf(a[i]), i + 1 < a.size() ? a[i + 1] : Value::String(""));
  }
  return Value::Of(map);
}

Value Pluck(Arguments a) {
  std::vector<Value> found;
  for (const Value& dict : a.subspan(1)) {
    const auto& entries = EntriesOf(dict);
    if (const auto entry = entries.find(a[0].AsString()); entry != entries.end()) found.push_back(entry->second);
  }
  return Value::NewList(std::move(found));
}

/// Go's order is by chance; ours is by bytes.
Value Keys(Arguments a) {
  std::vector<std::string> keys;
  for (const Value& dict : a) {
    for (const auto& entry : EntriesOf(dict)) keys.push_back(entry.first);
  }
  return Value::Strings(std::move(keys));
}

Value Values(Arguments a) {
  std::vector<Value> values;
  for (const auto& entry : EntriesOf(a[0])) values.push_back(entry.second);
  return Value::NewList(std::move(values));
}

Value Pick(Arguments a) {
  auto map = MakeRef<Map>();
  const auto& entries = EntriesOf(a[0]);
  for (const Value& key : a.subspan(1)) {
    if (const auto found = entries.find(key.AsString()); found != entries.end()) map->entries.insert_or_assign(found->first, found->second);
  }
  return Value::Of(map);
}

Value Omit(Arguments a) {
  auto map = MakeRef<Map>();
  map->entries = EntriesOf(a[0]);
  for (const Value& key : a.subspan(1)) {
    if (const auto found = map->entries.find(key.AsString()); found != map->entries.end()) map->entries.erase(found);
  }
  return Value::Of(map);
}

bool IsPlainDict(const Value& value) { return value.IsMap() && value.map_type() == MapType::Any; }

constexpr std::string_view kDictType = "map[string]interface {}";

/// dig "a" "b" default dict: what stands at .a.b; the default where a key is missing.
Result<Value> Dig(Arguments a, std::string_view values_name) {
  if (a.size() < 3) return Invalid("dig needs at least three arguments");
  const auto refuse = [&](const Value& value, std::string_view wanted = kDictType) {
    return Invalid("interface conversion: interface {} is " + (value.IsNil() ? std::string("nil") : TypeName(value, values_name)) +
                   ", not " + std::string(wanted));
  };
  if (!IsPlainDict(a.back())) return refuse(a.back());
  const Arguments keys = a.first(a.size() - 2);
  for (const Value& key : keys) {
    if (!key.IsString()) return refuse(key, "string");
  }
  Value at = a.back();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!IsPlainDict(at)) return refuse(at);
    const auto& entries = at.map()->entries;
    const auto found = entries.find(keys[i].AsString());
    if (found == entries.end()) return a[a.size() - 2];
    at = Value(found->second);
  }
  return at;
}

class Copier {
 public:
  Result<Value> Copy(const Value& value, int depth) {
    if (++nodes_ > kMaxValueNodes || depth > kMaxValueDepth) return ValueTooLarge();
    if (value.IsMap()) return CopyMap(value, depth);
    if (value.IsList()) return CopyList(value, depth);
    return value;
  }

 private:
  Result<Value> CopyMap(const Value& value, int depth) {
    auto map = MakeRef<Map>();
    map->type = value.map_type();
    map->is_nil = value.map()->is_nil;
    for (const auto& [key, element] : value.map()->entries) {
      TRY(Value copy, Copy(element, depth + 1));
      map->entries.emplace_hint(map->entries.end(), key, std::move(copy));
    }
    return Value::Of(map);
  }

  Result<Value> CopyList(const Value& value, int depth) {
    auto list = MakeRef<List>();
    list->type = value.list()->type;
    list->is_nil = value.list()->is_nil;
    list->items.reserve(value.list()->items.size());
    for (const Value& element : value.list()->items) {
      TRY(Value copy, Copy(element, depth + 1));
      list->items.push_back(std::move(copy));
    }
    return Value::Of(list);
  }

  std::size_t nodes_ = 0;
};

}  // namespace

void AddDicts(FunctionMap& map, Dialect dialect) {
  AddVariadic(map, {"dict"}, {kAny}, Dict);
  Add(map, {"get"}, {kDict, kString}, Get);
  Add(map, {"set"}, {kDict, kString, kAny}, Set);
  Add(map, {"unset"}, {kDict, kString}, Unset);
  Add(map, {"hasKey"}, {kDict, kString}, [](Arguments a) { return Value::Bool(EntriesOf(a[0]).contains(a[1].AsString())); });
  AddVariadic(map, {"pluck"}, {kString, kDict}, Pluck);
  AddVariadic(map, {"keys"}, {kDict}, Keys);
  Add(map, {"values"}, {kDict}, Values);
  AddVariadic(map, {"pick"}, {kDict, kString}, Pick);
  AddVariadic(map, {"omit"}, {kDict, kString}, Omit);
  const std::string_view values_name = dialect == Dialect::Helm3 ? "chartutil.Values" : "common.Values";
  AddVariadic(map, {"dig"}, {kAny}, [values_name](Arguments a) { return Dig(a, values_name); });
  Add(map, {"deepCopy", "mustDeepCopy"}, {kAny}, [](Arguments a) -> Result<Value> {
    if (a[0].IsNil()) return Invalid("reflect: call of reflect.Value.Type on zero Value");
    return Copier().Copy(a[0], 0);
  });
}

}  // namespace sluice::helm
