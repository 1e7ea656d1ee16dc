// The language, compared with cel-go: testdata/cel/cases.tsv holds what cel-go answered. What we do on purpose otherwise is in kOurs.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "document/json.h"
#include "rollout/cel/expression.h"
#include "tests/rollout/cel_show.h"

namespace sluice::rollout::cel {
namespace {

struct Case {
  std::string mode, expression, want;
  int line = 0;
};

std::string DataPath(const std::string& name) { return std::string(SLUICE_SOURCE_DIR) + "/tests/rollout/testdata/cel/" + name; }

std::string TextOf(const std::string& json) {
  const auto value = document::ParseJson(json);
  EXPECT_TRUE(value) << json;
  return value ? std::string(value->AsString().value_or("")) : "";
}

std::vector<Case> Cases() {
  std::ifstream in(DataPath("cases.tsv"));
  std::vector<Case> out;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("#")) continue;
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    out.push_back({line.substr(0, first), TextOf(line.substr(first + 1, second - first - 1)), TextOf(line.substr(second + 1)), number});
  }
  return out;
}

document::Value Object() {
  std::ifstream in(DataPath("object.json"));
  std::stringstream text;
  text << in.rdbuf();
  auto value = document::ParseJson(text.str());
  EXPECT_TRUE(value) << value.error().message;
  return *std::move(value);
}

/// Where our answer is another one, and why.
struct Ours {
  const char *expression, *answer, *why;
};
constexpr Ours kOurs[] = {
    {"optional.of(1).optMap(x, optional.of(x))", "optional(optional(1))", "cel-go's conditional unwraps one of the two"},
    {"'%f'.format([1])", "\"1.000000\"", "v0.26 prints Go's complaint; later versions convert"},
    {"'%f'.format([1u])", "\"1.000000\"", "as above"},
    {"'%e'.format([1])", "\"1.000000e+00\"", "as above"},
};
/// ANTLR goes on after an error and reports others that follow from it; we say the first (the text up to the second ERROR).
constexpr const char* kOneError[] = {"foo.in", "a ?: b", "in", "1 in in"};

std::string Wanted(const std::string& expression, const std::string& want) {
  for (const Ours& ours : kOurs) {
    if (ours.expression == expression) return ours.answer;
  }
  for (const char* one : kOneError) {
    if (one == expression) return want.substr(0, want.find("\nERROR"));
  }
  return want;
}

std::string After(const std::string& text, const std::string& prefix) { return text.substr(prefix.size()); }

/// In the oracle's form.
std::string Answer(const Case& row, const document::Value& object) {
  const bool checked = row.mode == "check";
  const auto expression = checked ? Expression::Check(row.expression, {"self", "dep"}) : Expression::Parse(row.expression);
  if (!expression) {
    const std::string& message = expression.error().message;
    const std::string parsing = "failed to parse the CEL expression '" + row.expression + "': ",
                      planning = "failed to create CEL program: ";
    if (message.starts_with(parsing)) return "parse error: " + After(message, parsing);
    return "program error: " + After(message, planning);
  }
  const Activation none, fields(object), both({{"self", &object}, {"dep", &object}});
  const std::string answer = Show(expression->Evaluate(checked ? both : row.mode == "object" ? fields : none));
  return checked ? answer + " :: " + expression->type() : answer;
}

TEST(Cel, AnswersAsCelGoDoes) {
  const document::Value object = Object();
  const std::vector<Case> cases = Cases();
  EXPECT_GT(cases.size(), 1000U);
  for (const Case& row : cases)
    EXPECT_EQ(Answer(row, object), Wanted(row.expression, row.want))
        << "cases.tsv:" << row.line << ": " << row.mode << " " << row.expression;
}

}  // namespace
}  // namespace sluice::rollout::cel
