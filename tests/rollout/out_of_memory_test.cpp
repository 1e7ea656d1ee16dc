// Threats R32: expressions where any one allocation fails.
#include "document/yaml.h"
#include "rollout/cel/expression.h"
#include "tests/base/failing_new.h"

namespace sluice::rollout::cel {
namespace {

TEST(OutOfMemory, R32_AnExpression) {
  const document::Value object =
      *document::ParseYaml("status: {conditions: [{type: Ready, status: 'True'}, {type: Other, status: 'False'}], n: 3}\n");
  const long allocations = sluice::testing::FailEachAllocation([&object]() -> std::string {
    const auto expression = Expression::CheckBoolean(
        "status.conditions.filter(c, c.type.matches('^Re.*y$')).all(c, c.status == 'True') && size(status.conditions) + 1 == status.n",
        {"status"});
    if (!expression) return "error: " + expression.error().message;
    const auto value = expression->EvaluateBoolean(Activation(object));
    return value ? (*value ? "yes" : "no") : "error: " + value.error().message;
  });
  EXPECT_GT(allocations, 50);
}

}  // namespace
}  // namespace sluice::rollout::cel
