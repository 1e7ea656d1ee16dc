// Expectations by sigs.k8s.io/yaml v1.6 (yaml.go), which Flux reads YAML with, and by what flux v2.9.5 prints.
#include "document/go_struct.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::document {
namespace {

using What = GoType::What;
constexpr GoType kText{What::Text}, kPure{What::PureText}, kFlag{What::Flag}, kInteger{What::Integer}, kDuration{What::Duration},
    kTime{What::Time}, kAny{};
constexpr GoType kTexts{What::List, &kText}, kPairs{What::Map, &kText};
constexpr GoField kFields[] = {{"text", &kText},   {"pure", &kPure},         {"flag", &kFlag}, {"count", &kInteger}, {"texts", &kTexts},
                               {"pairs", &kPairs}, {"interval", &kDuration}, {"at", &kTime},   {"any", &kAny}};
constexpr GoType kStruct{What::Struct, nullptr, kFields};

Value Yaml11(std::string_view text) {
  YamlOptions options;
  options.resolver = Resolver::Yaml11;
  options.duplicate_keys = DuplicateKeys::LastWins;
  return *ParseYaml(text, options);
}

struct Row {
  std::string_view rule, text, want;
};

TEST(GoStruct, ReadsAsGoDoes) {
  constexpr Row kRows[] = {
      {"nothing", "{}", "{}\n"},
      {"unknown fields", "{other: 1, text: a}", "text: a\n"},
      {"names in any case, the last by key", "{TEXT: a, Text: b}", "text: b\n"},
      {"an integer", "text: 1_000", "text: \"1000\"\n"},
      {"octal", "text: 010", "text: \"8\"\n"},
      {"a float", "text: 1.20", "text: \"1.2\"\n"},
      {"a large integer", "text: 18446744073709551615", "text: \"18446744073709551615\"\n"},
      {"infinity", "text: .inf", "text: +Inf\n"},
      {"a boolean of YAML 1.1", "text: yes", "text: \"true\"\n"},
      {"a date", "text: 2024-01-01", "text: \"2024-01-01\"\n"},
      {"null is nothing", "{text: null, texts: ~, pairs: null, flag: null}", "{}\n"},
      {"null in a list and in a map", "{texts: [null, 5], pairs: {a: null, b: off}}",
       "texts:\n- \"\"\n- \"5\"\npairs:\n  a: \"\"\n  b: \"false\"\n"},
      {"keys", "pairs: {n: x, 1.50: z}", "pairs:\n  \"1.5\": z\n  \"false\": x\n"},
      {"a whole float is an integer", "count: 5.0", "count: 5\n"},
      {"a duration", "interval: 1h30m", "interval: 1h30m\n"},
      {"anything", "any: {yes: [1, {2: a}]}", "any:\n  \"true\":\n  - 1\n  - \"2\": a\n"},
      {"a list for a text", "text: [a]", "error: 1:7: text: want a string, found a list"},
      {"a number for a pure text", "pure: 5", "error: 1:7: pure: want a string, found a number"},
      {"a text for a flag", "flag: 'true'", "error: 1:7: flag: want true or false, found a string"},
      {"a fraction for an integer", "count: 1.5", "error: 1:8: count: want a whole number, found a number"},
      {"a text for a list", "texts: a", "error: 1:8: texts: want a list, found a string"},
      {"an item", "texts: [a, {}]", "error: 1:12: texts[1]: want a string, found a map"},
      {"a list for a map", "pairs: []", "error: 1:8: pairs: want a map, found a list"},
      {"no map at all", "[]", "error: 1:1: want a map, found a list"},
      {"no duration", "interval: soon", "error: 1:11: interval: want a duration such as 10m or 1h30m, found a string"},
      {"a number for a duration", "interval: 5", "error: 1:11: interval: want a string, found a number"},
      {"no time", "at: soon", "error: 1:5: at: want a time such as 2006-01-02T15:04:05Z, found a string"},
  };
  for (const Row& row : kRows) {
    const auto read = ReadAsGo(Yaml11(row.text), kStruct);
    EXPECT_EQ(read ? EmitYaml(*read, {.sort_keys = false}) : "error: " + read.error().message, row.want) << row.rule;
  }
}

TEST(GoStruct, AnObjectIsTakenAsItIs) {
  EXPECT_EQ(ReadAsGo(Yaml11("text: 5"), kStruct, "k", GoInput::Object).error().message, "1:7: k.text: want a string, found a number");
  EXPECT_EQ(EmitYaml(*ReadAsGo(Yaml11("{Text: a, text: b}"), kStruct, "", GoInput::Object)), "text: b\n");
  EXPECT_EQ(EmitYaml(*ReadAsGo(Yaml11("{Text: a}"), kStruct, "", GoInput::Object)), "{}\n");
}

TEST(GoStruct, JsonHasOnlyTextForKeysAndFiniteNumbers) {
  constexpr Row kRows[] = {
      {"integers", "{0: a, 0x1F: b, 1_000: c}", "\"0\": a\n\"31\": b\n\"1000\": c\n"},
      {"floats, of 32 bits", "{1.20: a, 1e3: b, 16777217.5: c}", "\"1.2\": a\n\"1.6777218e+07\": c\n\"1000\": b\n"},
      {"booleans", "{yes: a, Off: b}", "\"false\": b\n\"true\": a\n"},
      {"the last of two", "{0: a, '0': b}", "\"0\": b\n"},
      {"deep down", "a: [{b: {1: x}}]", "a:\n- b:\n    \"1\": x\n"},
      {"infinity", "a: [-.inf]", "error: -.inf is no number of JSON"},
      {"no number", "a: .NaN", "error: .NaN is no number of JSON"},
  };
  for (const Row& row : kRows) {
    Value value = Yaml11(row.text);
    const auto done = MakeJsonable(value);
    EXPECT_EQ(done ? EmitYaml(value) : "error: " + done.error().message, row.want) << row.rule;
  }
}

}  // namespace
}  // namespace sluice::document
