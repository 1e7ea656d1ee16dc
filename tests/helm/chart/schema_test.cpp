// values.schema.json: the messages of santhosh-tekuri/jsonschema (helm-contract 3.6).
#include "helm/chart/schema/schema.h"

#include <gtest/gtest.h>

#include "helm/chart/yaml_values.h"

namespace sluice::helm {
namespace {

struct Row {
  std::string_view rule, schema, values, want;
};

constexpr std::string_view kDraft7 = R"("$schema":"http://json-schema.org/draft-07/schema#",)";

constexpr Row kRows[] = {
    {"type", R"({"properties":{"a":{"type":"integer"}}})", "{a: x}", "- at '/a': got string, want integer\n"},
    {"a whole float is an integer", R"({"properties":{"a":{"type":"integer"}}})", "{a: 80.0}", ""},
    {"several types, in the order of the library", R"({"properties":{"a":{"type":["object","null"]}}})", "{a: x}",
     "- at '/a': got string, want null or object\n"},
    {"required", R"({"required":["a","b"]})", "{a: 1}", "- at '': missing property 'b'\n"},
    {"additional", R"({"properties":{"a":{}},"additionalProperties":false})", "{zz: 1, yy: 2}",
     "- at '': additional properties 'yy', 'zz' not allowed\n"},
    {"enum", R"({"properties":{"a":{"enum":["x","y"]}}})", "{a: z}", "- at '/a': value must be one of 'x', 'y'\n"},
    {"groups of thousands", R"({"properties":{"a":{"maximum":65535}}})", "{a: 70000}", "- at '/a': maximum: got 70,000, want 65,535\n"},
    {"pattern", R"({"properties":{"a":{"pattern":"^b"}}})", "{a: c}", "- at '/a': 'c' does not match pattern '^b'\n"},
    {"two mistakes", R"({"properties":{"a":{"type":"string"},"b":{"type":"string"}}})", "{a: 1, b: 2}",
     "- at '/a': got number, want string\n- at '/b': got number, want string\n"},
    {"anyOf", R"({"properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}})", "{a: 1}",
     "- at '/a': 'anyOf' failed\n  - at '/a': got number, want string\n  - at '/a': got number, want null\n"},
    {"oneOf twice", R"({"properties":{"a":{"oneOf":[{},{}]}}})", "{a: 1}", "- at '/a': 'oneOf' failed, subschemas 0, 1 matched\n"},
    {"a reference", R"({"$defs":{"p":{"maximum":100}},"properties":{"q":{"$ref":"#/$defs/p"}}})", "{q: 500}",
     "- at '/q': maximum: got 500, want 100\n"},
    {"an anchor", R"({"$defs":{"p":{"$anchor":"here","maximum":100}},"properties":{"q":{"$ref":"#here"}}})", "{q: 500}",
     "- at '/q': maximum: got 500, want 100\n"},
    {"if then", R"({"if":{"required":["a"]},"then":{"required":["b"]}})", "{a: 1}", "- at '': missing property 'b'\n"},
    {"unevaluated", R"({"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false})", "{a: 1, b: 2}", "- at '/b': false schema\n"},
    {"format is only told by old drafts", R"({"properties":{"e":{"format":"email"}}})", "{e: nomail}", ""},
    {"the network", R"({"$ref":"https://example.com/x.json"})", "{}",
     "failing loading \"https://example.com/x.json\": schemas are not fetched from the network"},
    {"a reference to itself", R"({"$ref":"#"})", "{}", "- at '': references of the schema form a cycle\n"},
};

std::string Check(std::string_view schema, std::string_view values) {
  const auto valid = ValidateSchema(ParseValues(values, Dialect::Helm3).value(), schema);
  return valid ? "" : valid.error().message;
}

TEST(Schema, Rules) {
  for (const Row& row : kRows) EXPECT_EQ(Check(row.schema, row.values), row.want) << row.rule;
}

TEST(Schema, FormatsOfOldDrafts) {
  const std::string schema = "{" + std::string(kDraft7) + R"("properties":{"e":{"format":"email"},"u":{"format":"uri"}}})";
  EXPECT_EQ(Check(schema, "{e: nomail, u: not a uri}"),
            "- at '/e': 'nomail' is not valid email: missing @\n- at '/u': 'not a uri' is not valid uri: relative url\n");
}

}  // namespace
}  // namespace sluice::helm
