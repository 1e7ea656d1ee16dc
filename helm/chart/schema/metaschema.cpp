// What the drafts of JSON Schema say of their keywords, as one table. Since 2019 the keywords are grouped in vocabularies, each a schema of its own that
// the whole one refers to, which shows in the messages: a mistake is then below "'allOf' failed".
#include "helm/chart/schema/metaschema.h"

#include <utility>

namespace sluice::helm {
namespace {

enum class Is {
  Text,
  Uri,           // asserted up to draft 7
  UriReference,  // the same
  Regex,
  Number,
  Positive,
  Count,
  CountOrNone,  // a Count with a default
  Flag,
  List,
  Enum,
  Type,
  Texts,
  MapOfTexts,
  Schema,
  FlagOrSchema,
  Schemas,
  Items,
  Map,
  PatternMap,
  Dependencies,
};

struct Row {
  const char* keyword;
  Is is;
  int first, last;
  const char* vocabulary;
};

constexpr int kFirst = 4, kLast = 2020;
constexpr Row kRows[] = {
    {"id", Is::Text, 4, 4, ""},
    {"$id", Is::UriReference, 6, kLast, "core"},
    {"$schema", Is::Uri, kFirst, kLast, "core"},
    {"$ref", Is::UriReference, kFirst, kLast, "core"},
    {"$anchor", Is::Text, 2019, kLast, "core"},
    {"$recursiveRef", Is::Text, 2019, 2019, "core"},
    {"$recursiveAnchor", Is::Flag, 2019, 2019, "core"},
    {"$dynamicRef", Is::Text, 2020, kLast, "core"},
    {"$dynamicAnchor", Is::Text, 2020, kLast, "core"},
    {"$comment", Is::Text, 7, kLast, "core"},
    {"$defs", Is::Map, 2019, kLast, "core"},
    {"definitions", Is::Map, kFirst, kLast, ""},
    {"dependencies", Is::Dependencies, kFirst, kLast, ""},
    {"title", Is::Text, kFirst, kLast, "meta-data"},
    {"description", Is::Text, kFirst, kLast, "meta-data"},
    {"deprecated", Is::Flag, 2019, kLast, "meta-data"},
    {"readOnly", Is::Flag, 7, kLast, "meta-data"},
    {"writeOnly", Is::Flag, 7, kLast, "meta-data"},
    {"examples", Is::List, 7, kLast, "meta-data"},
    {"multipleOf", Is::Positive, kFirst, kLast, "validation"},
    {"maximum", Is::Number, kFirst, kLast, "validation"},
    {"minimum", Is::Number, kFirst, kLast, "validation"},
    {"exclusiveMaximum", Is::Flag, 4, 4, ""},
    {"exclusiveMinimum", Is::Flag, 4, 4, ""},
    {"exclusiveMaximum", Is::Number, 6, kLast, "validation"},
    {"exclusiveMinimum", Is::Number, 6, kLast, "validation"},
    {"maxLength", Is::Count, kFirst, kLast, "validation"},
    {"minLength", Is::CountOrNone, kFirst, kLast, "validation"},
    {"pattern", Is::Regex, kFirst, kLast, "validation"},
    {"maxItems", Is::Count, kFirst, kLast, "validation"},
    {"minItems", Is::CountOrNone, kFirst, kLast, "validation"},
    {"uniqueItems", Is::Flag, kFirst, kLast, "validation"},
    {"maxContains", Is::Count, 2019, kLast, "validation"},
    {"minContains", Is::Count, 2019, kLast, "validation"},
    {"maxProperties", Is::Count, kFirst, kLast, "validation"},
    {"minProperties", Is::CountOrNone, kFirst, kLast, "validation"},
    {"required", Is::Texts, kFirst, kLast, "validation"},
    {"dependentRequired", Is::MapOfTexts, 2019, kLast, "validation"},
    {"enum", Is::Enum, kFirst, kLast, "validation"},
    {"type", Is::Type, kFirst, kLast, "validation"},
    {"format", Is::Text, kFirst, kLast, "format"},
    {"contentMediaType", Is::Text, 7, kLast, "content"},
    {"contentEncoding", Is::Text, 7, kLast, "content"},
    {"contentSchema", Is::Schema, 2019, kLast, "content"},
    {"additionalItems", Is::FlagOrSchema, 4, 4, ""},
    {"additionalItems", Is::Schema, 6, 2019, "applicator"},
    {"items", Is::Items, kFirst, 2019, "applicator"},
    {"items", Is::Schema, 2020, kLast, "applicator"},
    {"prefixItems", Is::Schemas, 2020, kLast, "applicator"},
    {"contains", Is::Schema, 6, kLast, "applicator"},
    {"additionalProperties", Is::FlagOrSchema, 4, 4, ""},
    {"additionalProperties", Is::Schema, 6, kLast, "applicator"},
    {"properties", Is::Map, kFirst, kLast, "applicator"},
    {"patternProperties", Is::Map, kFirst, 6, ""},
    {"patternProperties", Is::PatternMap, 7, kLast, "applicator"},
    {"dependentSchemas", Is::Map, 2019, kLast, "applicator"},
    {"propertyNames", Is::Schema, 6, kLast, "applicator"},
    {"if", Is::Schema, 7, kLast, "applicator"},
    {"then", Is::Schema, 7, kLast, "applicator"},
    {"else", Is::Schema, 7, kLast, "applicator"},
    {"allOf", Is::Schemas, kFirst, kLast, "applicator"},
    {"anyOf", Is::Schemas, kFirst, kLast, "applicator"},
    {"oneOf", Is::Schemas, kFirst, kLast, "applicator"},
    {"not", Is::Schema, kFirst, kLast, "applicator"},
    {"unevaluatedItems", Is::Schema, 2019, 2019, "applicator"},
    {"unevaluatedProperties", Is::Schema, 2019, 2019, "applicator"},
    {"unevaluatedItems", Is::Schema, 2020, kLast, "unevaluated"},
    {"unevaluatedProperties", Is::Schema, 2020, kLast, "unevaluated"},
};

using Members = std::vector<std::pair<const char*, Value>>;

Value Of(Members members) {
  Value map = Value::NewMap();
  for (auto& [key, value] : members) map.map()->entries.insert_or_assign(key, std::move(value));
  return map;
}
Value Text(const std::string& text) { return Value::String(text); }
Value Number(double number) { return Value::Float64(number); }
Value Typed(const char* type) { return Of({{"type", Text(type)}}); }
Value Formatted(const char* format) { return Of({{"type", Text("string")}, {"format", Text(format)}}); }

class Builder {
 public:
  explicit Builder(int draft) : draft_(draft), uri_(MetaschemaUri(draft)) {}

