#include "helm/functions/yaml.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "document/scalar.h"
#include "document/utf8.h"
#include "document/yaml.h"
#include "helm/functions/json.h"
#include "helm/functions/tree.h"
#include "helm/template/number.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Invalid;
using base::Result;

document::YamlOptions Options() {
  return {.resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::LastWins, .max_bytes = kMaxValueBytes};
}

Result<Value> NumberOf(const document::Value& tree) {
  const double number = tree.AsDouble().value_or(std::nan(""));
  if (!std::isfinite(number)) return Invalid("json: unsupported value: " + FormatFloat(number, 'g'));
  return Value::Float64(number);
}

/// "3:7: what" -> its line and what follows; 0 if there is no place.
std::pair<std::size_t, std::string_view> SplitPlace(std::string_view message) {
  std::size_t line = 0, column = 0;
  const char* const end = message.data() + message.size();
  auto at = std::from_chars(message.data(), end, line);
  if (at.ec != std::errc() || at.ptr == end || *at.ptr != ':') return {0, message};
  at = std::from_chars(at.ptr + 1, end, column);
  if (at.ec != std::errc() || end - at.ptr < 2 || *at.ptr != ':') return {0, message};
  return {line, message.substr(static_cast<std::size_t>(at.ptr + 2 - message.data()))};
}

/// libyaml's contexts: those of its parser proper begin like this, others are the scanner's.
bool IsParserContext(std::string_view context) {
  return context.starts_with("while parsing a block") || context.starts_with("while parsing a flow") ||
         context.starts_with("while parsing a node");
}

/// What our reader finds beyond libyaml: no line in go-yaml's message.
bool HasNoLine(std::string_view problem) {
  return problem.starts_with("unknown anchor") || problem.starts_with("anchor '") || problem.starts_with("map merge requires") ||
         problem.starts_with("cannot decode") || problem.starts_with("!!binary") || problem.starts_with("control characters") ||
         problem.find("UTF-8") != std::string_view::npos || problem.starts_with("incomplete UTF") || problem.starts_with("found duplicate");
}

Error ReadError(const Error& error) {
  if (error.reason == base::Reason::TooLarge) return error;
  return Invalid("error converting YAML to JSON: " + GoYamlMessage(error.message));
}

Error ConvertError(const Error& error) { return Invalid("error converting YAML to JSON: " + error.message); }

}  // namespace

std::string GoYamlMessage(std::string_view message) {
  auto [line, rest] = SplitPlace(message);
  if (rest.starts_with("invalid map key: ")) return "yaml: " + std::string(rest);
  const std::size_t comma = rest.find(", while ");
  const std::string_view problem = rest.substr(0, comma);
  std::string_view context = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
  if (problem.starts_with("unsupported map key")) return std::string(problem);
  if (HasNoLine(problem)) line = 0;
  // go-yaml counts from 0 where its parser fails, and names the line where the construct began if that was the first.
  const bool parser = IsParserContext(context) || (context.empty() && problem.starts_with("did not find expected"));
  if (line > 0 && parser) --line;
  if (line == 1 && !parser) line = 0;  // the first line is never named
  std::string out = "yaml: ";
  if (line > 0) out += "line " + std::to_string(line) + ": ";
  return out.append(problem);
}

Result<Value> FromDocument(const document::Value& tree) {
  using document::Kind;
  switch (tree.kind()) {
    case Kind::Null: return Value::Nil();
    case Kind::Bool: return Value::Bool(*tree.AsBool());
    case Kind::Int:
    case Kind::Float: return NumberOf(tree);
    case Kind::Timestamp: return Value::String(document::CanonicalTimestamp(tree.text()).value_or(std::string(tree.text())));
    case Kind::String: return Value::String(tree.tag().empty() ? std::string(tree.text()) : document::CleanUtf8(tree.text()));
    case Kind::Sequence: {
      auto list = MakeRef<List>();
      list->items.reserve(tree.size());
      for (const document::Value& item : tree.items()) {
        TRY(Value value, FromDocument(item));
        list->items.push_back(std::move(value));
      }
      return Value::Of(list);
    }
    case Kind::Mapping: break;
  }
  auto map = MakeRef<Map>();
  for (const document::Member& member : tree.members()) {
    TRY(Value value, FromDocument(member.value));
    map->entries.insert_or_assign(member.key, std::move(value));
  }
  return Value::Of(map);
}

Result<Value> ParseYaml(std::string_view text) {
  const auto tree = document::ParseYaml(text, Options());
  if (!tree) return ReadError(tree.error());
  auto value = FromDocument(*tree);
  if (!value) return ConvertError(value.error());
  return value;
}

Result<std::string> EmitYaml(const Value& value) {
  auto tree = ToDocument(value, Encoder::Json);
  if (!tree) {
    if (!tree.error().message.starts_with("json: ")) return std::move(tree).error();
    return std::move(tree).error().Wrap("error marshaling into JSON");
  }
  std::string text = document::EmitYaml(*tree, {.quote_merge_keys = false});
  if (text.size() > kMaxValueBytes) return ValueTooLarge();
  return text;
}

std::string ToYaml(const Value& value) {
  auto text = EmitYaml(value);
  if (!text) return {};
  if (text->ends_with('\n')) text->pop_back();
  return std::move(*text);
}

}  // namespace sluice::helm
