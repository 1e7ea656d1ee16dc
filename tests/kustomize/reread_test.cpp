// Wanted texts: what kustomize v5.8.2 makes of such values where it prints them.
#include "kustomize/reread.h"

#include <gtest/gtest.h>

#include <string>

#include "document/json.h"
#include "document/yaml.h"
#include "kustomize/node.h"

namespace sluice::kustomize {
namespace {

using document::Kind;
using document::Style;
using document::Value;

std::string Json(Value value) {
  const auto done = Reread(value);
  return done ? document::EmitJson(value) : done.error().message;
}

struct Row {
  std::string_view rule, text, want;
};

constexpr Row kRows[] = {
    {"what is empty stays null in a block", "a:\nl:\n-\n- b:\n", R"({"a":null,"l":[null,{"b":null}]})"},
    {"and is a text in a flow collection", "f: {a: , b, 'c': , d: [{e: }]}", R"({"f":{"a":"","b":"","c":"","d":[{"e":""}]}})"},
    {"a null that is spelled out is one anywhere", "{a: ~, b: null, c: Null}", R"({"a":null,"b":null,"c":null})"},
    {"so is one with a tag", "{a: !!null , b: 1}", R"({"a":null,"b":1})"},
    {"a time of day has colons", "{a: 2001-01-01 10:00:00, b: 2001-01-01}", R"({"a":"2001-01-01 10:00:00","b":"2001-01-01T00:00:00Z"})"},
    {"which a block does not mind", "a: 2001-01-01 10:00:00\n", R"({"a":"2001-01-01T10:00:00Z"})"},
    {"folded text gains lines", "a: >\n  b\n    c\n", R"({"a":"b\n\n  c\n"})"},
    {"an explicit tag stays", "a: !!int '5'\nb: !!float 1\n", R"({"a":5,"b":1})"},
};

TEST(Reread, ChangesWhatIsNotReadBackAsItWas) {
  for (const Row& row : kRows) {
    const auto value = document::ParseYaml(row.text);
    ASSERT_TRUE(value) << row.rule;
    EXPECT_EQ(Json(*value), row.want) << row.rule;
  }
}

TEST(Reread, QuotesTakeTheTypeAwayUnlessTheTextDoesNotFit) {
  const auto read = [](Kind kind, std::string_view text, Style style) {
    Value value = WithStyle(Value::Scalar(kind, text), style);
    EXPECT_EQ(value.kind(), kind) << text;
    EXPECT_TRUE(Reread(value)) << text;
    return value.kind();
  };
  EXPECT_EQ(read(Kind::Int, "5", Style::DoubleQuoted), Kind::String);
  EXPECT_EQ(read(Kind::Bool, "true", Style::SingleQuoted), Kind::String);
  EXPECT_EQ(read(Kind::Null, "~", Style::Literal), Kind::String);
  EXPECT_EQ(read(Kind::Int, "5", Style::Plain), Kind::Int);
  EXPECT_EQ(read(Kind::Float, "1", Style::DoubleQuoted), Kind::Float) << "!!float \"1\"";
  EXPECT_EQ(read(Kind::Int, "abc", Style::DoubleQuoted), Kind::Int) << "!!int \"abc\" cannot be read";
}

TEST(Reread, WhatAProgramMadeIsInBlockStyle) {
  Value value = Value::Mapping();
  value.Set("a", Value());
  value.Set("list", Value::Sequence({Value()}));
  EXPECT_EQ(Json(value), R"({"a":null,"list":[null]})");
  value.set_style(Style::Flow);
  EXPECT_EQ(Json(value), R"({"a":"","list":[""]})");
}

}  // namespace
}  // namespace sluice::kustomize
