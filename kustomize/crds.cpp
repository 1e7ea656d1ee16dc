// A `crds:` file. kustomize decodes it into Go types of OpenAPI (kube-openapi's spec.Schema), so a field that is there with a value of another type is a
// mistake, whether or not anything looks at it.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "kustomize/decode.h"
#include "kustomize/field_spec.h"

namespace sluice::kustomize {

using base::Result;
using document::Member;
using document::Value;

// --- Types.

namespace {

enum class Type {
  Text,
  Texts,
  TypeNames,
  Flag,
  Number,
  Integer,
  List,
  Schema,
  OneSchema,
  Schemas,
  SchemaMap,
  SchemaOrFlag,
  SchemaOrList,
  SchemaOrTexts,
  Dependencies,
  Docs
};

struct Field {
  std::string_view name;
  Type type;
};

constexpr std::array<Field, 35> kSchemaFields = {{
    {"id", Type::Text},
    {"description", Type::Text},
    {"type", Type::TypeNames},
    {"nullable", Type::Flag},
    {"format", Type::Text},
    {"title", Type::Text},
    {"maximum", Type::Number},
    {"exclusiveMaximum", Type::Flag},
    {"minimum", Type::Number},
    {"exclusiveMinimum", Type::Flag},
    {"maxLength", Type::Integer},
    {"minLength", Type::Integer},
    {"pattern", Type::Text},
    {"maxItems", Type::Integer},
    {"minItems", Type::Integer},
    {"uniqueItems", Type::Flag},
    {"multipleOf", Type::Number},
    {"enum", Type::List},
    {"maxProperties", Type::Integer},
    {"minProperties", Type::Integer},
    {"required", Type::Texts},
    {"items", Type::SchemaOrList},
    {"allOf", Type::Schemas},
    {"oneOf", Type::Schemas},
    {"anyOf", Type::Schemas},
    {"not", Type::OneSchema},
    {"properties", Type::SchemaMap},
    {"additionalProperties", Type::SchemaOrFlag},
    {"patternProperties", Type::SchemaMap},
    {"dependencies", Type::Dependencies},
    {"additionalItems", Type::SchemaOrFlag},
    {"definitions", Type::SchemaMap},
    {"discriminator", Type::Text},
    {"readOnly", Type::Flag},
    {"externalDocs", Type::Docs},
}};

/// Percent signs are followed by two hexadecimal digits.
bool EscapesAreWhole(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdefABCDEF";
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
    if (at + 2 >= text.size() || kHex.find(text[at + 1]) == std::string_view::npos || kHex.find(text[at + 2]) == std::string_view::npos)
      return false;
  return true;
}

/// Whether Go's url.Parse takes `text` (references to other hosts are not looked into).
bool IsUrl(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  const std::size_t fragment = text.find('#');
  if (fragment != std::string_view::npos && !EscapesAreWhole(text.substr(fragment))) return false;
  text = text.substr(0, std::min(fragment, text.find('?')));
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find('/') < colon) return EscapesAreWhole(text);
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view kScheme = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
  const bool scheme = colon != 0 && kLetters.find(text[0]) != std::string_view::npos && text.find_first_not_of(kScheme) == colon;
  return scheme && (!text.substr(colon + 1).starts_with('/') || EscapesAreWhole(text.substr(colon + 1)));
}

class TypeChecker {
 public:
  explicit TypeChecker(std::string_view file) : file_(file) {}

  Result<void> Check(const Value& value, Type type, const std::string& name) const {
    if (value.IsNull()) return {};
    switch (type) {
      case Type::Text: return Want(value.IsString(), value, name, "text");
      case Type::Flag: return Want(value.IsBool(), value, name, "true or false");
      case Type::Number: return Want(value.IsNumber(), value, name, "a number");
      case Type::Integer: return Want(value.AsInt().has_value(), value, name, "a whole number");
      case Type::List: return Want(value.IsSequence(), value, name, "a list");
      case Type::Texts: return List(value, Type::Text, name);
      case Type::TypeNames: return value.IsString() ? Result<void>() : List(value, Type::Text, name);
      case Type::Schema: return Schema(value, name, Texts::Strict);
      case Type::OneSchema: return Schema(value, name, Texts::AnyScalar);
      case Type::Schemas: return List(value, Type::Schema, name);
      case Type::SchemaMap: return Map(value, Type::Schema, name);
      case Type::SchemaOrFlag: return value.IsBool() ? Result<void>() : Schema(value, name, Texts::AnyScalar);
      case Type::SchemaOrList: return SchemaOrList(value, Type::Schema, name);
      case Type::SchemaOrTexts: return SchemaOrList(value, Type::Text, name);
      case Type::Dependencies: return Map(value, Type::SchemaOrTexts, name);
      case Type::Docs: return Docs(value, name);
    }
    return {};
  }

 private:
  Result<void> Want(bool fits, const Value& value, const std::string& name, std::string_view wanted) const {
    if (fits) return {};
    return base::Invalid(PlaceOf(file_, value.mark()) + ": " + name + " wants " + std::string(wanted));
  }

  Result<void> List(const Value& value, Type type, const std::string& name) const {
    TRY(Want(value.IsSequence(), value, name, type == Type::Text ? "a list of texts" : "a list of schemas"));
    for (const Value& item : value.items()) TRY(Check(item, type, name));
    return {};
  }

