// YAML and JSON as functions: which errors fail a render, which become a text or an {Error: ...}.
#include "document/yaml.h"
#include "helm/functions/json.h"
#include "helm/functions/registry.h"
#include "helm/functions/tree.h"
#include "helm/functions/yaml.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Reason;
using base::Result;

/// The text, or "" for an error that Helm swallows. Our own limits are never swallowed.
Result<Value> Swallow(Result<std::string> text) {
  if (text) return Value::String(std::move(*text));
  if (text.error().reason == Reason::TooLarge) return std::move(text).error();
  return Value::String("");
}

Result<Value> OrFail(Result<std::string> text) {
  if (!text) return std::move(text).error();
  return Value::String(std::move(*text));
}

Result<std::string> Yaml(const Value& value) {
  TRY(std::string text, EmitYaml(value));
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

/// go-yaml v3's encoder with an indentation of 2.
Result<std::string> PrettyYaml(const Value& value) {
  TRY(const auto tree, ToDocument(value, Encoder::GoYaml3));
  std::string text = document::EmitYaml(tree, {.indent_sequences = true, .width = -1, .quote_merge_keys = true, .go_yaml3 = true});
  if (text.size() > kMaxValueBytes) return ValueTooLarge();
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

/// {Error: message}
Value ErrorMap(const Error& error) {
  auto map = MakeRef<Map>();
  map->entries.emplace("Error", Value::String(error.message));
  return Value::Of(map);
}

/// `partial`, a map or nothing, and the error in it.
Value WithError(const Value& partial, const Error& error) {
  const Value map = partial.IsMap() ? partial : Value::NewMap();
  map.map()->entries["Error"] = Value::String(error.message);
  return map;
}
Value OnlyError(const Value&, const Error& error) { return Value::NewList({Value::String(error.message)}); }

Value ErrorList(const Error& error) { return Value::NewList({Value::String(error.message)}); }

Value NilMap() {
  auto map = MakeRef<Map>();
  map->is_nil = true;
  return Value::Of(map);
}

/// `none`: what null gives, {} or a nil map.
Value MapOrError(const Result<Value>& value, const Value& none) {
  if (!value) return ErrorMap(value.error());
  return value->IsNil() ? none : *value;
}

Value ListOrError(const Result<Value>& value, const Value& none) {
  if (!value) return ErrorList(value.error());
  return value->IsNil() ? none : *value;
}

/// What `expect` refuses is an error of JSON, and sigs.k8s.io/yaml says where it came up.
Result<Value> ParseYamlAs(std::string_view text, Result<void> (*expect)(const Value&)) {
  TRY(Value value, ParseYaml(text));
  if (auto fits = expect(value); !fits) return std::move(fits.error()).Wrap("error unmarshaling JSON: while decoding JSON");
  return value;
}

/// json.Unmarshal into a map or list, as `expect` asks: what there is of it stays, the error is put in beside it.
Result<Value> FromJson(std::string_view text, Result<void> (*expect)(const Value&), const Value& none,
                       Value (*with)(const Value&, const Error&)) {
  auto decoded = DecodeJsonAsFarAsPossible(text);
  if (!decoded) return with(Value::Nil(), decoded.error());
  if (auto fits = expect(decoded->value); !fits) return with(Value::Nil(), fits.error());
  if (decoded->problem) return with(decoded->value, *decoded->problem);
  return decoded->value.IsNil() ? none : decoded->value;
}

void AddYaml(FunctionMap& map) {
  Add(map, {"toYaml"}, {kAny}, [](Arguments a) { return Swallow(Yaml(a[0])); });
  Add(map, {"toYamlPretty"}, {kAny}, [](Arguments a) { return Swallow(PrettyYaml(a[0])); });
  Add(map, {"fromYaml"}, {kString}, [](Arguments a) { return MapOrError(ParseYamlAs(a[0].AsString(), ExpectJsonMap), Value::NewMap()); });
  Add(map, {"fromYamlArray"}, {kString},
      [](Arguments a) { return ListOrError(ParseYamlAs(a[0].AsString(), ExpectJsonList), Value::NewList()); });
}

void AddJson(FunctionMap& map) {
  constexpr JsonStyle kRaw{.escape_html = false}, kPretty{.indent = 2};
  Add(map, {"toJson"}, {kAny}, [](Arguments a) { return Swallow(EncodeJson(a[0])); });
  Add(map, {"toPrettyJson"}, {kAny}, [kPretty](Arguments a) { return Swallow(EncodeJson(a[0], kPretty)); });
  Add(map, {"toRawJson", "mustToRawJson"}, {kAny}, [kRaw](Arguments a) { return OrFail(EncodeJson(a[0], kRaw)); });
  Add(map, {"mustToJson"}, {kAny}, [](Arguments a) { return OrFail(EncodeJson(a[0])); });
  Add(map, {"mustToPrettyJson"}, {kAny}, [kPretty](Arguments a) { return OrFail(EncodeJson(a[0], kPretty)); });
  Add(map, {"fromJson"}, {kString}, [](Arguments a) { return FromJson(a[0].AsString(), ExpectJsonMap, NilMap(), WithError); });
  Add(map, {"fromJsonArray"}, {kString},
      [](Arguments a) { return FromJson(a[0].AsString(), ExpectJsonList, Value::NilList(), OnlyError); });
  Add(map, {"mustFromJson"}, {kString}, [](Arguments a) { return DecodeJson(a[0].AsString()); });
}

}  // namespace

void AddEncoding(FunctionMap& map, Dialect dialect) {
  AddYaml(map);
  AddJson(map);
  if (dialect == Dialect::Helm4) {
    Add(map, {"mustToYaml"}, {kAny}, [](Arguments a) { return OrFail(Yaml(a[0])); });
  }
}

}  // namespace sluice::helm
