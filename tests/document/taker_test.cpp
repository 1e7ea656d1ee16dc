// Nodes that leave a tree while it is read: which are offered, what stays, what counts against the limits.
#include "document/taker.h"

#include <gtest/gtest.h>

namespace sluice::document {
namespace {

/// Takes what is not the number 2, and notes `path: item`.
Taker Noting(std::size_t depth, std::string& seen) {
  Taker taker;
  taker.depth = depth;
  taker.take = [&seen](const std::vector<std::string_view>& path, Value& item) -> base::Result<bool> {
    for (const std::string_view key : path) seen.append(key).append("/");
    seen += EmitJson(item) + " ";
    if (item.text() == "fail") return base::Invalid("told to fail");
    return item.AsInt() != 2;
  };
  taker.restart = [&seen] { seen += "| "; };
  return taker;
}

struct Row {
  std::string text;
  std::size_t depth;
  std::string seen, left;
};

TEST(Taker, OffersTheItemsOfOneDepth) {
  const Row rows[] = {
      {R"({"a": {"b": [1, 2, [3]], "c": [4]}, "d": [5]})", 3, "a/b/1 a/b/2 a/b/[3] a/c/4 ", R"({"a":{"b":[2],"c":[]},"d":[5]})"},
      {R"({"a": {"b": [1, 2, [3]], "c": [4]}, "d": [5]})", 2, "d/5 ", R"({"a":{"b":[1,2,[3]],"c":[4]},"d":[]})"},
      {R"([1, 2, {"a": [3]}])", 1, R"(1 2 {"a":[3]} )", "[2]"},
      {R"([[1, 2], {"a": [3]}])", 2, "/1 /2 ", R"([[2],{"a":[3]}])"},
      {R"([{"a": [3]}])", 3, "/a/3 ", R"([{"a":[]}])"},
  };
  for (const Row& row : rows) {
    std::string yaml, json;
    const Taker of_yaml = Noting(row.depth, yaml), of_json = Noting(row.depth, json);
    const auto from_yaml = ParseYamlTaking(row.text, {}, of_yaml);
    const auto from_json = ParseJsonTaking(row.text, {}, of_json, 100);
    ASSERT_TRUE(from_yaml && from_json) << row.text;
    EXPECT_EQ(yaml, row.seen) << row.text;
    EXPECT_EQ(json, row.seen) << row.text;
    EXPECT_EQ(EmitJson(*from_yaml), row.left);
    EXPECT_EQ(EmitJson(*from_json), row.left);
  }
}

TEST(Taker, ErrorsEndTheReading) {
  std::string seen;
  const Taker taker = Noting(2, seen);
  EXPECT_EQ(ParseYamlTaking("a: [1, fail, 3]", {}, taker).error().message, "1:8: told to fail");
  EXPECT_EQ(ParseJsonTaking(R"({"a": [1, "fail", 3]})", {}, taker, 100).error().message, "1:17: told to fail");
  EXPECT_EQ(seen, "a/1 a/\"fail\" a/1 a/\"fail\" ");
}

TEST(Taker, WhatIsTakenDoesNotCount) {
  std::string text = "a:\n", json = "{\"a\": [";
  for (int i = 0; i < 1'000; ++i) {
    text += "- [x, y]\n";
    json += "[1, 3],";
  }
  json += "1]}";
  Taker taker;
  taker.depth = 2;
  taker.take = [](const std::vector<std::string_view>&, Value&) -> base::Result<bool> { return true; };
  EXPECT_TRUE(ParseYamlTaking(text, {.max_nodes = 20}, taker));
  EXPECT_TRUE(ParseJsonTaking(json, {}, taker, 20));
  EXPECT_FALSE(ParseYaml(text, {.max_nodes = 20}));
  taker.depth = 1;
  EXPECT_EQ(ParseYamlTaking(text, {.max_nodes = 20}, taker).error().reason, base::Reason::TooLarge);
  EXPECT_EQ(ParseJsonTaking(json, {}, taker, 20).error().reason, base::Reason::TooLarge);
  std::string bomb = "x: &x [1, 1, 1, 1]\na:\n";
  for (int i = 0; i < 10; ++i) bomb += "- *x\n";
  taker.depth = 2;
  taker.take = [](const std::vector<std::string_view>& path, Value&) -> base::Result<bool> { return path[0] == "a"; };
  EXPECT_EQ(ParseYamlTaking(bomb, {.max_nodes = 20}, taker).error().reason, base::Reason::TooLarge) << "what aliases repeat counts";
}

TEST(Taker, IsToldWhenATextIsReadAnew) {
  std::string seen;
  const Taker taker = Noting(2, seen);
  const auto read = ParseYamlTaking("a: [1, \"it\\'s\"]\n", {}, taker);  // libyaml refuses that escape at first
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(seen, "a/1 | a/1 a/\"it's\" ");
}

TEST(Taker, WhatStandsInAKeyIsNoItem) {
  for (const std::string_view text : {"{{a: [1]}: 2}", "? a:\n  - 1\n: 2\n", "{{a: [1], b: [2]}"}) {
    std::size_t taken = 0;
    Taker taker{.depth = 3, .take = [&taken](const auto&, Value&) -> base::Result<bool> { return ++taken > 0; }};
    EXPECT_FALSE(ParseYamlTaking(text, {.resolver = Resolver::Yaml11}, taker)) << text;
    EXPECT_EQ(taken, 0U) << text;
  }
}

}  // namespace
}  // namespace sluice::document