  Value Build() const {
    Value root = Of({{"$schema", Text("http://json-schema.org/draft-07/schema#")},
                     {"$id", Text(uri_)},
                     {"type", Types()},
                     {"definitions", Definitions()},
                     {"properties", Properties("")}});
    if (draft_ == 4)
      root.map()->entries["dependencies"] =
          Of({{"exclusiveMaximum", Value::NewList({Text("maximum")})}, {"exclusiveMinimum", Value::NewList({Text("minimum")})}});
    if (draft_ < 2019) return root;
    std::vector<Value> parts;
    for (const char* vocabulary : Vocabularies()) parts.push_back(Of({{"$ref", Text(VocabularyUri(vocabulary))}}));
    root.map()->entries["allOf"] = Value::NewList(std::move(parts));
    return root;
  }

 private:
  Value Types() const {
    if (draft_ == 4) return Text("object");
    return Value::NewList({Text("object"), Text("boolean")});
  }

  std::vector<const char*> Vocabularies() const {
    if (draft_ == 2019) return {"core", "applicator", "validation", "meta-data", "format", "content"};
    return {"core", "applicator", "unevaluated", "validation", "meta-data", "format", "content"};
  }

  std::string VocabularyUri(const std::string& vocabulary) const {
    return uri_.substr(0, uri_.rfind('/')) + "/meta/" + vocabulary + (draft_ == 2020 && vocabulary == "format" ? "-annotation" : "");
  }

  Value Properties(std::string_view vocabulary) const {
    Value properties = Value::NewMap();
    for (const Row& row : kRows) {
      if (draft_ < row.first || draft_ > row.last) continue;
      if (draft_ >= 2019 && vocabulary != row.vocabulary) continue;
      properties.map()->entries.insert_or_assign(row.keyword, SchemaOf(row.is));
    }
    return properties;
  }

