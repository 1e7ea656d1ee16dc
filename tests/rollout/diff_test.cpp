#include "rollout/diff.h"

#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;

std::string Diff(const std::string& before, const std::string& after, DiffOptions options = {}) {
  const Value left = Yaml(before), right = Yaml(after);
  return RenderDiff(DiffObjects(&left, &right, options));
}

TEST(Diff, TellsWhatChanged) {
  struct Row {
    std::string_view rule, before, after, want;
  };
  constexpr Row kRows[] = {
      {"nothing", "a: 1", "a: 1.0", ""},
      {"a null is nothing", "{a: 1, b: null}", "a: 1", ""},
      {"a value", "spec: {replicas: 1}", "spec: {replicas: 3}", "  spec.replicas\n- 1\n+ 3\n"},
      {"its type", "a: 1", "a: \"1\"", "  a\n- 1\n+ \"1\"\n"},
      {"added", "spec: {}", "spec: {a: {b: 1, c: [x]}}", "  spec.a\n+ b: 1\n+ c:\n+ - x\n"},
      {"removed", "spec: {a: {b: 1}, d: 2}", "spec: {d: 2}", "  spec.a\n- b: 1\n"},
      {"keys with dots", "metadata: {annotations: {a.b/c: x}}", "metadata: {annotations: {a.b/c: z}}",
       "  metadata.annotations[a.b/c]\n- x\n+ z\n"},
      {"an item by its name", "c: [{name: a, image: x:1}, {name: b, image: y:1}]", "c: [{name: a, image: x:2}, {name: b, image: y:1}]",
       "  c[name=a].image\n- x:1\n+ x:2\n"},
      {"an item more", "c: [{name: a}]", "c: [{name: a}, {name: b, v: 1}]", "  c[name=b]\n+ name: b\n+ v: 1\n"},
      {"an item less", "c: [{name: b}, {name: a}]", "c: [{name: a}]", "  c[name=b]\n- name: b\n"},
      {"items in another order", "c: [{name: a}, {name: b}]", "c: [{name: b}, {name: a}]", "  c (order)\n- - a\n+ - a\n"},
      {"items told apart by position", "c: [{v: 1}, {v: 1}]", "c: [{v: 1}, {v: 2}, {v: 3}]", "  c[1].v\n- 1\n+ 2\n  c[2]\n+ v: 3\n"},
      {"one value of a list", "args: [a, b, c]", "args: [a, x, c]", "  args\n- - b\n+ - x\n"},
      {"a line of a text", "data: {f: \"a\\nb\\nc\\n\"}", "data: {f: \"a\\nB\\nc\\nd\\n\"}", "  data.f\n- b\n+ B\n+ d\n"},
      {"a mapping becomes a value", "a: {b: 1}", "a: x", "  a\n- b: 1\n+ x\n"},
      {"what the server keeps for itself",
       "{metadata: {name: a, resourceVersion: \"1\", uid: x, generation: 1, creationTimestamp: \"2026-01-01T00:00:00Z\", managedFields: "
       "[]}, status: {a: 1}}",
       "metadata: {name: a}", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(Diff(std::string(row.before), std::string(row.after)), row.want) << row.rule;
}

TEST(Diff, CreatedAndDeleted) {
  const Value object = Yaml("{apiVersion: v1, kind: Secret, metadata: {name: a, uid: x}, data: {p: c2VjcmV0}, status: {}}");
  EXPECT_EQ(RenderDiff(DiffObjects(nullptr, &object)),
            "+ apiVersion: v1\n+ data:\n+   p: '***'\n+ kind: Secret\n+ metadata:\n+   name: a\n");
  EXPECT_EQ(RenderDiff(DiffObjects(&object, nullptr)),
            "- apiVersion: v1\n- data:\n-   p: '***'\n- kind: Secret\n- metadata:\n-   name: a\n");
  EXPECT_EQ(RenderDiff(DiffObjects(nullptr, nullptr)), "");
}

TEST(Diff, SecretsStaySecret) {
  const std::string head = "apiVersion: v1\nkind: Secret\n";
  struct Row {
    std::string_view rule, before, after, want;
  };
  constexpr Row kRows[] = {
      {"changed", "data: {p: c2VjcmV0, q: cQ==}", "data: {p: b3RoZXI=, q: cQ==}", "  data.p\n- ***\n+ ***\n"},
      {"added", "data: {p: c2VjcmV0}", "data: {p: c2VjcmV0, q: cQ==}", "  data.q\n+ ***\n"},
      {"all of it", "metadata: {name: a}", "metadata: {name: a}\ndata: {p: c2VjcmV0}", "  data\n+ p: '***'\n"},
      {"stringData", "stringData: {p: a}", "stringData: {p: b}", "  stringData.p\n- ***\n+ ***\n"},
      {"a copy in an annotation", "metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: a}}",
       "metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: b}}",
       "  metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]\n- ***\n+ ***\n"},
      {"other fields are no secret", "type: a\nmetadata: {labels: {x: a}}", "type: b\nmetadata: {labels: {x: b}}",
       "  metadata.labels.x\n- a\n+ b\n  type\n- a\n+ b\n"},
      {"a key with a dot", "data: {a.b: c2VjcmV0}", "data: {a.b: b3RoZXI=}", "  data[a.b]\n- ***\n+ ***\n"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Diff(head + std::string(row.before), head + std::string(row.after)), row.want) << row.rule;
  EXPECT_EQ(Diff("{apiVersion: v1, kind: ConfigMap, data: {p: a}}", "{apiVersion: v1, kind: ConfigMap, data: {p: b}}"),
            "  data.p\n- a\n+ b\n");
}

TEST(Diff, LongValuesAreCut) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "line " + std::to_string(i) + "\\n";
  DiffOptions options;
  options.max_value_lines = 2;
  EXPECT_EQ(Diff("data: {f: x}", "data: {f: \"" + text + "\"}", options), "  data.f\n- x\n+ line 0\n+ line 1\n+ (8 more lines)\n");
}

}  // namespace
}  // namespace sluice::rollout
