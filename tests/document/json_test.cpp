#include "document/json.h"

#include <gtest/gtest.h>

#include <string>

#include "document/scalar.h"

namespace sluice::document {
namespace {

struct Row {
  std::string_view rule, text, want;
};

std::string Again(std::string_view text, const JsonEmitOptions& options = {}) {
  const auto value = ParseJson(text);
  return value ? EmitJson(*value, options) : value.error().message;
}

// Go's encoding/json says the same of these (and of 60,000 random texts).
TEST(Json, ReadAndWritten) {
  const Row rows[] = {
      {"blanks", " {\n\"a\" : [ 1 , 2 ]\t}\r\n", R"({"a":[1,2]})"},
      {"words", "[true,false,null]", "[true,false,null]"},
      {"empty", R"([{},[],""])", R"([{},[],""])"},
      {"64-bit integers", "[9223372036854775807,18446744073709551615,-9223372036854775808]",
       "[9223372036854775807,18446744073709551615,-9223372036854775808]"},
      {"larger ones are floats", "18446744073709551616", "18446744073709552000"},
      {"minus nought", "[-0,-0.0]", "[-0,-0]"},
      {"floats", "[1.0,1.50,1e3,1E+2,1e20,1e21,1e-6,1e-7,123456789.125]",
       "[1,1.5,1000,100,100000000000000000000,1e+21,0.000001,1e-7,123456789.125]"},
      {"escapes", R"("\"\\\/\b\f\n\r\t\u0041\u00e9")", R"("\"\\/\b\f\n\r\tAé")"},
      {"surrogate pair", R"("\ud83d\ude00")", R"("😀")"},
      {"half a pair", R"(["\ud83d","\ude00","\ud83dx","\ud83d\u0041"])",
       "[\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD\",\"\xEF\xBF\xBDx\",\"\xEF\xBF\xBD"
       "A\"]"},
      {"bad UTF-8 becomes U+FFFD", "\"a\xFF\"", "\"a\xEF\xBF\xBD\""},
      {"control characters are escaped", R"("\u0001\u001f\u007f")", "\"\\u0001\\u001f\x7F\""},
      {"the last of repeated keys wins", R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
      {"in a big object too",
       R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"b":2})",
       R"({"a":1,"b":2,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1})"},
      {"nothing", "", "1:1: unexpected end, want a value"},
      {"text after the value", "{}\n x", "2:2: unexpected text after the value"},
      {"a comma too many", "[1,]", "1:4: unexpected ']', want a value"},
      {"a comma too many in an object", R"({"a":1,})", "1:8: unexpected '}', want a key in quotes"},
      {"no comma", "[1 2]", "1:4: unexpected '2', want ',' or ']'"},
      {"no colon", R"({"a" 1})", "1:6: unexpected '1', want ':'"},
      {"single quotes", "{'a':1}", "1:2: unexpected ''', want a key in quotes"},
      {"a word", "[tru]", "1:2: unexpected 't', want a value"},
      {"leading nought", "[01]", "1:3: unexpected '1', want ',' or ']'"},
      {"no digits", "[-]", "1:2: unexpected '-', want a value"},
      {"no fraction", "[1.]", "1:4: unexpected ']', want a digit"},
      {"no exponent", "[1e]", "1:4: unexpected ']', want a digit"},
      {"too large a number", "[1e400]", "1:2: number out of range"},
      {"unknown escape", R"("\x")", "1:3: unknown escape in a string"},
      {"bad hex", R"("\u12g4")", "1:6: bad \\u escape in a string"},
      {"a line break in a string", "\"a\nb\"", "1:3: control character in a string"},
      {"an open string", "\"a", "1:3: unexpected end of a string"},
      {"an open array", "[1", "1:3: unexpected end, want ',' or ']'"},
      {"a byte that is not text", "[\x01]", "1:2: unexpected byte 0x01, want a value"},
  };
  for (const Row& row : rows) EXPECT_EQ(Again(row.text), row.want) << row.rule;
}

TEST(Json, Options) {
  constexpr std::string_view text = "{\"b\":[1,{}],\"a\":\"<&>\xE2\x80\xA8\"}";
  EXPECT_EQ(Again(text, {.sort_keys = true}), "{\"a\":\"<&>\xE2\x80\xA8\",\"b\":[1,{}]}");
  EXPECT_EQ(Again(text, {.escape_html = true}), R"({"b":[1,{}],"a":"\u003c\u0026\u003e\u2028"})");
  EXPECT_EQ(Again(text, {.indent = 2}), "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"<&>\xE2\x80\xA8\"\n}");
}

TEST(Json, YamlScalarsBecomeJson) {
  EXPECT_EQ(EmitJson(Value::Scalar(Kind::Int, "0x1F")), "31");
  EXPECT_EQ(EmitJson(Value::Scalar(Kind::Float, ".inf")), "null");
  EXPECT_EQ(EmitJson(Value::Scalar(Kind::Bool, "TRUE")), "true");
  EXPECT_EQ(EmitJson(Value::Scalar(Kind::Timestamp, "2001-1-2")), R"("2001-01-02T00:00:00Z")");
  EXPECT_EQ(EmitJson(Value("a\xFF")), R"("a\ufffd")");
}

TEST(Json, Limits) {
  const auto large = ParseJson("[1,2]", {.max_bytes = 4});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().message, "5 bytes of JSON, the limit is 4");
  EXPECT_EQ(large.error().reason, base::Reason::TooLarge);
  const auto deep = ParseJson(std::string(100'000, '['));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().message, "1:513: nested deeper than 512 levels");
  EXPECT_EQ(deep.error().reason, base::Reason::TooLarge);
  EXPECT_TRUE(ParseJson(std::string(512, '[') + std::string(512, ']')));
}

TEST(Scalar, FloatsAsGoWritesThem) {
  struct Number {
    double value;
    std::string_view yaml, json;
  };
  constexpr Number rows[] = {
      {0, "0", "0"},
      {1, "1", "1"},
      {-1.5, "-1.5", "-1.5"},
      {123456, "123456", "123456"},
      {1234567, "1.234567e+06", "1234567"},
      {1e6, "1e+06", "1000000"},
      {1e21, "1e+21", "1e+21"},
      {1e-4, "0.0001", "0.0001"},
      {1e-5, "1e-05", "0.00001"},
      {1e-7, "1e-07", "1e-7"},
      {5e-324, "5e-324", "5e-324"},
      {0.1, "0.1", "0.1"},
      {1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"},
  };
  for (const Number& row : rows) {
    EXPECT_EQ(GoYamlFloat(row.value), row.yaml);
    EXPECT_EQ(GoJsonFloat(row.value), row.json);
  }
}

}  // namespace
}  // namespace sluice::document
