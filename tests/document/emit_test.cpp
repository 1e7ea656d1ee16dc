#include <gtest/gtest.h>

#include <string>

#include "document/yaml.h"

namespace sluice::document {
namespace {

struct Row {
  std::string_view rule, text, want;
};

// What sigs.k8s.io/yaml v1.6.0 prints of a string under the key `k` (asked with 60,000 random texts).
TEST(Emit, Strings) {
  const std::string long_words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen";
  const std::string long_dash = "- " + long_words;
  const Row rows[] = {
      {"plain", "web", "k: web\n"},
      {"empty", "", "k: \"\"\n"},
      {"a URL", "http://x:80/y?z#w", "k: http://x:80/y?z#w\n"},
      {"bool", "true", "k: \"true\"\n"},
      {"YAML 1.1 bool", "yes", "k: \"yes\"\n"},
      {"one letter", "y", "k: \"y\"\n"},
      {"null", "~", "k: \"~\"\n"},
      {"int", "123", "k: \"123\"\n"},
      {"float", "1e3", "k: \"1e3\"\n"},
      {"hex", "0x1F", "k: \"0x1F\"\n"},
      {"date", "2001-01-01", "k: \"2001-01-01\"\n"},
      {"base 60", "12:30:45", "k: \"12:30:45\"\n"},
      {"not base 60", "12:60", "k: 12:60\n"},
      {"colon and blank", "a: b", "k: 'a: b'\n"},
      {"colon at the end", "a:", "k: 'a:'\n"},
      {"comment", "a #b", "k: 'a #b'\n"},
      {"no comment", "a#b", "k: a#b\n"},
      {"indicators", "*a", "k: '*a'\n"},
      {"dash", "-", "k: '-'\n"},
      {"dash and text", "-a", "k: -a\n"},
      {"document mark", "---", "k: '---'\n"},
      {"quote inside", "it's", "k: it's\n"},
      {"quote in quotes", "'it''s", "k: '''it''''s'\n"},
      {"blanks at the ends", " a ", "k: ' a '\n"},
      {"tab", "a\tb", "k: \"a\\tb\"\n"},
      {"control character", "a\x01", "k: \"a\\x01\"\n"},
      {"carriage return", "a\rb", "k: \"a\\rb\"\n"},
      {"backslash", "a\\b", "k: a\\b\n"},
      {"not ASCII", "é", "k: é\n"},
      {"beyond the basic plane", "😀", "k: \"\\U0001F600\"\n"},
      {"no-break space", "\u00a0", "k: \u00a0\n"},
      {"bad UTF-8", "a\xFF", "k: a\xEF\xBF\xBD\n"},
      {"line break at the end", "a\n", "k: |\n  a\n"},
      {"no line break at the end", "a\nb", "k: |-\n  a\n  b\n"},
      {"several at the end", "a\n\n", "k: |+\n  a\n\n"},
      {"an empty line", "a\n\nb\n", "k: |\n  a\n\n  b\n"},
      {"a blank first", " a\nb\n", "k: |2\n   a\n  b\n"},
      {"a line break first", "\na", "k: |2-\n\n  a\n"},
      {"only a line break", "\n", "k: |2+\n\n"},
      {"blanks before a line break", "a \nb", "k: \"a \\nb\"\n"},
      {"tabs in a block", "a\n\tb", "k: \"a\\n\\tb\"\n"},
      {"long plain text", long_words, "k: one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n  fifteen\n"},
      {"long quoted text", long_dash,
       "k: '- one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n  fifteen'\n"},
      {"BOM",
       "\xEF\xBB\xBF"
       "a b",
       "k: \"\\uFEFF\\x61\\x20\\x62\"\n"},
  };
  for (const Row& row : rows) {
    Value value;
    value["k"] = row.text;
    EXPECT_EQ(EmitYaml(value), row.want) << row.rule;
  }
}

TEST(Emit, LongTextThatIsQuotedTwice) {
  Value value;
  value["k"] = "\t" + std::string(30, 'a') + " " + std::string(50, 'b') + "  " + std::string(10, 'c');
  EXPECT_EQ(EmitYaml(value), "k: \"\\t" + std::string(30, 'a') + " " + std::string(50, 'b') + "\n  \\ " + std::string(10, 'c') + "\"\n");
}

// A document, read with the rules of go-yaml v3, as sigs.k8s.io/yaml prints it.
TEST(Emit, Documents) {
  const std::string key_128(128, 'k'), key_129(129, 'k');
  const std::string wide_key = key_128 + ": 1\n", too_wide_key = "? " + key_129 + "\n: a: 1\n  b:\n  - 2\n";
  const Row rows[] = {
      {"null", "", "null\n"},
      {"empty collections", "{a: {}, b: []}", "a: {}\nb: []\n"},
      {"sequences stand in their parent's column", "{a: [1, {b: 2, c: [3]}, [4, [5]], {}]}",
       "a:\n- 1\n- b: 2\n  c:\n  - 3\n- - 4\n  - - 5\n- {}\n"},
      {"a sequence at the root", "[[{a: 1}]]", "- - a: 1\n"},
      {"a scalar at the root", "|\n a\n b\n", "|\n  a\n  b\n"},
      {"keys in natural order", "{b10: 1, b9: 1, B: 1, a: 1, _: 1, '1': 1, '10': 1, '9': 1, .x: 1, a-b: 1, ab: 1, a01: 1, a1: 1}",
       ".x: 1\n_: 1\n\"1\": 1\n\"9\": 1\n\"10\": 1\nB: 1\na: 1\na-b: 1\na1: 1\na01: 1\nab: 1\nb9: 1\nb10: 1\n"},
      {"keys are quoted like values", "{'yes': 1, 'a: b': 2, '': 3, '12': 4, ' x': 5, '<<': 6}",
       "\"\": 3\n' x': 5\n\"<<\": 6\n\"12\": 4\n'a: b': 2\n\"yes\": 1\n"},
      {"keys that are no strings", "{1: a, true: b, 2.5: c}", "true: b\n1: a\n2.5: c\n"},
      {"ints", "[0x1F, 017, -5, 18446744073709551615, 1_000]", "- 31\n- 15\n- -5\n- 18446744073709551615\n- 1000\n"},
      {"floats", "[1.0, 1e6, 123456.5, 1234567.5, 0.0001, 0.00001, 1e20, 1e21, 18446744073709551616, -0.0, 08]",
       "- 1\n- 1000000\n- 123456.5\n- 1.2345675e+06\n- 0.0001\n- 1e-05\n- 1e+20\n- 1e+21\n- 1.8446744073709552e+19\n- 0\n- 8\n"},
      {"times are strings", "2001-1-2", "\"2001-01-02T00:00:00Z\"\n"},
      {"bools", "[TRUE, False]", "- true\n- false\n"},
      {"a block in a sequence", "- |\n  a\n  b\n- c\n", "- |\n  a\n  b\n- c\n"},
      {"a block before another key", "a:\n  b: |+\n    x\n\n  c: 1\n", "a:\n  b: |+\n    x\n\n  c: 1\n"},
      {"comments, styles and anchors are gone", "# x\na: &a 'b' # y\nc: *a\n", "a: b\nc: b\n"},
      {"a long key", wide_key, wide_key},
      {"a key that is too long", too_wide_key, too_wide_key},
      {"a key of two lines", "{\"a\\nb\": [1]}", "? |-\n  a\n  b\n: - 1\n"},
  };
  for (const Row& row : rows) {
    const auto value = ParseYaml(row.text);
    ASSERT_TRUE(value) << row.rule << value.error().message;
    EXPECT_EQ(EmitYaml(*value), row.want) << row.rule;
  }
}

/// go-yaml's order of keys runs in circles: whatever comes out, it must be all of the keys.
TEST(Emit, KeysWithoutAnOrder) {
  Value value = Value::Mapping();
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i * 7919 % 1000);
    for (const char* form : {"", "a", "-", "a-1"}) value[number + form] = i;
  }
  const auto again = ParseYaml(EmitYaml(value));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, value);
}

TEST(Emit, Options) {
  const auto tree = ParseYaml("b:\n- 1\n- c: 2\n  d: 3\na:\n  e: 4\n");
  ASSERT_TRUE(tree);
  EXPECT_EQ(EmitYaml(*tree, {.sort_keys = false}), "b:\n- 1\n- c: 2\n  d: 3\na:\n  e: 4\n");
  EXPECT_EQ(EmitYaml(*tree, {.indent_sequences = true}), "a:\n  e: 4\nb:\n  - 1\n  - c: 2\n    d: 3\n");
  EXPECT_EQ(EmitYaml(*tree, {.indent = 4}), "a:\n    e: 4\nb:\n- 1\n-   c: 2\n    d: 3\n");
  Value text;
  text["k"] = std::string(50, 'a') + " " + std::string(50, 'b') + " c";
  EXPECT_EQ(EmitYaml(text, {.width = -1}), "k: " + std::string(50, 'a') + " " + std::string(50, 'b') + " c\n");
}

}  // namespace
}  // namespace sluice::document
