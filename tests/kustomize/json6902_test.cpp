// Wanted values: printed by kustomize v5.8.2 with the patch as the only `patches` entry.
#include "kustomize/json6902.h"

#include <gtest/gtest.h>

#include <string>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::kustomize {
namespace {

/// `spec` of a Widget, a patch, and what becomes of the spec.
struct Row {
  std::string_view rule, spec, patch, want;
};

document::Value Widget(std::string_view spec) {
  document::Value object = document::Value::Mapping();
  object.Set("metadata", document::Value::Mapping()).Set("name", "w");
  const auto parsed = document::ParseYaml(spec);
  EXPECT_TRUE(parsed) << spec;
  if (parsed) object.Set("spec", *parsed);
  return object;
}

constexpr Row kRows[] = {
    {"add sets a key", R"({a: 1})", R"([{"op":"add","path":"/spec/b","value":{"c":1}}])", R"({"a":1,"b":{"c":1}})"},
    {"add replaces a key", R"({a: 1})", R"([{"op":"add","path":"/spec/a","value":"x"}])", R"({"a":"x"})"},
    {"add without a value adds null", R"({a: 1})", R"([{"op":"add","path":"/spec/b"}])", R"({"a":1,"b":null})"},
    {"add inserts before an index", R"({l: [a, b]})", R"([{"op":"add","path":"/spec/l/1","value":"x"}])", R"({"l":["a","x","b"]})"},
    {"add at the length appends", R"({l: [a, b]})", R"([{"op":"add","path":"/spec/l/2","value":"x"}])", R"({"l":["a","b","x"]})"},
    {"add at - appends", R"({l: [a, b]})", R"([{"op":"add","path":"/spec/l/-","value":"x"}])", R"({"l":["a","b","x"]})"},
    {"add at -1 appends too", R"({l: [a, b]})", R"([{"op":"add","path":"/spec/l/-1","value":"x"}])", R"({"l":["a","b","x"]})"},
    {"add at -3 prepends", R"({l: [a, b]})", R"([{"op":"add","path":"/spec/l/-3","value":"x"}])", R"({"l":["x","a","b"]})"},
    {"remove takes a key", R"({a: 1, b: 2})", R"([{"op":"remove","path":"/spec/a"}])", R"({"b":2})"},
    {"remove takes a negative index", R"({l: [a, b, c]})", R"([{"op":"remove","path":"/spec/l/-1"}])", R"({"l":["a","b"]})"},
    {"replace makes a missing key", R"({a: 1})", R"([{"op":"replace","path":"/spec/b","value":2}])", R"({"a":1,"b":2})"},
    {"replace sets an element", R"({l: [a, b]})", R"([{"op":"replace","path":"/spec/l/-1","value":"x"}])", R"({"l":["a","x"]})"},
    {"move", R"({a: 1})", R"([{"op":"move","from":"/spec/a","path":"/spec/b"}])", R"({"b":1})"},
    {"copy", R"({a: {x: 1}})", R"([{"op":"copy","from":"/spec/a","path":"/spec/b"}])", R"({"a":{"x":1},"b":{"x":1}})"},
    {"copy of a missing key copies null", R"({a: 1})", R"([{"op":"copy","from":"/spec/z","path":"/spec/b"}])", R"({"a":1,"b":null})"},
    {"test of equal data", R"({a: {x: [1, b]}})", R"([{"op":"test","path":"/spec/a","value":{"x":[1,"b"]}}])", R"({"a":{"x":[1,"b"]}})"},
    {"test of a missing key equals null", R"({a: 1})", R"([{"op":"test","path":"/spec/z","value":null}])", R"({"a":1})"},
    {"test of text that Go escapes", R"({a: {k: [<b>]}})", R"([{"op":"test","path":"/spec/a","value":{"k" : [ "\u003cb\u003e" ]}}])",
     R"({"a":{"k":["<b>"]}})"},
    {"escapes", R"({a/b: 1, c~d: 2})", R"([{"op":"remove","path":"/spec/a~1b"},{"op":"replace","path":"/spec/c~0d","value":3}])",
     R"({"c~d":3})"},
    {"a path without its slash", R"({a: 1})", R"([{"op":"add","path":"x/zz","value":3}])", R"({"a":1})"},
    {"numbers become what JSON has", R"({a: 1.0, b: 0x1F, c: 12345678901234567890, d: 1e3, e: 2001-01-01, f: 0o17})",
     R"([{"op":"test","path":"/metadata/name","value":"w"}])",
     R"({"a":1,"b":31,"c":12345678901234567000,"d":1000,"e":"2001-01-01T00:00:00Z","f":15})"},
    {"YAML text", R"({a: 1})",
     R"(- op: replace
  path: /spec/a
  value: yes
)",
     R"({"a":true})"},
    {"YAML text: keys are text", R"({a: 1})",
     R"(- {op: replace, path: /spec/a, value: {on: 1, 010: 2}}
)",
     R"({"a":{"8":2,"true":1}})"},
    {"test of numbers in YAML", R"({a: 1})",
     R"(- {op: test, path: /spec/a, value: 1.0}
)",
     R"({"a":1})"},
};

