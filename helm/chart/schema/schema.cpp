#include "helm/chart/schema/schema.h"

#include "helm/chart/schema/metaschema.h"
#include "helm/chart/schema/validator.h"
#include "helm/functions/json.h"
#include "helm/template/quote.h"

namespace sluice::helm {

std::string QuoteSingle(const std::string& text) {
  const std::string go = GoQuote(text);
  std::string out = "'";
  for (std::size_t i = 1; i + 1 < go.size(); ++i) {
    if (go[i] == '\\' && go[i + 1] == '"') continue;
    if (go[i] == '\'') out += '\\';
    out += go[i];
  }
  return out + "'";
}

namespace {

using base::Invalid;
using base::Result;

void Print(const SchemaFailure& failure, int indent, std::string& out) {
  const bool hidden = failure.kind == SchemaFailure::Kind::Reference && failure.causes.size() == 1;
  if (!hidden) {
    out.append(static_cast<std::size_t>(indent) * 2, ' ').append("- at ").append(QuoteSingle(failure.at));
    out.append(": ").append(failure.text).append("\n");
  }
  for (const SchemaFailure& cause : failure.causes) Print(cause, hidden ? indent : indent + 1, out);
}

std::string Lines(const SchemaFailure& failure) {
  std::string out;
  if (failure.kind != SchemaFailure::Kind::Group) {
    Print(failure, 0, out);
  } else {
    for (const SchemaFailure& cause : failure.causes) Print(cause, 0, out);
  }
  return out;
}

/// Whether the schema itself is one.
Result<void> CheckSchema(const SchemaNode& root, const SchemaFileReader& read_file) {
  SchemaSet schemas(read_file);
  const std::string uri = MetaschemaUri(root.draft);
  TRY(const SchemaNode metaschema, schemas.Add(MetaschemaOf(root.draft), uri));
  SchemaValidator validator(schemas);
  const auto failure = validator.Validate(metaschema, root.schema);
  if (!failure) return {};
  std::string lines = Lines(*failure);
  lines.pop_back();
  return Invalid("\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with '" + uri + "#'\n" +
                 lines);
}

/// The error of a text that ends too early, as a decoder of streams has it.
base::Error AtEnd(base::Error error, std::string_view text) {
  if (error.message == "unexpected end of JSON input")
    error.message = text.find_first_not_of(" \t\r\n") == std::string_view::npos ? "EOF" : "unexpected EOF";
  return error;
}

/// The lines for `chart` and what is below it.
Result<std::string> Mistakes(const Chart& chart, const Value& values, const SchemaFileReader& read_file) {
  std::string out;
  if (chart.schema)
    if (auto valid = ValidateSchema(values, *chart.schema, read_file); !valid) out += chart.name() + ":\n" + valid.error().message;
  for (const Chart& dependency : chart.dependencies) {
    const auto found = values.map()->entries.find(dependency.name());
    if (found == values.map()->entries.end() || found->second.IsNil()) continue;
    if (!found->second.IsMap()) {
      out += dependency.name() + ":\ninvalid type for values: expected object (map), got " + TypeName(found->second) + "\n";
      continue;
    }
    TRY(const std::string below, Mistakes(dependency, found->second, read_file));
    out += below;
  }
  return out;
}

}  // namespace

Result<void> ValidateSchema(const Value& values, std::string_view text, const SchemaFileReader& read_file) {
  auto schema = DecodeJson(text);
  if (!schema) return AtEnd(std::move(schema).error(), text);
  SchemaSet schemas(read_file);
  TRY(const SchemaNode root, schemas.Add(*std::move(schema), "file:///values.schema.json"));
  TRY(CheckSchema(root, read_file));
  SchemaValidator validator(schemas);
  const std::optional<SchemaFailure> failure = validator.Validate(root, values);
  if (!validator.schema_error().empty()) return Invalid(validator.schema_error());
  if (!failure) return {};
  return Invalid(Lines(*failure));
}

Result<void> ValidateAgainstSchemas(const Chart& chart, const Value& values, const SchemaFileReader& read_file) {
  if (!values.IsMap()) return {};
  TRY(const std::string mistakes, Mistakes(chart, values, read_file));
  if (mistakes.empty()) return {};
  return Invalid("values don't meet the specifications of the schema(s) in the following chart(s):\n" + mistakes);
}

}  // namespace sluice::helm
