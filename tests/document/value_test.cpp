#include "document/value.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

namespace sluice::document {
namespace {

const std::string kLong(100, 'x');

TEST(Value, ScalarsKeepTextAndMeaning) {
  EXPECT_EQ(Value(true).AsBool(), true);
  EXPECT_EQ(Value(-5).text(), "-5");
  EXPECT_EQ(Value(std::uint64_t{18446744073709551615u}).AsUint(), 18446744073709551615u);
  EXPECT_EQ(Value(std::uint64_t{18446744073709551615u}).AsInt(), std::nullopt);
  EXPECT_EQ(Value(std::numeric_limits<std::int64_t>::min()).AsInt(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Value(2.0).AsInt(), 2);
  EXPECT_EQ(Value(2.5).AsInt(), std::nullopt);
  EXPECT_EQ(Value("7").AsInt(), std::nullopt);
  EXPECT_EQ(Value(kLong).text(), kLong);
  EXPECT_EQ(Value::Scalar(Kind::Int, "0x1F").AsInt(), 31);
  EXPECT_EQ(Value::Scalar(Kind::Int, "0x1F").text(), "0x1F");
  EXPECT_EQ(Value().text(), "");
  EXPECT_EQ(Value::Sequence().text(), "");
}

TEST(Value, TextOfEveryLengthSurvivesCopyAndMove) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string text(size, 'a');
    const Value value(text);
    Value copy(value);
    EXPECT_EQ(copy.text(), text);
    Value moved(std::move(copy));
    EXPECT_EQ(moved.text(), text);
    Value assigned("something else that lies on the heap");
    assigned = moved;
    EXPECT_EQ(assigned.text(), text);
    assigned = std::move(moved);
    EXPECT_EQ(assigned.text(), text);
  }
}

TEST(Value, MappingsKeepTheirOrder) {
  Value map;
  map["b"] = 1;
  map["a"] = 2;
  map.Set("b", 3);
  ASSERT_EQ(map.size(), 2u);
  EXPECT_EQ(map.members()[0].key, "b");
  EXPECT_EQ(map.Find("b")->AsInt(), 3);
  EXPECT_EQ(map.Find("c"), nullptr);
  EXPECT_TRUE(map.Erase("b"));
  EXPECT_FALSE(map.Erase("b"));
  EXPECT_EQ(map.size(), 1u);
}

TEST(Value, PathsThatLeadNowhereAreNull) {
  Value object;
  object["metadata"]["labels"]["app"] = "web";
  EXPECT_EQ(object.StringAt({"metadata", "labels", "app"}), "web");
  EXPECT_EQ(object.StringAt({"metadata", "labels"}), "");
  EXPECT_EQ(object.At({"metadata", "labels", "app", "x"}), nullptr);
  EXPECT_EQ(object.At({"spec", "x"}), nullptr);
}

TEST(Value, WhatIsNoCollectionBecomesOne) {
  Value text("text");
  text["a"] = 1;
  EXPECT_TRUE(text.IsMapping());
  text.Append(1);
  EXPECT_TRUE(text.IsSequence());
  EXPECT_EQ(text.size(), 1u);
}

TEST(Value, AChildCanReplaceItsParent) {
  Value outer;
  outer["inner"]["text"] = kLong;
  outer = std::move(outer["inner"]);
  EXPECT_EQ(outer.StringAt({"text"}), kLong);
  outer = outer["text"];
  EXPECT_EQ(outer.text(), kLong);
}

TEST(Value, TagsStayWithEveryKind) {
  Value scalars[] = {Value(), Value("short"), Value(kLong), Value(5)};
  for (Value& value : scalars) {
    const Value before = value;
    value.set_tag("!foo");
    EXPECT_EQ(value.tag(), "!foo");
    EXPECT_EQ(value, before);
    Value copy = value;
    EXPECT_EQ(copy.tag(), "!foo");
    const Value moved = std::move(copy);
    EXPECT_EQ(moved.tag(), "!foo");
    EXPECT_EQ(moved, before);
  }
  Value map;
  map["a"].Append(kLong);
  map.set_tag("!map");
  map["b"] = 1;
  map.set_tag("!other");
  EXPECT_EQ(map.tag(), "!other");
  EXPECT_EQ(map.At({"a"})->items()[0].text(), kLong);
  EXPECT_EQ(map.size(), 2u);
}

TEST(Value, MarksAndStyles) {
  Value value("x");
  value.set_mark({.line = 7, .column = 70000});
  value.set_style(Style::Literal);
  EXPECT_EQ(value.mark(), (Mark{.line = 7, .column = 65535}));
  const Value copy = value;
  EXPECT_EQ(copy.mark(), value.mark());
  EXPECT_EQ(copy.style(), Style::Literal);
}

TEST(Value, EqualAsData) {
  struct Row {
    const char* rule;
    Value left, right;
    bool equal;
  };
  Value ab, ba;
  ab["a"] = 1;
  ab["b"] = 2;
  ba["b"] = 2;
  ba["a"] = 1;
  const Row rows[] = {
      {"maps without order", ab, ba, true},
      {"int and float", 1, 1.0, true},
      {"int and hex", 31, Value::Scalar(Kind::Int, "0x1F"), true},
      {"big ints are exact", Value::Scalar(Kind::Int, "9007199254740993"), Value::Scalar(Kind::Int, "9007199254740992"), false},
      {"bools by meaning", true, Value::Scalar(Kind::Bool, "TRUE"), true},
      {"yes is not no", Value::Scalar(Kind::Bool, "yes"), Value::Scalar(Kind::Bool, "no"), false},
      {"string and int", "1", 1, false},
      {"null and empty", Value(), "", false},
      {"nulls", Value(), Value::Scalar(Kind::Null, "~"), true},
      {"empty list and map", Value::Sequence(), Value::Mapping(), false},
      {"lists with order", Value::Sequence({1, 2}), Value::Sequence({2, 1}), false},
      {"a key more", ab, Value::Mapping({Member{.key = "a", .value = 1}}), false},
      {"times by meaning", Value::Scalar(Kind::Timestamp, "2001-1-2"), Value::Scalar(Kind::Timestamp, "2001-01-02"), true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(row.left == row.right, row.equal) << row.rule;
    EXPECT_EQ(row.right == row.left, row.equal) << row.rule;
  }
}

TEST(Value, ATreeOfAnyDepthCanBeDestroyed) {
  Value root;
  for (int i = 0; i < 1'000'000; ++i) {
    Value outer;
    if (i % 2 == 0) {
      outer.Append(std::move(root));
    } else {
      outer["x"] = std::move(root);
    }
    root = std::move(outer);
  }
  EXPECT_EQ(root.size(), 1u);
}

}  // namespace
}  // namespace sluice::document
