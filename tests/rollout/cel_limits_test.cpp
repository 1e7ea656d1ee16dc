// What an expression may cost: hostile ones are refused or end with an error, in little time and memory.
#include <gtest/gtest.h>

#include "rollout/cel/expression.h"
#include "tests/rollout/cel_show.h"

namespace sluice::rollout::cel {
namespace {

std::string Evaluated(const std::string& text) {
  const auto expression = Expression::Parse(text);
  return expression ? Show(expression->Evaluate({})) : expression.error().message;
}

std::string Repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

constexpr const char* kOverBudget = "error: operation cancelled: actual cost limit exceeded";

TEST(CelLimits, Size) {
  EXPECT_EQ(
      Evaluated(Repeated(" ", 100'001)),
      "failed to parse the CEL expression: ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000");
  EXPECT_EQ(Evaluated("'" + Repeated("x", 99'000) + "'.size()"), "99000");
}

TEST(CelLimits, DepthOfEveryKind) {
  const std::string too_deep = "': ERROR: <input>:-1:0: expression recursion limit exceeded: 250";
  for (const std::string& text :
       {Repeated("(", 50'000), Repeated("[", 50'000), Repeated("{1:", 20'000), Repeated("f(", 40'000), "a" + Repeated(".a", 40'000),
        "a" + Repeated("[0]", 30'000), "1" + Repeated("+1", 40'000), "1" + Repeated("<1", 40'000), "a" + Repeated(".f()", 20'000),
        Repeated("true ? 1 : ", 8'000) + "1", Repeated("-(", 40'000), Repeated("!(", 40'000), "a" + Repeated(".?a", 30'000)}) {
    const std::string answer = Evaluated(text);
    EXPECT_TRUE(answer.ends_with(too_deep)) << text.substr(0, 20) << ": "
                                            << answer.substr(answer.size() - std::min<std::size_t>(200, answer.size()));
  }
  EXPECT_EQ(Evaluated("true" + Repeated(" && true", 10'000)), "true");
  EXPECT_EQ(Evaluated(Repeated("(", 200) + "1" + Repeated(")", 200)), "1");
}

TEST(CelLimits, CopiesOfMacros) {
  const std::string answer = Evaluated("a" + Repeated(".optMap(x, x)", 60));
  EXPECT_TRUE(answer.find("expression too large") != std::string::npos || answer.find("recursion limit") != std::string::npos)
      << answer.substr(0, 200);
}

TEST(CelLimits, Cost) {
  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  const std::string sixth =
      ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, " + ten + ".all(d, " + ten + ".all(e, " + ten + ".all(f, true))))))";
  EXPECT_EQ(Evaluated(sixth), kOverBudget);
  EXPECT_EQ(Evaluated("true || " + sixth), "true");
  EXPECT_EQ(Evaluated(sixth + " || true"), kOverBudget) << "nothing absorbs it";
  EXPECT_EQ(Evaluated("[1].exists(x, " + sixth + ") || true"), kOverBudget);
}

TEST(CelLimits, TextsThatGrow) {
  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  std::string doubled = "'0123456789'";
  for (int i = 0; i < 40; ++i) doubled = "[" + doubled + "].map(x, x + x)[0]";
  EXPECT_EQ(Evaluated(doubled), kOverBudget);
  std::string replaced = "'0123456789'";
  for (int i = 0; i < 20; ++i) replaced += ".replace('', '0123456789')";
  EXPECT_EQ(Evaluated(replaced), kOverBudget);
  std::string joined = "'x'";
  for (int i = 0; i < 20; ++i) joined = "[" + joined + "].map(x, [x, x, x, x, x, x, x, x].join(x))[0]";
  EXPECT_EQ(Evaluated(joined), kOverBudget);
  std::string formatted = "'x'";
  for (int i = 0; i < 20; ++i) formatted = "[" + formatted + "].map(x, '%s%s%s%s%s%s%s%s'.format([x, x, x, x, x, x, x, x]))[0]";
  EXPECT_TRUE(Evaluated(formatted) == kOverBudget || Evaluated(formatted) == "error: the formatted text is too long")
      << Evaluated(formatted);
}

TEST(CelLimits, Patterns) {
  EXPECT_EQ(Evaluated("'a'.matches('" + Repeated("a", 5000) + "')"),
            "failed to create CEL program: error parsing regexp: expression too large");
  EXPECT_EQ(Evaluated("'a'.matches('((a{100}){100}){100}')"),
            "failed to create CEL program: error parsing regexp: invalid repeat count: `{100}`");
  EXPECT_EQ(Evaluated("'" + Repeated("a", 5000) + "b'.matches('(a*)*c')"), "false");
  EXPECT_EQ(Evaluated("'" + Repeated("a", 5000) + "'.matches('(' + 'x')"), "error: error parsing regexp: missing closing ): `(x`");
}

TEST(CelLimits, Precision) {
  EXPECT_EQ(Evaluated("'%.101f'.format([1.0])"),
            "error: could not parse formatting clause: error while parsing precision: precision 101 exceeds maximum allowed precision 100");
}

}  // namespace
}  // namespace sluice::rollout::cel
