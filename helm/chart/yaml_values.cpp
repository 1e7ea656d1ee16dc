#include "helm/chart/yaml_values.h"

#include <algorithm>

#include "document/yaml.h"
#include "helm/chart/yaml_documents.h"
#include "helm/functions/yaml.h"
#include "helm/template/number.h"

namespace sluice::helm {

using base::Result;

Result<document::Value> ParseChartYaml(std::string_view text) {
  auto tree = document::ParseYaml(text, {.resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::LastWins});
  if (!tree) return base::Invalid("error converting YAML to JSON: " + GoYamlMessage(tree.error().message));
  return tree;
}

std::string ScalarText(const document::Value& value) {
  switch (value.kind()) {
    case document::Kind::Bool: return value.AsBool().value_or(false) ? "true" : "false";
    case document::Kind::Int:
      if (const auto number = value.AsInt()) return FormatInt(*number);
      if (const auto number = value.AsUint()) return FormatUint(*number);
      [[fallthrough]];
    case document::Kind::Float: return FormatFloat(value.AsDouble().value_or(0), 'g', -1, 32);
    default: return std::string(value.text());
  }
}

std::vector<document::Member> InJsonOrder(const document::Value& mapping) {
  const auto members = mapping.members();
  std::vector<document::Member> sorted(members.begin(), members.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const document::Member& a, const document::Member& b) { return a.key < b.key; });
  return sorted;
}

std::string CannotUnmarshal(std::string_view kind, std::string_view type) {
  return std::string("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ").append(kind).append(" into Go ").append(type);
}

std::string_view JsonTypeName(const document::Value& value) {
  switch (value.kind()) {
    case document::Kind::Null: return "null";
    case document::Kind::Bool: return "bool";
    case document::Kind::Int:
    case document::Kind::Float: return "number";
    case document::Kind::Sequence: return "array";
    case document::Kind::Mapping: return "object";
    default: return "string";
  }
}

std::string_view JsonTypeName(const Value& value) {
  switch (value.type()) {
    case Type::NoValue:
    case Type::Nil: return "null";
    case Type::Bool: return "bool";
    case Type::String:
    case Type::Bytes: return "string";
    case Type::List: return "array";
    case Type::Map:
    case Type::Object: return "object";
    default: return "number";
  }
}

namespace {

constexpr std::string_view kMapType = "value of type map[string]interface {}";

Result<Value> ParseMap(std::string_view text) {
  TRY(Value value, ParseYaml(text));
  if (value.IsNil()) return Value::NewMap();
  if (!value.IsMap()) return base::Invalid(CannotUnmarshal(JsonTypeName(value), kMapType));
  return value;
}

}  // namespace

Result<Value> ParseValues(std::string_view text, Dialect dialect) {
  if (dialect == Dialect::Helm3) return ParseMap(text);
  Value all = Value::NewMap();
  for (YamlDocuments documents(text); true;) {
    auto document = documents.Next();
    if (!document) return document.error().Wrap("error reading yaml document");
    if (!*document) return all;
    auto map = ParseMap(**document);
    if (!map) return map.error().Wrap("cannot unmarshal yaml document");
    MergeMaps(*all.map(), *map->map());
  }
}

Value DeepCopy(const Value& value) {
  if (value.IsMap()) {
    Value copy = Value::NewMap(value.map()->type);
    auto& entries = copy.map()->entries;
    for (const auto& [key, item] : value.map()->entries) entries.emplace_hint(entries.end(), key, DeepCopy(item));
    return copy;
  }
  if (value.IsList()) {
    Value copy = Value::NewList({}, value.list()->type);
    copy.list()->is_nil = value.list()->is_nil;
    copy.list()->items.reserve(value.list()->items.size());
    for (const Value& item : value.list()->items) copy.list()->items.push_back(DeepCopy(item));
    return copy;
  }
  return value;
}

void MergeMaps(Map& base, const Map& upper) {
  for (const auto& [key, value] : upper.entries) {
    Value& slot = base.entries[key];
    if (slot.IsMap() && value.IsMap()) {
      MergeMaps(*slot.map(), *value.map());
    } else {
      slot = DeepCopy(value);
    }
  }
}

}  // namespace sluice::helm
