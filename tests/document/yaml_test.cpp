#include "document/yaml.h"

#include <gtest/gtest.h>

#include <string>

#include "document/json.h"

namespace sluice::document {
namespace {

std::string Json(const Value& value) { return EmitJson(value); }

/// The text's first document as JSON, or its error.
std::string Read(std::string_view text, const YamlOptions& options = {}) {
  const auto value = ParseYaml(text, options);
  return value ? Json(*value) : value.error().message;
}

std::string ReadStream(std::string_view text) {
  const auto documents = ParseYamlStream(text);
  return documents ? Json(Value::Sequence(*documents)) : documents.error().message;
}

// Scalars. The expectations are what go.yaml.in/yaml v3.0.5 and v2.4.4 resolve (asked with 120,000 random texts).

struct Plain {
  std::string_view text;
  Kind v3, v11;
};
constexpr Plain kPlain[] = {
    {"", Kind::Null, Kind::Null},
    {"~", Kind::Null, Kind::Null},
    {"null", Kind::Null, Kind::Null},
    {"Null", Kind::Null, Kind::Null},
    {"NULL", Kind::Null, Kind::Null},
    {"nUll", Kind::String, Kind::String},
    {"true", Kind::Bool, Kind::Bool},
    {"True", Kind::Bool, Kind::Bool},
    {"FALSE", Kind::Bool, Kind::Bool},
    {"tRUE", Kind::String, Kind::String},
    {"yes", Kind::String, Kind::Bool},
    {"Off", Kind::String, Kind::Bool},
    {"ON", Kind::String, Kind::Bool},
    {"y", Kind::String, Kind::Bool},
    {"N", Kind::String, Kind::Bool},
    {"yEs", Kind::String, Kind::String},
    {"0", Kind::Int, Kind::Int},
    {"-12", Kind::Int, Kind::Int},
    {"+12", Kind::Int, Kind::Int},
    {"1_000", Kind::Int, Kind::Int},
    {"_1", Kind::String, Kind::String},
    {"0x1F", Kind::Int, Kind::Int},
    {"-0x1f", Kind::Int, Kind::Int},
    {"0x", Kind::String, Kind::String},
    {"017", Kind::Int, Kind::Int},
    {"0o17", Kind::Int, Kind::Int},
    {"0o-7", Kind::Int, Kind::String},
    {"0b101", Kind::Int, Kind::Int},
    {"0b-1", Kind::Int, Kind::Int},
    {"08", Kind::Float, Kind::Float},
    {"18446744073709551615", Kind::Int, Kind::Int},
    {"18446744073709551616", Kind::Float, Kind::Float},
    {"-9223372036854775809", Kind::Float, Kind::Float},
    {"1.5", Kind::Float, Kind::Float},
    {"1.", Kind::Float, Kind::Float},
    {".5", Kind::Float, Kind::Float},
    {".5_0", Kind::Float, Kind::Float},
    {"._5", Kind::String, Kind::String},
    {"-.5e-3", Kind::Float, Kind::Float},
    {"1e3", Kind::Float, Kind::Float},
    {"1e309", Kind::String, Kind::String},
    {"0x1p-2", Kind::String, Kind::String},
    {".inf", Kind::Float, Kind::Float},
    {"-.INF", Kind::Float, Kind::Float},
    {".NaN", Kind::Float, Kind::Float},
    {".Nan", Kind::String, Kind::String},
    {"-.nan", Kind::String, Kind::String},
    {"+", Kind::String, Kind::String},
    {"12:30:45", Kind::String, Kind::String},
    {"2001-01-01", Kind::Timestamp, Kind::String},
    {"2001-1-1", Kind::Timestamp, Kind::String},
    {"2001-02-30", Kind::String, Kind::String},
    {"2001-12-14t21:59:43.10-05:00", Kind::Timestamp, Kind::String},
    {"2001-12-14 21:59:43.10", Kind::Timestamp, Kind::String},
    {"2001-12-14 21:59:43.10 -5", Kind::String, Kind::String},
    {"2001-12-14T24:00:00Z", Kind::String, Kind::String},
    {"<<", Kind::String, Kind::String},
    {"=", Kind::String, Kind::String},
    {"web", Kind::String, Kind::String},
};

TEST(Resolve, PlainScalars) {
  for (const Plain& row : kPlain) {
    EXPECT_EQ(ResolvePlain(row.text, Resolver::GoYaml3), row.v3) << row.text;
    EXPECT_EQ(ResolvePlain(row.text, Resolver::Yaml11), row.v11) << row.text;
  }
}

struct Row {
  std::string_view rule, text, want;
};

TEST(Resolve, ValuesAndTags) {
  constexpr Row rows[] = {
      {"numbers", "[0x1F, 0o17, 017, 0b11, -0b11, 1_000, +5, 08, 0b-101]", "[31,15,15,3,-3,1000,5,8,-5]"},
      {"uint64", "[18446744073709551615, 18446744073709551616]", "[18446744073709551615,18446744073709552000]"},
      {"floats", "[1.0, 1e3, 1.50, 1e21, 1e-7]", "[1,1000,1.5,1e+21,1e-7]"},
      {"times", "[2001-1-2, 2001-12-14t21:59:43.10-05:00, 2001-12-14 1:2:3]",
       R"(["2001-01-02T00:00:00Z","2001-12-14T21:59:43.1-05:00","2001-12-14T01:02:03Z"])"},
      {"quotes make strings", R"(['1', "true", '~'])", R"(["1","true","~"])"},
      {"blocks make strings", "- |\n  1\n- >-\n  true\n", R"(["1\n","true"])"},
      {"!!str", "[!!str 1, !!str true, !!str ]", R"(["1","true",""])"},
      {"!!int of quotes", "!!int '12'", "12"},
      {"!!int of text", "!!int web", "1:1: cannot decode !!str `web` as a !!int"},
      {"!!float of int", "[!!float 3, !!float '3.5']", "[3,3.5]"},
      {"!!bool", "[!!bool 'true']", "[true]"},
      {"!!bool of yes", "!!bool yes", "1:1: cannot decode !!str `yes` as a !!bool"},
      {"!!binary", "!!binary |\n  aGVs\n  bG8=\n", R"("hello")"},
      {"!!binary in quotes", "!!binary 'aGVsbG8='", R"("hello")"},
      {"bad base64", "a: !!binary x", "1:4: !!binary value contains invalid base64 data"},
      {"unknown tags make strings", "[!foo 1, !<tag:x> true]", R"(["1","true"])"},
      {"tags of collections", "!foo {a: !!set {b: null}}", R"({"a":{"b":null}})"},
      {"a bare ! changes nothing", "[! 1, ! '1']", R"([1,"1"])"},
  };
  for (const Row& row : rows) EXPECT_EQ(Read(row.text), row.want) << row.rule;
}

TEST(Resolve, Yaml11) {
  const YamlOptions options{.resolver = Resolver::Yaml11};
  constexpr Row rows[] = {
      {"words", "[yes, off, y, 'no']", R"([true,false,true,"no"])"},
      {"keys", "{n: 1, on: 2, 0x10: 3, 1.50: 4, 'n': 5}", R"({"false":1,"true":2,"16":3,"1.5":4,"n":5})"},
      {"dates are strings", "2001-01-01", R"("2001-01-01")"},
      {"a null key", "{~: 1}", "1:2: unsupported map key `~`"},
  };
  for (const Row& row : rows) EXPECT_EQ(Read(row.text, options), row.want) << row.rule;
}

// Structure.

TEST(Parse, Documents) {
  constexpr Row rows[] = {
      {"nothing", "", "[]"},
      {"comments", "# a\n# b\n", "[]"},
      {"empty documents", "---\n---\n# c\n", "[null,null]"},
      {"several", "a: 1\n---\nb: 2\n...\n---\n- c\n", R"([{"a":1},{"b":2},["c"]])"},
      {"BOM",
       "\xEF\xBB\xBF"
       "a: 1\n",
       R"([{"a":1}])"},
      {"CRLF", "a: |\r\n  x\r\n  y\r\nb: 1\r\n", R"([{"a":"x\ny\n","b":1}])"},
      {"JSON", R"({"a":[1,{"b":"é\n"}]})", R"([{"a":[1,{"b":"é\n"}]}])"},
      {"anchors end with their document", "a: &x 1\n---\nb: *x\n", "3:4: unknown anchor 'x' referenced"},
      {"text after a document", "  a: 1\nb: 2\n", "2:1: did not find expected <document start>"},
  };
  for (const Row& row : rows) EXPECT_EQ(ReadStream(row.text), row.want) << row.rule;
}

/// Corners where readers of YAML part; all as go-yaml has them.
TEST(Parse, Corners) {
  const std::string key_1024(1024, 'k'), key_1025(1025, 'k');
  const std::string long_key = key_1024 + ": 1\n", want_long = "{\"" + key_1024 + "\":1}", too_long = key_1025 + ": 1\n";
  const Row rows[] = {
      {"a comment instead of a value", "key:    # comment\nb: c # d\n", R"({"key":null,"b":"c"})"},
      {"no comment", "a: b#c\n", R"({"a":"b#c"})"},
      {"tabs between", "a:\tb\n", R"({"a":"b"})"},
      {"tabs at the end", "a: b\t\nc: d\t# e\n", R"({"a":"b","c":"d"})"},
      {"text that is not ASCII", "ключ: зна чение\n\"\\u00e9\": 😀\n", R"({"ключ":"зна чение","é":"😀"})"},
      {"a colon inside", "a: b:c\nd: http://e\n", R"({"a":"b:c","d":"http://e"})"},
      {"folded plain text", "a: b\n  c\n\n  d\n", R"({"a":"b c\nd"})"},
      {"blocks", "a: |2\n   x\n  y\nb: >\n  x\n  y\n\n  z\nc: |+\n  x\n\nd: |-\n  x\n\n",
       R"({"a":" x\ny\n","b":"x y\nz\n","c":"x\n\n","d":"x"})"},
      {"sequences in their parent's column", "a:\n- b\n- - c\n", R"({"a":["b",["c"]]})"},
      {"a pair in a sequence", "[a: b, c: ]", R"([{"a":"b"},{"c":null}])"},
      {"explicit keys", "? a\n: b\n? c\n", R"({"a":"b","c":null})"},
      {"a directive", "%YAML 1.1\n---\na: b\n", R"({"a":"b"})"},
      {"a key of 1024 characters", long_key, want_long},
      {"a longer one", too_long, "1:1026: mapping values are not allowed in this context"},
  };
  for (const Row& row : rows) EXPECT_EQ(Read(row.text), row.want) << row.rule;
}

TEST(Parse, FirstDocumentOnly) {
  constexpr Row rows[] = {
      {"nothing", "", "null"},
      {"the first", "a: 1\n---\nb: {\n", R"({"a":1})"},
      {"what follows is not a document", "  a: 1\nb: 2\n", R"({"a":1})"},
      {"what follows cannot be scanned", "  a: 1\nb\nc: 2\n", "3:2: mapping values are not allowed in this context"},
  };
  for (const Row& row : rows) EXPECT_EQ(Read(row.text), row.want) << row.rule;
}

TEST(Parse, AnchorsAndMergeKeys) {
  constexpr Row rows[] = {
      {"alias", "a: &x {b: 1}\nc: *x\n", R"({"a":{"b":1},"c":{"b":1}})"},
      {"alias of a scalar, as a key too", "a: &x k\n*x : 1\n", R"({"a":"k","k":1})"},
      {"anchor on a key", "&x a: *x\n", R"({"a":"a"})"},
      {"a later anchor of the same name", "[&x 1, *x, &x 2, *x]", "[1,1,2,2]"},
      {"unknown", "a: *x", "1:4: unknown anchor 'x' referenced"},
      {"itself", "a: &x [*x]", "1:8: anchor 'x' value contains itself"},
      {"own keys win, wherever they stand", "{a: 1, <<: {a: 2, b: 3}}", R"({"a":1,"b":3})"},
      {"own keys win after the merge", "{<<: {a: 2, b: 3}, b: 4}", R"({"b":4,"a":2})"},
      {"the earlier of a list wins", "{<<: [{a: 1}, {a: 2, b: 2}]}", R"({"a":1,"b":2})"},
      {"a merge in what is merged", "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y, c: 3}\n",
       R"({"x":{"a":1},"y":{"b":2,"a":1},"z":{"c":3,"b":2,"a":1}})"},
      {"a quoted << is a key", "{'<<': {a: 1}}", R"({"<<":{"a":1}})"},
      {"of a scalar", "<<: 1", "1:1: map merge requires map or sequence of maps as the value"},
      {"of a list of scalars", "<<: [1]", "1:1: map merge requires map or sequence of maps as the value"},
      {"twice", "<<: {a: 1}\n<<: {b: 2}\n", R"(2:1: mapping key "<<" already defined at line 1)"},
  };
  for (const Row& row : rows) EXPECT_EQ(Read(row.text), row.want) << row.rule;
  EXPECT_EQ(Read("{a: 1, <<: {a: 2, b: 3}, b: 4}", {.resolver = Resolver::Yaml11}), R"({"a":2,"b":4})") << "go-yaml v2 merges in place";
  EXPECT_EQ(Read("<<: {a: 1}", {.merge_keys = false}), R"({"<<":{"a":1}})");
}

TEST(Parse, Errors) {
  constexpr Row rows[] = {
      {"repeated key", "a: 1\nb: 2\na: 3\n", R"(web.yaml:3:1: mapping key "a" already defined at line 1)"},
      {"repeated key in a big map", "a: {b: 1,c: 1,d: 1,e: 1,f: 1,g: 1,h: 1,i: 1,j: 1,k: 1,l: 1,m: 1,n: 1,o: 1,p: 1,q: 1,r: 1,\n b: 2}",
       R"(web.yaml:2:2: mapping key "b" already defined at line 1)"},
      {"1 and '1' are one key", "{1: a, '1': b}", R"(web.yaml:1:8: mapping key "1" already defined at line 1)"},
      {"a list as key", "? [a]\n: 1\n", "web.yaml:1:3: a mapping key must be a scalar"},
      {"a map as key", "{{a: 1}: 1}", "web.yaml:1:2: a mapping key must be a scalar"},
      {"an alias of a list as key", "a: &x []\n*x : 1\n", "web.yaml:2:1: a mapping key must be a scalar"},
      {"a tab", "a:\n\tb: 1\n", "web.yaml:2:1: found character that cannot start any token, while scanning for the next token"},
      {"wrong indentation", "a:\n   b: 1\n  c: 2\n",
       "web.yaml:3:3: did not find expected key, while parsing a block mapping that began at line 1"},
      {"two values", "a: b: c\n", "web.yaml:1:5: mapping values are not allowed in this context"},
      {"open quote", "a: \"b\n", "web.yaml:2:1: found unexpected end of stream, while scanning a quoted scalar that began at line 1"},
      {"open bracket", "a: [b\n", "web.yaml:2:1: did not find expected ',' or ']', while parsing a flow sequence that began at line 1"},
      {"a control character", "a: b\nc: \x01\n", "web.yaml:2:4: control characters are not allowed"},
      {"no UTF-8", "a: \xFF\n", "web.yaml:1:4: invalid leading UTF-8 octet"},
      {"? in a flow collection", "a: [b?c]", "web.yaml:1:5: found unexpected '?' in a plain scalar of a flow collection"},
  };
  for (const Row& row : rows) {
    const auto value = ParseYaml(row.text, {.file = "web.yaml"});
    ASSERT_FALSE(value) << row.rule;
    EXPECT_EQ(value.error().message, row.want) << row.rule;
    EXPECT_EQ(value.error().reason, base::Reason::Invalid) << row.rule;
  }
}

TEST(Parse, LastKeyWinsWhereAskedFor) {
  EXPECT_EQ(Read("{a: 1, b: 2, a: 3}", {.duplicate_keys = DuplicateKeys::LastWins}), R"({"a":3,"b":2})");
}

/// What go-yaml reads and libyaml, left alone, does not.
TEST(Parse, AsGoYamlNotAsLibyaml) {
  constexpr Row rows[] = {
      {"\\' in double quotes", R"({a: "it\'s", b: "\\'\"\'"})", R"({"a":"it's","b":"\\'\"'"})"},
      {"a colon before a comma", "[{name:, a: 1}, [x:], {y:}]", R"([{"name:":null,"a":1},["x:"],{"y:":null}])"},
      {"a BOM in front of a later line",
       "a: 1\n\xEF\xBB\xBF"
       "b: 2\n",
       "{\"a\":1,\"\xEF\xBB\xBF"
       "b\":2}"},
      {"tabs between comments", "# c\n\t# d\n \t\n\t \t# e\na:\n  - # f\n\t\t# g\n    b\t# h\n", R"({"a":["b"]})"},
      {"tabs below a block scalar's comment", "a: |\n  x\n# c\n\t# d\nb: it\n", R"({"a":"x\n","b":"it"})"},
  };
  for (const Row& row : rows) EXPECT_EQ(Read(row.text), row.want) << row.rule;
  const auto tabs = [](std::size_t count) { return "# c\n" + std::string(count, '\t') + "# d\na: 1\n"; };
  EXPECT_EQ(Read(tabs(510)), R"({"a":1})");
  constexpr std::string_view kTab = "found character that cannot start any token, while scanning for the next token";
  EXPECT_EQ(Read(tabs(511)), "2:1: " + std::string(kTab)) << "it looks no further";
  for (const std::string_view text : {"\t# d\na: 1\n", "# c\n\ta: 1\n", "# c\n\t\na: 1\n", "a: 1 # c\n\t# d\n", "a: # c\n\t# d\n  b: 1\n"})
    EXPECT_TRUE(Read(text).ends_with(kTab)) << text << Read(text);
  EXPECT_EQ(Read("# c\n\t# d\na: 1\n", {.resolver = Resolver::Yaml11}), "2:1: " + std::string(kTab)) << "go-yaml v2 knows no comments";
}

TEST(Parse, Limits) {
  const auto reason = [](std::string_view text, const YamlOptions& options) {
    const auto value = ParseYaml(text, options);
    return value ? "none" : std::string(base::ToString(value.error().reason)) + " " + value.error().message;
  };
  EXPECT_EQ(reason("a: bcd", {.max_bytes = 5, .file = "x"}), "TooLarge x: 6 bytes of YAML, the limit is 5");
  EXPECT_EQ(reason("[[[1]]]", {.max_depth = 2}), "TooLarge 1:3: nested deeper than 2 levels");
  EXPECT_EQ(reason("[[1]]", {.max_depth = 2}), "none");
  EXPECT_EQ(reason("[1, 2, 3]", {.max_nodes = 3}), "TooLarge 1:8: more than 3 nodes, aliases expanded");
  std::string laughs = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 8; ++j) laughs += ", " + before;
    laughs += "]\n";
  }
  EXPECT_EQ(reason(laughs, {}), "TooLarge 7:10: more than 1000000 nodes, aliases expanded");
  EXPECT_EQ(reason(std::string(100'000, '['), {}), "TooLarge 1:513: nested deeper than 512 levels");
}

/// Sets the limits of the process, and puts them back.
class SmallLimits {
 public:
  explicit SmallLimits(const base::ParserLimits& limits) : before_(base::Parsers()) { base::SetParserLimits(limits); }
  ~SmallLimits() { base::SetParserLimits(before_); }
  SmallLimits(const SmallLimits&) = delete;
  SmallLimits& operator=(const SmallLimits&) = delete;

 private:
  const base::ParserLimits before_;
};

TEST(Parse, LimitsAreTheProcesssUnlessTheyAreGiven) {
  const auto said = [](const auto& value) { return value ? std::string("read") : value.error().message; };
  {
    const SmallLimits small({.max_text_bytes = 10, .max_depth = 2, .max_nodes = 3});
    EXPECT_EQ(said(ParseYaml("a: bcdefghi")), "11 bytes of YAML, the limit is 10");
    EXPECT_EQ(said(ParseYamlStream("[[[1]]]")), "1:3: nested deeper than 2 levels");
    EXPECT_EQ(said(ParseYaml("[1, 2, 3]")), "1:8: more than 3 nodes, aliases expanded");
    EXPECT_EQ(said(ParseYaml("[1, 2, 3]", {.max_nodes = 4})), "read");
    EXPECT_EQ(said(ParseJson("[\"12345678\"]", StrangersJson())), "12 bytes of JSON, the limit is 10");
    EXPECT_EQ(said(ParseJson("[[[1]]]", StrangersJson())), "1:3: nested deeper than 2 levels");
    EXPECT_EQ(said(ParseJson("[[[\"12345678\"]]]")), "read") << "what the API server says has limits of its own";
  }
  EXPECT_EQ(said(ParseYaml("a: bcdefghi")), "read");
}

TEST(Parse, MarksAndStyles) {
  const auto value = ParseYaml("a:\n  - 'x'\n  - \"y\"\n  - |\n    z\n  - >\n    w\n  - {k: v}\n  - 12 # c\n");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->members()[0].key_mark, (Mark{.line = 1, .column = 1}));
  const auto items = value->Find("a")->items();
  EXPECT_EQ(value->Find("a")->mark(), (Mark{.line = 2, .column = 3}));
  EXPECT_EQ(value->Find("a")->style(), Style::Block);
  constexpr Style styles[] = {Style::SingleQuoted, Style::DoubleQuoted, Style::Literal, Style::Folded, Style::Flow, Style::Plain};
  ASSERT_EQ(items.size(), std::size(styles));
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i].style(), styles[i]) << i;
  EXPECT_EQ(items[4].members()[0].value.mark(), (Mark{.line = 8, .column = 9}));
  EXPECT_EQ(items[5].mark(), (Mark{.line = 9, .column = 5}));
}

TEST(Parse, KeysKnowWhatTheyAre) {
  const auto value = ParseYaml("{1: a, true: b, x: c, '1x': d, ~: e, 2001-01-01: f, !!str 2: g}");
  ASSERT_TRUE(value);
  constexpr Kind kinds[] = {Kind::Int, Kind::Bool, Kind::String, Kind::String, Kind::Null, Kind::Timestamp, Kind::String};
  ASSERT_EQ(value->size(), std::size(kinds));
  for (std::size_t i = 0; i < value->size(); ++i) EXPECT_EQ(value->members()[i].key_kind, kinds[i]) << i;
  EXPECT_EQ(value->members()[3].key_style, Style::SingleQuoted);
}

TEST(Parse, NullsKeepTheirText) {
  const auto value = ParseYaml("[~, null, , x]");
  EXPECT_FALSE(value);
  const auto items = ParseYaml("- ~\n- null\n-\n");
  ASSERT_TRUE(items);
  EXPECT_EQ(items->items()[0].text(), "~");
  EXPECT_EQ(items->items()[1].text(), "null");
  EXPECT_EQ(items->items()[2].text(), "");
}

}  // namespace
}  // namespace sluice::document