  Value Definitions() const {
    Value count = Of({{"type", Text("integer")}, {"minimum", Number(0)}});
    Value texts = Of({{"type", Text("array")}, {"items", Typed("string")}, {"uniqueItems", Value::Bool(true)}});
    if (draft_ == 4) texts.map()->entries["minItems"] = Number(1);
    std::vector<Value> types;
    for (const char* type : {"array", "boolean", "integer", "null", "number", "object", "string"}) types.push_back(Text(type));
    Value all = Of({{"schemaArray", Of({{"type", Text("array")}, {"minItems", Number(1)}, {"items", Schema()}})},
                    {"count", std::move(count)},
                    {"countOrNone", Of({{"allOf", Value::NewList({Defined("count"), Value::NewMap()})}})},
                    {"simpleTypes", Of({{"enum", Value::NewList(std::move(types))}})},
                    {"texts", std::move(texts)}});
    if (draft_ >= 2019)
      for (const char* vocabulary : Vocabularies())
        all.map()->entries[vocabulary] =
            Of({{"$id", Text(VocabularyUri(vocabulary))}, {"type", Types()}, {"properties", Properties(vocabulary)}});
    return all;
  }

  Value Schema() const { return Of({{"$ref", Text(uri_)}}); }
  Value Defined(const std::string& name) const { return Of({{"$ref", Text(uri_ + "#/definitions/" + name)}}); }
  static Value MapOf(Value of) { return Of({{"type", Text("object")}, {"additionalProperties", std::move(of)}}); }
  static Value Either(Value one, Value other) { return Of({{"anyOf", Value::NewList({std::move(one), std::move(other)})}}); }

  Value SchemaOf(Is is) const {
    switch (is) {
      case Is::Text: return Typed("string");
      case Is::Uri: return draft_ <= 7 ? Formatted("uri") : Typed("string");
      case Is::UriReference: return draft_ == 6 || draft_ == 7 ? Formatted("uri-reference") : Typed("string");
      case Is::Regex: return Formatted("regex");
      case Is::Number: return Typed("number");
      case Is::Positive: return Of({{"type", Text("number")}, {"exclusiveMinimum", Number(0)}});
      case Is::Count: return Defined("count");
      case Is::CountOrNone: return Defined(draft_ <= 7 ? "countOrNone" : "count");
      case Is::Flag: return Typed("boolean");
      case Is::List: return Typed("array");
      case Is::Enum: return EnumSchema();
      case Is::Type: return TypeSchema();
      case Is::Texts: return Defined("texts");
      case Is::MapOfTexts: return MapOf(Defined("texts"));
      case Is::Schema: return Schema();
      case Is::FlagOrSchema: return Either(Typed("boolean"), Schema());
      case Is::Schemas: return Defined("schemaArray");
      case Is::Items: return Either(Schema(), Defined("schemaArray"));
      case Is::Map: return MapOf(Schema());
      case Is::PatternMap: break;
      case Is::Dependencies: return MapOf(Either(Schema(), Defined("texts")));
    }
    Value map = MapOf(Schema());
    map.map()->entries["propertyNames"] = Of({{"format", Text("regex")}});
    return map;
  }

  Value EnumSchema() const {
    if (draft_ >= 2019) return Typed("array");
    return Of({{"type", Text("array")}, {"minItems", Number(1)}, {"uniqueItems", Value::Bool(true)}});
  }

  Value TypeSchema() const {
    return Either(
        Defined("simpleTypes"),
        Of({{"type", Text("array")}, {"items", Defined("simpleTypes")}, {"minItems", Number(1)}, {"uniqueItems", Value::Bool(true)}}));
  }

  const int draft_;
  const std::string uri_;
};

}  // namespace

std::string MetaschemaUri(int draft) {
  if (draft < 2019) return "http://json-schema.org/draft-0" + std::to_string(draft) + "/schema";
  return draft == 2019 ? "https://json-schema.org/draft/2019-09/schema" : "https://json-schema.org/draft/2020-12/schema";
}

Value MetaschemaOf(int draft) { return Builder(draft).Build(); }

}  // namespace sluice::helm
