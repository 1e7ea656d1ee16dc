// Trees on their way through JSON, as every JSON patch sends them.
#include <cmath>
#include <utility>

#include "base/digest.h"
#include "base/utf8.h"
#include "document/json.h"
#include "document/repeated_keys.h"
#include "document/scalar.h"
#include "document/yaml.h"
#include "document/yaml_scalar.h"
#include "kustomize/json6902.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using base::Result;
using document::Kind;
using document::Member;
using document::Style;
using document::Value;

namespace {

std::string Place(document::Mark mark) {
  return mark.line == 0 ? std::string() : std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": ";
}

/// kustomize prints what came out of the patch and reads it again: a text has the style that printing it needs, which later patches keep.
Style StyleAsPrinted(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return Style::Literal;
  if (!document::ReadsAsString(text) || !base::IsUtf8(text)) return Style::DoubleQuoted;
  const document::TextAnalysis analysis = document::AnalyzeText(text);
  if (analysis.plain) return Style::Plain;
  return analysis.single_quoted ? Style::SingleQuoted : Style::DoubleQuoted;
}

Result<Value> ScalarToJson(const Value& value) {
  if (!FitsItsKind(value))
    return base::Invalid(Place(value.mark()) + "'" + std::string(value.text()) + "' stands where another kind of value is; quote that one");
  switch (value.kind()) {
    case Kind::Float:
      if (!std::isfinite(value.AsDouble().value_or(NAN)))
        return base::Invalid(Place(value.mark()) + "JSON has no number " + std::string(value.text()));
      [[fallthrough]];
    case Kind::Int: {
      const std::string text = document::EmitJson(value);
      return Value::Scalar(document::ResolvePlain(text, document::Resolver::GoYaml3), text);
    }
    case Kind::Timestamp: return Value(document::CanonicalTimestamp(value.text()).value_or(std::string(value.text())));
    case Kind::Null: return Value();
    case Kind::Bool: return Value(*value.AsBool());
    default: break;
  }
  if (value.tag() == "!!binary") return Value(base::Base64Decode(value.text()).value_or(std::string(value.text())));
  return Value(value.text());
}

}  // namespace

Result<Value> ToJson(const Value& value) {
  if (value.IsSequence()) {
    Value out = Value::Sequence();
    for (const Value& item : value.items()) {
      TRY(Value converted, ToJson(item));
      out.Append(std::move(converted));
    }
    return out;
  }
  if (!value.IsMapping()) return ScalarToJson(value);
  if (const auto repeated = document::RepeatedKeys(value.members()); !repeated.empty())
    return base::Invalid(Place(value.members()[repeated[0].again].key_mark) + document::DescribeRepeated(value.members(), repeated[0]));
  std::vector<Member> members;
  members.reserve(value.size());
  for (const Member& member : value.members()) {
    if (member.key_kind != Kind::String) {
      return base::Invalid(Place(member.key_mark) + "the key " + (member.key.empty() ? "null" : member.key) + " is no string; quote it");
    }
    TRY(Value converted, ToJson(member.value));
    members.push_back({.key = member.key, .value = std::move(converted)});
  }
  return Value::Mapping(std::move(members));
}

Value FromJson(const Value& value) {
  if (value.IsSequence()) {
    Value out = Value::Sequence();
    for (const Value& item : value.items()) out.Append(FromJson(item));
    return out;
  }
  if (value.IsMapping()) {
    std::vector<Member> members;
    members.reserve(value.size());
    for (const Member& member : value.members()) members.push_back({.key = member.key, .value = FromJson(member.value)});
    return Value::Mapping(std::move(members));
  }
  if (value.IsNumber()) {
    const std::string text = document::GoYamlFloat(value.AsDouble().value_or(NAN));
    return Value::Scalar(document::ResolvePlain(text, document::Resolver::GoYaml3), text);
  }
  if (value.IsString()) {
    return Value::Scalar(Kind::String, value.text(), StyleAsPrinted(value.text()));
  }
  return Value::Scalar(value.kind(), value.IsNull() ? "null" : value.text());
}

}  // namespace sluice::kustomize
