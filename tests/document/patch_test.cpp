#include <gtest/gtest.h>

#include <string>

#include "document/diff.h"
#include "document/json.h"
#include "document/json_patch.h"
#include "document/merge_patch.h"
#include "document/pointer.h"
#include "document/yaml.h"

namespace sluice::document {
namespace {

Value Yaml(std::string_view text) {
  auto value = ParseYaml(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : Value();
}

TEST(Pointer, Resolves) {
  // The document and the pointers of RFC 6901, section 5.
  const Value root = Yaml(R"({foo: [bar, baz], "": 0, a/b: 1, c%d: 2, e^f: 3, "g|h": 4, 'i\j': 5, 'k"l': 6, " ": 7, m~n: 8})");
  struct Row {
    std::string_view pointer, want;
  };
  constexpr Row rows[] = {
      {"/foo", R"(["bar","baz"])"},
      {"/foo/0", "\"bar\""},
      {"/", "0"},
      {"/a~1b", "1"},
      {"/c%d", "2"},
      {"/e^f", "3"},
      {"/g|h", "4"},
      {"/i\\j", "5"},
      {"/k\"l", "6"},
      {"/ ", "7"},
      {"/m~0n", "8"},
      {"/x", "no /x: no member \"x\""},
      {"/foo/2", "no /foo/2: no item 2 among 2"},
      {"/foo/01", "no /foo/01: no item 01 among 2"},
      {"/foo/-", "no /foo/-: no item - among 2"},
      {"/foo/0/x", "no /foo/0/x: \"x\" below a scalar"},
      {"foo", "JSON pointer \"foo\" does not begin with /"},
      {"/m~n", "bad escape in JSON pointer \"/m~n\""},
      {"/m~", "bad escape in JSON pointer \"/m~\""},
  };
  for (const Row& row : rows) {
    const auto found = ResolvePointer(root, row.pointer);
    EXPECT_EQ(found ? EmitJson(**found) : found.error().message, row.want) << row.pointer;
  }
  EXPECT_EQ(*ResolvePointer(root, ""), &root);
  EXPECT_EQ(EscapePointerToken("a/b~c"), "a~1b~0c");
}

struct PatchRow {
  std::string_view rule, document, patch, rfc, evanphx;
};

std::string Apply(const PatchRow& row, PatchRules rules) {
  Value document = Yaml(row.document);
  const Value before = document;
  const auto applied = ApplyJsonPatch(document, Yaml(row.patch), {.rules = rules});
  if (applied) return EmitJson(document);
  EXPECT_EQ(EmitJson(document), EmitJson(before)) << row.rule << ": changed although the patch failed";
  return applied.error().message;
}

// The last column is what gopkg.in/evanphx/json-patch.v4 v4.13.0 does (asked with 150,000 random patches); "=" says: the same.
constexpr PatchRow kPatches[] = {
    {"add a member", "{a: 1}", "[{op: add, path: /b, value: [2]}]", R"({"a":1,"b":[2]})", "="},
    {"add replaces", "{a: 1}", "[{op: add, path: /a, value: 2}]", R"({"a":2})", "="},
    {"add an item", "[1, 3]", "[{op: add, path: /1, value: 2}]", "[1,2,3]", "="},
    {"add behind the last", "[1]", "[{op: add, path: /1, value: 2}]", "[1,2]", "="},
    {"append", "[1]", "[{op: add, path: /-, value: 2}]", "[1,2]", "="},
    {"add too far", "[1]", "[{op: add, path: /2, value: 2}]", "operation 1 (add /2): no item 2 among 1",
     "operation 1 (add /2): no item 2 among 2"},
    {"add from the end", "[1, 2]", "[{op: add, path: /-1, value: 3}]", R"(operation 1 (add /-1): "-1" is no index of a list)", "[1,2,3]"},
    {"add below nothing", "{}", "[{op: add, path: /a/b, value: 2}]", R"(operation 1 (add /a/b): no member "a")", "="},
    {"add below a scalar", "{a: 1}", "[{op: add, path: /a/b, value: 2}]", R"(operation 1 (add /a/b): "b" below a scalar)", "="},
    {"add the whole document", "{a: 1}", "[{op: add, path: '', value: [2]}]", "[2]", "operation 1 (add ): the path is the whole document"},
    {"add nothing", "{a: 1}", "[{op: add, path: /b}]", "operation 1 (add /b): no value", R"({"a":1,"b":null})"},
    {"add null", "{a: 1}", "[{op: add, path: /a, value: null}]", R"({"a":null})", "="},
    {"remove a member", "{a: 1, b: 2}", "[{op: remove, path: /a}]", R"({"b":2})", "="},
    {"remove what is not there", "{a: 1}", "[{op: remove, path: /b}]", R"(operation 1 (remove /b): no member "b")", "="},
    {"remove an item", "[1, 2, 3]", "[{op: remove, path: /1}]", "[1,3]", "="},
    {"remove from the end", "[1, 2, 3]", "[{op: remove, path: /-1}]", R"(operation 1 (remove /-1): "-1" is no index of a list)", "[1,2]"},
    {"remove from nothing", "[]", "[{op: remove, path: /0}]", "operation 1 (remove /0): no item 0 among 0", "="},
    {"remove everything", "{a: 1}", "[{op: remove, path: ''}]", "operation 1 (remove ): the path is the whole document", "="},
    {"replace", "{a: 1}", "[{op: replace, path: /a, value: 2}]", R"({"a":2})", "="},
    {"replace what is not there", "{}", "[{op: replace, path: /a, value: 2}]", R"(operation 1 (replace /a): no member "a")", R"({"a":2})"},
    {"replace an item", "[1, 2]", "[{op: replace, path: /1, value: 3}]", "[1,3]", "="},
    {"replace no item", "[1]", "[{op: replace, path: /1, value: 3}]", "operation 1 (replace /1): no item 1 among 1", "="},
    {"replace the document", "{a: 1}", "[{op: replace, path: '', value: {b: 2}}]", R"({"b":2})", "="},
    {"replace the document by a scalar", "{a: 1}", "[{op: replace, path: '', value: 2}]", "2",
     "operation 1 (replace ): the whole document can only become a mapping or a list"},
    {"move", "{a: {b: 1}, c: {}}", "[{op: move, from: /a/b, path: /c/d}]", R"({"a":{},"c":{"d":1}})", "="},
    {"move an item", "[1, 2, 3]", "[{op: move, from: /0, path: /2}]", "[2,3,1]", "="},
    {"move what is not there", "{}", "[{op: move, from: /a, path: /b}]", R"(operation 1 (move /b): no member "a")", "="},
    {"move into itself", "{a: {b: 1}}", "[{op: move, from: /a, path: /a/c}]", "operation 1 (move /a/c): a value cannot move into itself",
     R"(operation 1 (move /a/c): no member "a")"},
    {"copy", "{a: [1]}", "[{op: copy, from: /a, path: /b}]", R"({"a":[1],"b":[1]})", "="},
    {"copy what is not there", "{}", "[{op: copy, from: /a, path: /b}]", R"(operation 1 (copy /b): no member "a")", R"({"b":null})"},
    {"test", "{a: {b: [1, x]}}", "[{op: test, path: /a, value: {b: [1, x]}}]", R"({"a":{"b":[1,"x"]}})", "="},
    {"test fails", "{a: 1}", "[{op: test, path: /a, value: 2}]", "operation 1 (test /a): the value is another", "="},
    {"test of types", "{a: 1}", "[{op: test, path: /a, value: '1'}]", "operation 1 (test /a): the value is another", "="},
    {"test of what is not there", "{a: 1}", "[{op: test, path: /b, value: null}]", R"(operation 1 (test /b): no member "b")", R"({"a":1})"},
    {"escapes", "{a/b: 1, m~n: 2}", "[{op: remove, path: /a~1b}, {op: remove, path: /m~0n}]", "{}", "="},
    {"a bad escape", "{m~x: 2}", "[{op: remove, path: /m~x}]", R"(operation 1 (remove /m~x): bad escape in JSON pointer "/m~x")", "{}"},
    {"text before the first /", "{a: 1}", "[{op: remove, path: x/a}]",
     R"(operation 1 (remove x/a): JSON pointer "x/a" does not begin with /)", "{}"},
    {"all or nothing", "{a: 1}", "[{op: remove, path: /a}, {op: remove, path: /a}]", R"(operation 2 (remove /a): no member "a")", "="},
    {"no list", "{a: 1}", "{op: remove, path: /a}", "a JSON patch must be a list of operations", "="},
    {"no mapping", "{a: 1}", "[1]", "operation 1: not a mapping", "="},
    {"no op", "{a: 1}", "[{path: /a}]", "operation 1: no op", "="},
    {"unknown op", "{a: 1}", "[{op: Add, path: /a}]", R"(operation 1: unknown op "Add")", "="},
    {"no path", "{a: 1}", "[{op: remove}]", "operation 1: no path", "="},
    {"no from", "{a: 1}", "[{op: copy, path: /a}]", "operation 1: no from", "="},
};

TEST(JsonPatch, Rules) {
  for (const PatchRow& row : kPatches) {
    EXPECT_EQ(Apply(row, PatchRules::Rfc6902), row.rfc) << row.rule;
    EXPECT_EQ(Apply(row, PatchRules::Evanphx), row.evanphx == "=" ? row.rfc : row.evanphx) << row.rule;
  }
}

TEST(JsonPatch, CopiesCannotGrowWithoutEnd) {
  Value document = Yaml("{a: [1]}");
  Value patch = Value::Sequence();
  for (int i = 0; i < 64; ++i) patch.Append(Yaml("{op: copy, from: /a, path: /a/0}"));
  const auto applied = ApplyJsonPatch(document, patch, {.max_copied_nodes = 1000});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message, "operation 9 (copy /a/0): copies of more than 1000 nodes");
  EXPECT_EQ(applied.error().reason, base::Reason::TooLarge);
}

TEST(MergePatch, Rfc7386) {
  struct Row {
    std::string_view original, patch, want;
  };
  // The table of RFC 7386, appendix A.
  constexpr Row rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", "{}"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", "null", "null"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {"[1,2]", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const Row& row : rows) {
    Value target = Yaml(row.original);
    ApplyMergePatch(target, Yaml(row.patch));
    EXPECT_EQ(EmitJson(target), row.want) << row.original << " " << row.patch;
  }
}

TEST(MergePatch, Created) {
  struct Row {
    std::string_view rule, from, to, want;
  };
  constexpr Row rows[] = {
      {"equal", "{a: 1, b: [1]}", "{b: [1], a: 1.0}", "{}"},
      {"changed", "{a: 1, b: 2}", "{a: 1, b: 3}", R"({"b":3})"},
      {"added and removed", "{a: 1}", "{b: {c: 2}}", R"({"b":{"c":2},"a":null})"},
      {"deep", "{a: {b: {c: 1, d: 2}}}", "{a: {b: {c: 1, d: 3}}}", R"({"a":{"b":{"d":3}}})"},
      {"lists whole", "{a: [1, 2]}", "{a: [1]}", R"({"a":[1]})"},
      {"a map instead of a list", "{a: [1]}", "{a: {b: 1}}", R"({"a":{"b":1}})"},
      {"a map that becomes empty", "{a: {b: 1}}", "{a: {}}", R"({"a":{"b":null}})"},
      {"no mappings", "[1]", "[2]", "[2]"},
  };
  for (const Row& row : rows) {
    const Value from = Yaml(row.from), to = Yaml(row.to);
    const Value patch = CreateMergePatch(from, to);
    EXPECT_EQ(EmitJson(patch), row.want) << row.rule;
    Value patched = from;
    ApplyMergePatch(patched, patch);
    EXPECT_EQ(EmitJson(patched, {.sort_keys = true}), EmitJson(to, {.sort_keys = true})) << row.rule;
  }
}

std::string Describe(const Value& from, const Value& to, const DiffOptions& options = {}) {
  std::string out;
  for (const Change& change : Diff(from, to, options)) {
    if (!out.empty()) out += "; ";
    out += change.pointer + " " + (change.from == nullptr ? "-" : EmitJson(*change.from)) + " > " +
           (change.to == nullptr ? "-" : EmitJson(*change.to));
  }
  return out;
}

TEST(Diff, Changes) {
  struct Row {
    std::string_view rule, from, to, want;
  };
  constexpr Row rows[] = {
      {"equal", "{a: 1, b: [1, {c: x}]}", "{b: [1, {c: x}], a: 1.0}", ""},
      {"changed", "{a: 1}", "{a: 2}", "/a 1 > 2"},
      {"added and removed", "{a: 1}", "{b/c: 2}", "/b~1c - > 2; /a 1 > -"},
      {"another kind", "{a: {b: 1}}", "{a: [1]}", R"(/a {"b":1} > [1])"},
      {"by position", "[1, 2, 3]", "[1, 3]", "/1 2 > 3; /2 3 > -"},
      {"by name", "[{name: a, x: 1}, {name: b, x: 2}]", "[{name: c}, {name: b, x: 3}]",
       R"(/0 - > {"name":"c"}; /1/x 2 > 3; /0 {"name":"a","x":1} > -)"},
      {"names that are not distinct", "[{name: a}, {name: a}]", "[{name: a}]", R"(/1 {"name":"a"} > -)"},
      {"the root", "1", "2", " 1 > 2"},
  };
  for (const Row& row : rows) EXPECT_EQ(Describe(Yaml(row.from), Yaml(row.to)), row.want) << row.rule;
  EXPECT_EQ(Describe(Yaml("[{name: a}]"), Yaml("[{name: b}]"), {.match_items_by = ""}), R"(/0/name "a" > "b")");
}

}  // namespace
}  // namespace sluice::document
