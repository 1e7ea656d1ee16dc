// Wanted values: printed by kustomize v5.8.2 for the replacement from one object's spec.v into another.
#include "kustomize/replacement.h"

#include <gtest/gtest.h>

#include <string>

#include "document/json.h"
#include "document/yaml.h"
#include "kustomize/node.h"

namespace sluice::kustomize {
namespace {

/// A value, the spec it is written to, where, with which options, and what becomes of the spec.
struct Row {
  std::string_view rule, value, spec, path, options, want;
};

document::Value Parse(std::string_view text) {
  const auto parsed = document::ParseYaml(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : document::Value();
}

std::optional<ReplacementOptions> Options(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const document::Value parsed = Parse("{" + std::string(text) + "}");
  ReplacementOptions out;
  out.delimiter = std::string(parsed.StringAt({"delimiter"}));
  if (const document::Value* index = parsed.Find("index"); index != nullptr) out.index = *index->AsInt();
  out.create = parsed.Find("create") != nullptr;
  return out;
}

base::Result<document::Value> Replaced(const Row& row) {
  document::Value object = document::Value::Mapping();
  object.Set("spec", Parse(row.spec));
  ReplacementTarget target;
  target.field_paths = {std::string(row.path)};
  target.options = Options(row.options);
  document::Value value = Parse(row.value);
  TRY(WriteReplacement(object, value, target));
  return *object.Find("spec");
}

constexpr Row kRows[] = {
    {"text over text", R"(new)", R"({a: old})", R"(spec.a)", R"()", R"({"a":"new"})"},
    {"text of digits into an int is an int", R"("8080")", R"({a: 1})", R"(spec.a)", R"()", R"({"a":8080})"},
    {"an int into text is text", R"(5)", R"({a: x})", R"(spec.a)", R"()", R"({"a":"5"})"},
    {"an int into quoted text", R"(5)", R"({a: 'x'})", R"(spec.a)", R"()", R"({"a":"5"})"},
    {"digits into a field made now are an int", R"("8080")", R"({})", R"(spec.a)", R"(create: true)", R"({"a":8080})"},
    {"words into a field made now", R"("yes")", R"({})", R"(spec.a.b)", R"(create: true)", R"({"a":{"b":"yes"}})"},
    {"a mapping is copied whole", R"({x: 1})", R"({a: {y: 2}})", R"(spec.a)", R"()", R"({"a":{"x":1}})"},
    {"a mapping into a scalar leaves no text", R"({x: 1})", R"({a: 'old'})", R"(spec.a)", R"()", R"({"a":""})"},
    {"a list is copied whole", R"([1, 2])", R"({a: [3]})", R"(spec.a)", R"()", R"({"a":[1,2]})"},
    {"an element by index", R"(new)", R"({l: [a, b]})", R"(spec.l.1)", R"()", R"({"l":["a","new"]})"},
    {"an element behind the end is made", R"(new)", R"({l: [a, b]})", R"(spec.l.2)", R"(create: true)", R"({"l":["a","b","new"]})"},
    {"all elements", R"(new)", R"({l: [{n: a}, {n: b}]})", R"(spec.l.*.n)", R"()", R"({"l":[{"n":"new"},{"n":"new"}]})"},
    {"an element by field, a regular expression", R"(new)", R"({l: [{n: c1, x: a}, {n: d, x: a}, {n: c2, x: a}]})", R"(spec.l.[n=c].x)",
     R"()", R"({"l":[{"n":"c1","x":"new"},{"n":"d","x":"a"},{"n":"c2","x":"new"}]})"},
    {"an anchored expression", R"(new)", R"({l: [{n: c, x: a}, {n: cc, x: a}]})", R"(spec.l.[n=^c$].x)", R"()",
     R"({"l":[{"n":"c","x":"new"},{"n":"cc","x":"a"}]})"},
    {"quotes count in the expression", R"(new)", R"({l: [{n: 'c', x: a}, {n: cc, x: a}]})", R"(spec.l.[n=^.c].x)", R"()",
     R"({"l":[{"n":"c","x":"new"},{"n":"cc","x":"new"}]})"},
    {"an element of a scalar list", R"(new)", R"({l: [a, b]})", R"(spec.l.[=b])", R"()", R"({"l":["a","new"]})"},
    {"an element by field is made", R"(new)", R"({l: [{n: a}]})", R"(spec.l.[n=z].x)", R"(create: true)",
     R"({"l":[{"n":"a"},{"n":"z","x":"new"}]})"},
    {"an element of a missing list is made", R"(new)", R"({})", R"(spec.l.[n=z].x)", R"(create: true)", R"({"l":[{"n":"z","x":"new"}]})"},
    {"a key with dots", R"(new)", R"({a.b/c: x})", R"(spec.a\.b/c)", R"()", R"({"a.b/c":"new"})"},
    {"a key with dots in brackets", R"(new)", R"({a.b/c: x})", R"(spec.[a.b/c])", R"()", R"({"a.b/c":"new"})"},
    {"a part between delimiters", R"(new)", R"({a: 'x:y:z'})", R"(spec.a)", R"(delimiter: ':', index: 1)", R"({"a":"x:new:z"})"},
    {"in front", R"(new)", R"({a: 'x:y'})", R"(spec.a)", R"(delimiter: ':', index: -1)", R"({"a":"new:x:y"})"},
    {"behind", R"(new)", R"({a: 'x:y'})", R"(spec.a)", R"(delimiter: ':', index: 7)", R"({"a":"x:y:new"})"},
    {"a part of a field made now", R"(new)", R"({})", R"(spec.a)", R"(delimiter: ':', index: 1, create: true)", R"({"a":":new"})"},
    {"into YAML", R"(new)", R"({a: "s:\n  h: old\n  p: 1\n"})", R"(spec.a.s.h)", R"()", R"({"a":"s:\n  h: new\n  p: 1"})"},
    {"into YAML, made", R"(new)", R"({a: "s:\n  h: old\n"})", R"(spec.a.s.n)", R"(create: true)", R"({"a":"s:\n  h: old\n  n: new"})"},
    {"into YAML, a list keeps its flow", R"(9)", R"({a: "l: [1, 2]\nm:\n- x\n"})", R"(spec.a.l.1)", R"()", R"({"a":"l: [1, 9]\nm:\n- x"})"},
    {"into YAML, text into a number is tagged", R"(new)", R"({a: "p: 1"})", R"(spec.a.p)", R"()", R"({"a":"p: !!int new"})"},
    {"into JSON, compact", R"(new)", R"({a: '{"h": "old", "b": 1}'})", R"(spec.a.h)", R"()", R"({"a":"{\"b\":1,\"h\":\"new\"}"})"},
    {"into JSON, indented", R"(<new>)", R"({a: "{\n  \"h\": \"old\"\n}"})", R"(spec.a.h)", R"()",
     R"({"a":"{\n  \"h\": \"\\u003cnew\\u003e\"\n}"})"},
    {"into JSON, text into a number is lost", R"(new)", R"({a: '{"p": 1}'})", R"(spec.a.p)", R"()", R"({"a":"{\"p\": 1}"})"},
    {"into JSON, a number into text", R"(5)", R"({a: '{"p": "x"}'})", R"(spec.a.p)", R"()", R"({"a":"{\"p\":\"5\"}"})"},
    {"into YAML with a delimiter", R"(new)", R"({a: "h: 'x-y'"})", R"(spec.a.h)", R"(delimiter: '-', index: 0)", R"({"a":"h: 'new-y'"})"},
    {"below a null nothing is seen", R"(new)", R"({a: null})", R"(spec.a.b)", R"(create: true)", R"({"a":null})"},
    {"nor as an element of it", R"(new)", R"({a: ~, b: null})", R"(spec.a.[=x])", R"(create: true)", R"({"a":null,"b":null})"},
    {"nor below an element by field", R"(new)", R"({a: null})", R"(spec.a.[n=x].y)", R"(create: true)", R"({"a":null})"},
    {"nor by index", R"(new)", R"({a: null})", R"(spec.a.0.y)", R"(create: true)", R"({"a":null})"},
    {"a null in a path of plain text", R"(new)", R"({a: {b: 'text'}})", R"(spec.a.b)", R"()", R"({"a":{"b":"new"}})"},
    {"a mapping into YAML", R"({x: 1})", R"({a: "h: {y: 2}"})", R"(spec.a.h)", R"()", R"({"a":"h: {x: 1}"})"},
};

TEST(Replacement, WritesAsKustomizeDoes) {
  for (const Row& row : kRows) {
    const auto spec = Replaced(row);
    ASSERT_TRUE(spec) << row.rule << ": " << spec.error().message;
    EXPECT_EQ(document::EmitJson(*spec, {.sort_keys = true}), row.want) << row.rule;
  }
}

constexpr Row kRefused[] = {
    {"missing field", R"(new)", R"({b: 1})", R"(spec.a)", R"()", "unable to find field 'spec.a' in the replacement target"},
    {"missing below", R"(new)", R"({a: {}})", R"(spec.a.b.c)", R"()", "unable to find field 'spec.a.b.c' in the replacement target"},
    {"an index beyond", R"(new)", R"({l: [a]})", R"(spec.l.1)", R"()",
     "unable to find field 'spec.l.1' in the replacement target: index 1 is beyond the list's 1 element"},
    {"an index beyond the first of a null", R"(new)", R"({l: ~})", R"(spec.l.1)", R"(create: true)",
     "unable to find or create field 'spec.l.1' in the replacement target: index 1 is beyond the list's 0 elements"},
    {"an element of a null that is not made", R"(new)", R"({l: ~})", R"(spec.l.[=a])", R"()",
     "unable to find field 'spec.l.[=a]' in the replacement target"},
    {"a selector of a mapping", R"(new)", R"({a: {b: 1}})", R"(spec.a.[n=x])", R"()",
     "unable to find field 'spec.a.[n=x]' in the replacement target: '[n=x]' needs a list, but a mapping is there"},
    {"a field of a list", R"(new)", R"({l: [a]})", R"(spec.l.a)", R"()",
     "unable to find field 'spec.l.a' in the replacement target: field 'a' needs a mapping, but a list is there"},
    {"a bad expression", R"(new)", R"({l: [{n: a}]})", R"(spec.l.[n=(].n)", R"()",
     "unable to find field 'spec.l.[n=(].n' in the replacement target: '(' is no regular expression: missing ): ("},
    {"a selector without a value", R"(new)", R"({l: [{n: a}]})", R"(spec.l.[n].n)", R"()",
     "unable to find field 'spec.l.[n].n' in the replacement target: '[n]' must say which field has which value: [name=web]"},
    {"a delimiter on a mapping", R"(new)", R"({a: {b: 1}})", R"(spec.a)", R"(delimiter: ':')",
     "field 'spec.a': a delimiter needs a scalar, but the target is a mapping"},
    {"below text that is no mapping", R"(new)", R"({a: text})", R"(spec.a.b)", R"()",
     "unable to find field 'spec.a.b' in the replacement target: field 'b' needs a mapping, but a scalar is there"},
    {"below an empty value", R"(new)", R"({a: ''})", R"(spec.a.b)", R"()",
     "unable to find field 'spec.a.b' in the replacement target: 'a' is empty: nothing can be below it"},
    {"* does not make", R"(new)", R"({})", R"(spec.l.*.n)", R"(create: true)",
     "unable to find or create field 'spec.l.*.n' in the replacement target: '*' needs a list, but a mapping is there"},
};

TEST(Replacement, RefusesWhatIsNotThere) {
  for (const Row& row : kRefused) {
    const auto spec = Replaced(row);
    ASSERT_FALSE(spec) << row.rule;
    EXPECT_EQ(spec.error().message, row.want) << row.rule;
  }
}

TEST(Replacement, TextInANumbersPlaceDoesNotFit) {
  document::Value object = Parse("{a: 1}");
  ReplacementTarget target;
  target.field_paths = {"a"};
  document::Value value = "new";
  ASSERT_TRUE(WriteReplacement(object, value, target));
  EXPECT_FALSE(FitsItsKind(*object.Find("a"))) << "kustomize fails when it prints the object";
  value = "8";
  ASSERT_TRUE(WriteReplacement(object, value, target));
  EXPECT_TRUE(FitsItsKind(*object.Find("a")));
}

TEST(Replacement, AWriteToTheSourceChangesWhatComesNext) {
  document::Value object = Parse("{spec: {a: x, b: y}}");
  ReplacementSource source;
  source.field_path = "spec.a";
  ReplacementTarget target;
  target.field_paths = {"spec.a", "spec.b"};
  target.options = Options("delimiter: '-', index: 5");
  document::Value value = *ReplacementValue(object, source);
  ASSERT_TRUE(WriteReplacement(object, value, target, &source));
  EXPECT_EQ(document::EmitJson(object), R"({"spec":{"a":"x-x","b":"y-x-x"}})");
}

struct SourceRow {
  std::string_view rule, path, options, want;
};

constexpr std::string_view kSource =
    R"({metadata: {name: s}, spec: {n: 5, q: "5", m: {}, e: "", z: null, l: [{name: a, v: 1}, {name: b, v: 2}], s: [x, y], t: 'a:b:c'}})";

constexpr SourceRow kSources[] = {
    {"the name by default", "", "", R"("s")"},
    {"a number", "spec.n", "", "5"},
    {"a string", "spec.q", "", R"("5")"},
    {"the empty text is a value", "spec.e", "", R"("")"},
    {"an index", "spec.l.1.v", "", "2"},
    {"the last", "spec.l.-.v", "", "2"},
    {"a field's value, exactly", "spec.l.[name=b].v", "", "2"},
    {"a scalar of a list", "spec.s.[=y]", "", R"("y")"},
    {"a list", "spec.s", "", R"(["x","y"])"},
    {"a part", "spec.t", "delimiter: ':', index: 1", R"("b")"},
};

base::Result<document::Value> SourceOf(const SourceRow& row) {
  ReplacementSource source;
  source.field_path = std::string(row.path);
  source.options = Options(row.options);
  return ReplacementValue(Parse(kSource), source);
}

TEST(Replacement, ReadsSources) {
  for (const SourceRow& row : kSources) {
    const auto value = SourceOf(row);
    ASSERT_TRUE(value) << row.rule << ": " << value.error().message;
    EXPECT_EQ(document::EmitJson(*value), row.want) << row.rule;
  }
}

constexpr SourceRow kBadSources[] = {
    {"missing", "spec.x", "", "fieldPath 'spec.x' of the source is missing or empty"},
    {"null", "spec.z", "", "fieldPath 'spec.z' of the source is missing or empty"},
    {"an empty mapping", "spec.m", "", "fieldPath 'spec.m' of the source is missing or empty"},
    {"no such element", "spec.l.[name=c].v", "", "fieldPath 'spec.l.[name=c].v' of the source is missing or empty"},
    {"many", "spec.l.*.v", "", "'*' names many values, but a source has one"},
    {"an index into a mapping", "spec.0", "", "'0' needs a list, but a mapping is there"},
    {"a field of a list", "spec.l.v", "", "field 'v' needs a mapping, but a list is there"},
    {"a field of a scalar", "spec.n.v", "", "field 'v' needs a mapping, but a scalar is there"},
    {"no such part", "spec.t", "delimiter: ':', index: 3", "options.index 3 is out of bounds for 'a:b:c'"},
    {"a part of a list", "spec.l", "delimiter: ':'", "a delimiter needs a scalar, but 'spec.l' is a list"},
};

TEST(Replacement, RefusesSources) {
  for (const SourceRow& row : kBadSources) {
    const auto value = SourceOf(row);
    ASSERT_FALSE(value) << row.rule;
    EXPECT_EQ(value.error().message, row.want) << row.rule;
  }
}

}  // namespace
}  // namespace sluice::kustomize
