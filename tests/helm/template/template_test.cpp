// Sets of templates: what replaces what, children, and the limits. What a single template does is in rows_test.cpp.
#include "helm/template/template.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::helm {
namespace {

const FunctionMap kNone;  // NOLINT: a constant without a constructor worth naming

std::string Rendered(const TemplateSet& set, std::string_view name, const Value& data = {}) {
  const auto out = set.Execute(name, data);
  return out ? *out : "error: " + out.error().message;
}

std::string ParseError(TemplateSet& set, std::string_view name, std::string_view text) {
  const auto parsed = set.Parse(name, text);
  return parsed ? "" : parsed.error().message;
}

TEST(TemplateSet, TheLaterDefinitionWinsUnlessItIsBlank) {
  TemplateSet set("gotpl", kNone, kNone);
  ASSERT_EQ(ParseError(set, "a", R"({{define "x"}}first{{end}}{{define "y"}}kept{{end}})"), "");
  ASSERT_EQ(ParseError(set, "b", R"({{define "x"}}second{{end}}{{define "y"}} {{/* */}}{{end}}{{template "x"}} {{template "y"}})"), "");
  EXPECT_EQ(Rendered(set, "b"), "second kept");
  EXPECT_EQ(set.Names(), (std::vector<std::string>{"a", "b", "x", "y"}));
}

TEST(TemplateSet, ErrorsNameTheFileAndTheTemplate) {
  TemplateSet set("gotpl", kNone, kNone);
  ASSERT_EQ(ParseError(set, "lib", "{{define \"x\"}}\n  {{index . 1}}{{end}}"), "");
  ASSERT_EQ(ParseError(set, "main", "a\n{{template \"x\" .}}"), "");
  EXPECT_EQ(Rendered(set, "main"), "error: template: lib:2:4: executing \"x\" at <index . 1>: error calling index: index of untyped nil");
  EXPECT_EQ(Rendered(set, "none"), "error: template: no template \"none\" associated with template \"gotpl\"");
  EXPECT_EQ(ParseError(set, "bad", "\n{{if}}"), "template: bad:2: missing value for if");
}

TEST(TemplateSet, AChildSeesItsParentsAndKeepsItsOwn) {
  TemplateSet parent("gotpl", kNone, kNone);
  ASSERT_EQ(ParseError(parent, "a", R"({{define "x"}}parent{{end}}{{template "x"}})"), "");
  {
    TemplateSet child(&parent);
    ASSERT_EQ(ParseError(child, "gotpl", R"({{define "x"}}child{{end}}{{template "a"}})"), "");
    EXPECT_EQ(Rendered(child, "gotpl"), "child");
  }
  EXPECT_EQ(Rendered(parent, "a"), "parent");
  EXPECT_EQ(parent.Find("gotpl"), nullptr);
}

TEST(Limits, RecursionEnds) {
  TemplateSet set("gotpl", kNone, kNone);
  ASSERT_EQ(ParseError(set, "r", R"({{define "x"}}{{template "x" .}}{{end}}{{template "x" .}})"), "");
  EXPECT_EQ(Rendered(set, "r"),
            "error: template: r:1:25: executing \"x\" at <{{template \"x\" .}}>: exceeded maximum template depth (100000)");
}

TEST(Limits, ASmallStackEndsInAnError) {
  TemplateSet set("gotpl", kNone, kNone, {.limits = {.max_stack_bytes = std::size_t{4} << 20}});
  ASSERT_EQ(ParseError(set, "r", R"({{define "x"}}{{template "x" .}}{{end}}{{template "x" .}})"), "");
  EXPECT_NE(Rendered(set, "r").find("exceeded maximum nesting: the stack is used up"), std::string::npos);
}

TEST(Limits, DeepTextsEndInAnError) {
  TemplateSet set("gotpl", kNone, kNone);
  std::string parentheses = "{{" + std::string(20'000, '(');
  EXPECT_EQ(ParseError(set, "p", parentheses), "template: p:1: max expression depth exceeded");
  std::string branches;
  for (int i = 0; i < 20'000; ++i) branches += "{{if 1}}";
  EXPECT_EQ(ParseError(set, "b", branches), "template: b:1: max nesting depth exceeded");
}

TEST(Limits, StepsAndOutputEnd) {
  TemplateSet set("gotpl", kNone, kNone, {.limits = {.max_output_bytes = 1000, .max_steps = 1000}});
  ASSERT_EQ(ParseError(set, "steps", "{{range 100000}}{{end}}"), "");
  EXPECT_EQ(Rendered(set, "steps"), "error: template: steps:1:16: executing \"steps\" at <>: exceeded the limit of 1000 steps");
  TemplateSet other("gotpl", kNone, kNone, {.limits = {.max_output_bytes = 100}});
  ASSERT_EQ(ParseError(other, "text", "{{range 100}}abc{{end}}"), "");
  EXPECT_EQ(Rendered(other, "text"), "error: template: text:1:13: executing \"text\" at <abc>: exceeded the limit of 100 bytes of text");
}

TEST(Limits, TemplatesInEachOther) {
  TemplateSet set("gotpl", kNone, kNone, {.limits = {.max_template_depth = 3}});
  ASSERT_EQ(ParseError(set, "r", R"({{define "x"}}{{template "x" .}}{{end}}{{template "x" .}})"), "");
  EXPECT_EQ(Rendered(set, "r"), "error: template: r:1:25: executing \"x\" at <{{template \"x\" .}}>: exceeded maximum template depth (3)");
}

TEST(Limits, AnExecutionEndsWhenItIsToldTo) {
  int asked = 0;
  const auto interrupt = [&asked]() -> base::Result<void> {
    if (++asked < 10) return {};
    return base::MakeError(base::Reason::TooLarge, "enough");
  };
  TemplateSet set("gotpl", kNone, kNone, {.interrupt = interrupt});
  ASSERT_EQ(ParseError(set, "steps", "{{range 100000}}{{end}}"), "");
  EXPECT_EQ(Rendered(set, "steps"), "error: template: steps:1:16: executing \"steps\" at <>: enough");
  EXPECT_EQ(asked, 10);
}

TEST(Value, NestedAMillionDeepEndsWithoutRecursion) {
  Value value = Value::NewList();
  for (int i = 0; i < 1'000'000; ++i) value = Value::NewList({std::move(value)});
  EXPECT_TRUE(value.IsList());
}

}  // namespace
}  // namespace sluice::helm
