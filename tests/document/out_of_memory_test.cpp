// Threats R32: readers and writers of documents where any one allocation fails.
#include "document/json.h"
#include "document/merge_patch.h"
#include "document/yaml.h"
#include "tests/base/failing_new.h"

namespace sluice::document {
namespace {

using sluice::testing::FailEachAllocation;

constexpr std::string_view kYaml = R"(# of a Deployment
apiVersion: apps/v1
kind: Deployment
metadata: &meta {name: "web", labels: {app: web, "on": 'yes'}}
spec:
  <<: {replicas: 3, paused: no}
  selector: *meta
  text: |
    several
    lines
  folded: >-
    one line
    of two
  scalars: [1, 2.5, 0x1f, ~, 2026-01-31T12:00:00Z, !!binary aGk=]
---
second: {}
)";
constexpr std::string_view kJson =
    R"({"kind": "List", "items": [{"a": "\u00e4\n", "b": [1, 1e3, true, null]}, {"long": "0123456789012345678901234567890"}]})";

template <class T>
std::string Error(const base::Result<T>& result) {
  return "error: " + result.error().message;
}

TEST(OutOfMemory, R32_Yaml) {
  const long allocations = FailEachAllocation([]() -> std::string {
    const auto parsed = ParseYamlStream(kYaml);
    if (!parsed) return Error(parsed);
    std::string out;
    for (const Value& document : *parsed) out += EmitYaml(document);
    return out;
  });
  EXPECT_GT(allocations, 50);
}

TEST(OutOfMemory, R32_Json) {
  const long allocations = FailEachAllocation([]() -> std::string {
    const auto parsed = ParseJson(kJson);
    if (!parsed) return Error(parsed);
    return EmitJson(*parsed) + EmitYaml(*parsed);
  });
  EXPECT_GT(allocations, 20);
}

TEST(OutOfMemory, R32_MergePatches) {
  const Value before = *ParseJson(kJson);
  const Value after = *ParseJson(R"({"kind": "List", "items": [], "more": {"deep": {"er": [1, 2, 3]}}})");
  FailEachAllocation([&] {
    const Value patch = CreateMergePatch(before, after);
    return EmitJson(patch);
  });
}

}  // namespace
}  // namespace sluice::document