  Result<void> SchemaOrList(const Value& value, Type item, const std::string& name) const {
    if (value.IsMapping()) return Schema(value, name, Texts::AnyScalar);
    return value.IsSequence() ? List(value, item, name) : Result<void>();
  }

  Result<void> Map(const Value& value, Type type, const std::string& name) const {
    TRY(Want(value.IsMapping(), value, name, "a mapping of names to schemas"));
    for (const Member& member : value.members()) TRY(Check(member.value, type, name + "." + member.key));
    return {};
  }

  Result<void> Docs(const Value& value, const std::string& name) const {
    TRY(Want(value.IsMapping(), value, name, "a mapping"));
    for (const std::string_view key : {"description", "url"})
      if (const Value* text = value.Find(key)) TRY(Check(*text, Type::Text, name + "." + std::string(key)));
    return {};
  }

  /// Of a schema that Go holds by a pointer, the YAML library makes texts of numbers and the like before they are decoded.
  enum class Texts { Strict, AnyScalar };

  Result<void> Schema(const Value& value, const std::string& name, Texts texts) const {
    TRY(Want(value.IsMapping(), value, name, "a schema, which is a mapping"));
    for (const Field& field : kSchemaFields) {
      const Value* found = value.Find(field.name);
      if (found == nullptr || (field.type == Type::Text && texts == Texts::AnyScalar && found->IsScalar())) continue;
      TRY(Check(*found, field.type, name + "." + std::string(field.name)));
    }
    for (const std::string_view key : {"$ref", "$schema"}) {
      const Value* url = value.Find(key);
      if (url != nullptr && url->IsString()) TRY(Want(IsUrl(url->text()), *url, name + "." + std::string(key), "a URL"));
    }
    return {};
  }

  std::string_view file_;
};

}  // namespace

// --- What they say.

namespace {

constexpr int kMaxReferences = 64;

/// Walks the properties of one type and of the types they refer to.
class CrdReader {
 public:
  CrdReader(const Value& types, GvkFilter gvk, TransformerConfig& out) : types_(types), gvk_(std::move(gvk)), out_(out) {}

  Result<void> Read(std::string_view type, const std::string& path, int depth) {
    const Value* api = types_.Find(type);
    if (api == nullptr) return {};
    if (depth > kMaxReferences) return base::Invalid("type " + std::string(type) + " contains itself");
    const Value* properties = api->At({"Schema", "properties"});
    if (properties == nullptr) return {};
    for (const Member& property : properties->members()) {
      const std::string below = path.empty() ? property.key : path + "/" + property.key;
      TRY(ReadProperty(property.value, below));
      const std::string_view ref = property.value.StringAt({"$ref"});
      if (!ref.empty()) TRY(Read(ref, below, depth + 1));
    }
    return {};
  }

 private:
  static bool Has(const Value& property, std::string_view extension) {
    const Value* value = property.Find(extension);
    return value != nullptr && value->IsString();
  }

  FieldSpecs Spec(const std::string& path) const { return {{.gvk = gvk_, .path = path}}; }

  Result<void> ReadProperty(const Value& property, const std::string& path) {
    if (Has(property, "x-kubernetes-annotation")) TRY(MergeFieldSpecs(out_.common_annotations, Spec(path)));
    if (Has(property, "x-kubernetes-label-selector")) TRY(MergeFieldSpecs(out_.common_labels, Spec(path)));
    if (Has(property, "x-kubernetes-identity")) TRY(MergeFieldSpecs(out_.name_prefix, Spec(path)));
    if (!Has(property, "x-kubernetes-object-ref-api-version") || !Has(property, "x-kubernetes-object-ref-kind")) return {};
    const std::string_view key =
        Has(property, "x-kubernetes-object-ref-name-key") ? property.StringAt({"x-kubernetes-object-ref-name-key"}) : "name";
    const GvkFilter target{.group = {},
                           .version = std::string(property.StringAt({"x-kubernetes-object-ref-api-version"})),
                           .kind = std::string(property.StringAt({"x-kubernetes-object-ref-kind"}))};
    return MergeReferences(out_.name_reference, {{.target = target, .referrers = Spec(path + "/" + std::string(key))}});
  }

  const Value& types_;
  GvkFilter gvk_;
  TransformerConfig& out_;
};

bool LooksLikeObject(const Value& api) {
  const Value* properties = api.At({"Schema", "properties"});
  return properties != nullptr && properties->Find("kind") != nullptr && properties->Find("apiVersion") != nullptr &&
         properties->Find("metadata") != nullptr;
}

}  // namespace

Result<TransformerConfig> ParseCrds(const Value& content, std::string_view file) {
  if (!content.IsMapping()) return base::Invalid(std::string(file) + ": a mapping of type names to OpenAPI definitions is wanted");
  for (const Member& type : content.members())
    if (const Value* schema = type.value.Find("Schema")) TRY(TypeChecker(file).Check(*schema, Type::Schema, type.key));
  TransformerConfig out;
  for (const Member& type : content.members()) {
    if (!LooksLikeObject(type.value)) continue;
    TransformerConfig one;
    const std::string kind = type.key.substr(type.key.rfind('.') + 1);
    CrdReader reader(content, {.group = {}, .version = {}, .kind = kind}, one);
    if (auto read = reader.Read(type.key, "", 0); !read) return std::move(read).error().Wrap(file);
    if (auto merged = MergeConfig(out, one); !merged) return std::move(merged).error().Wrap(file);
  }
  return out;
}

}  // namespace sluice::kustomize