TEST(JsonPatch, AppliesAsKustomizeDoes) {
  for (const Row& row : kRows) {
    const auto patch = ParseJsonPatch(row.patch);
    ASSERT_TRUE(patch) << row.rule << ": " << patch.error().message;
    document::Value object = Widget(row.spec);
    const auto applied = ApplyJsonPatch(object, *patch);
    ASSERT_TRUE(applied) << row.rule << ": " << applied.error().message;
    EXPECT_EQ(document::EmitJson(*object.Find("spec"), {.sort_keys = true}), row.want) << row.rule;
  }
}

constexpr Row kRefused[] = {
    {"no op", R"({a: 1})", R"([{"path":"/spec/a"}])", "operation 1 (unknown /spec/a): op is missing"},
    {"unknown op", R"({a: 1})", R"([{"op":"set","path":"/spec/a"}])",
     "operation 1 (set /spec/a): op is none of add, remove, replace, move, copy, test"},
    {"no path", R"({a: 1})", R"([{"op":"add","value":1}])", "operation 1 (add): path is missing, or no string"},
    {"missing parent", R"({a: 1})", R"([{"op":"add","path":"/spec/x/y","value":1}])",
     "operation 1 (add /spec/x/y): there is nothing at /spec/x"},
    {"below a scalar", R"({a: 1})", R"([{"op":"add","path":"/spec/a/y","value":1}])",
     "operation 1 (add /spec/a/y): a scalar is at /spec/a, with nothing below it"},
    {"below null", R"({a: null})", R"([{"op":"add","path":"/spec/a/y","value":1}])",
     "operation 1 (add /spec/a/y): there is nothing at /spec/a"},
    {"add beyond the end", R"({l: [a]})", R"([{"op":"add","path":"/spec/l/2","value":1}])",
     "operation 1 (add /spec/l/2): index 2 is out of range: the list has 1 element"},
    {"replace at the end", R"({l: [a]})", R"([{"op":"replace","path":"/spec/l/1","value":1}])",
     "operation 1 (replace /spec/l/1): index 1 is out of range: the list has 1 element"},
    {"replace at -", R"({l: [a]})", R"([{"op":"replace","path":"/spec/l/-","value":1}])",
     "operation 1 (replace /spec/l/-): '-' is no index of a list"},
    {"remove what is not there", R"({a: 1})", R"([{"op":"remove","path":"/spec/b"}])",
     "operation 1 (remove /spec/b): there is no key 'b' to remove"},
    {"move what is not there", R"({a: 1})", R"([{"op":"move","from":"/spec/z","path":"/spec/b"}])",
     "operation 1 (move /spec/b): there is no key 'z' to move"},
    {"test fails", R"({a: 1})", R"([{"op":"test","path":"/spec/a","value":2}])", "operation 1 (test /spec/a): the value there is 1, not 2"},
    {"test compares numbers as they are spelled", R"({a: 1})", R"([{"op":"test","path":"/spec/a","value":1.0}])",
     "operation 1 (test /spec/a): the value there is 1, which this JSON spells in another way; a patch in YAML has no such trouble"},
    {"test compares text as it is spelled", R"({a: <b>})", R"([{"op":"test","path":"/spec/a","value":"<b>"}])",
     "operation 1 (test /spec/a): the value there is \"<b>\", which this JSON spells in another way; a patch in YAML has no such trouble"},
    {"a key that is no string", R"({a: {1: b}})", R"([{"op":"add","path":"/spec/b","value":2}])", "1:6: the key 1 is no string; quote it"},
    {"test compares text with escapes as it is spelled", R"({a: ü})", R"([{"op":"test","path":"/spec/a","value":"\u00fc"}])",
     "operation 1 (test /spec/a): the value there is \"ü\", which this JSON spells in another way; a patch in YAML has no such trouble"},
    {"the second operation fails", R"({a: 1})", R"([{"op":"add","path":"/spec/b","value":2},{"op":"remove","path":"/spec/c"}])",
     "operation 2 (remove /spec/c): there is no key 'c' to remove"},
    {"the whole becomes a scalar", R"({a: 1})", R"([{"op":"replace","path":"","value":3}])",
     "operation 1 (replace ): an object cannot become a scalar"},
};

