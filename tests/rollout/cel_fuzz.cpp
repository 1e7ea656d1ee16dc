// Any text as an expression, read both ways and evaluated over an object: no crash, and an end within the budget.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "document/json.h"
#include "rollout/cel/expression.h"

namespace {

using namespace sluice;

const document::Value& Object() {
  static const document::Value kObject = *document::ParseJson(
      R"({"a": {"b": [1, 2.5, "x", null, true]}, "kind": "Widget", "status": {"conditions": [{"type": "Ready", "status": "True"}]}})");
  return kObject;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const rollout::cel::Limits limits{.max_cost = 20'000};
  if (const auto parsed = rollout::cel::Expression::Parse(text, limits)) {
    (void)parsed->Evaluate(rollout::cel::Activation(Object()));
    (void)parsed->EvaluateBoolean(rollout::cel::Activation(Object()));
  }
  if (const auto checked = rollout::cel::Expression::Check(text, {"a", "status"}, limits)) {
    const rollout::cel::Activation both({{"a", &Object()}, {"status", &Object()}});
    (void)checked->Evaluate(both);
  }
  return 0;
}