TEST(JsonPatch, RefusesAndLeavesTheObject) {
  for (const Row& row : kRefused) {
    const auto patch = ParseJsonPatch(row.patch);
    ASSERT_TRUE(patch) << row.rule << ": " << patch.error().message;
    const document::Value before = Widget(row.spec);
    document::Value object = before;
    const auto applied = ApplyJsonPatch(object, *patch);
    ASSERT_FALSE(applied) << row.rule;
    EXPECT_EQ(applied.error().message, row.want) << row.rule;
    EXPECT_EQ(object, before) << row.rule;
  }
}

TEST(JsonPatch, IsAListOfOperations) {
  struct {
    std::string_view text, want;
  } const rows[] = {
      {"[{op: add}]", "1:3: unexpected 'o', want a key in quotes"},
      {"{\"op\": \"add\"}", "a JSON patch is a list of operations"},
      {"[1]", "an operation of a JSON patch is a mapping with op and path"},
      {"text", "a JSON patch is a list of operations"},
  };
  for (const auto& row : rows) {
    const auto patch = ParseJsonPatch(row.text);
    ASSERT_FALSE(patch) << row.text;
    EXPECT_EQ(patch.error().message, row.want);
  }
  const auto nothing = ParseJsonPatch("# only a comment\n");
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->operations.empty());
}

TEST(JsonPatch, LargeNumbersLoseWhatADoubleCannotHold) {
  document::Value object = Widget("{a: 9007199254740993, b: 1000000, c: 123456}");
  ASSERT_TRUE(ApplyJsonPatch(object, {}));
  EXPECT_EQ(object.Find("spec")->Find("a")->text(), "9.007199254740992e+15");
  EXPECT_EQ(object.Find("spec")->Find("b")->text(), "1e+06");
  EXPECT_EQ(object.Find("spec")->Find("c")->text(), "123456");
}

TEST(JsonPatch, CopiesCannotGrowWithoutEnd) {
  std::string patch = "[";
  for (int i = 0; i < 40; ++i)
    patch += std::string(i == 0 ? "" : ",") + R"({"op":"copy","from":"/spec","path":"/spec/x)" + std::to_string(i) + "\"}";
  const auto parsed = ParseJsonPatch(patch + "]");
  ASSERT_TRUE(parsed);
  document::Value object = Widget("{a: 1}");
  const auto applied = ApplyJsonPatch(object, *parsed);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().reason, base::Reason::TooLarge);
  EXPECT_EQ(applied.error().message, "operation 19 (copy /spec/x18): the copies of this patch are too large");
}

}  // namespace
}  // namespace sluice::kustomize
