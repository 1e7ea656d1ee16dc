// Threats R32: loading and rendering a chart where any one allocation fails.
#include "helm/helm.h"
#include "tests/base/failing_new.h"

namespace sluice::helm {
namespace {

TEST(OutOfMemory, R32_ARender) {
  const auto tree = base::MemoryFiles({
      {"Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: part, version: 1.x.x, repository: ''}]\n"},
      {"values.yaml", "replicas: 2\npart: {name: inner}\n"},
      {"values.schema.json", R"({"type": "object", "properties": {"replicas": {"type": "integer", "minimum": 1}}})"},
      {"templates/_helpers.tpl", "{{- define \"web.labels\" }}\napp: {{ .Chart.Name | quote }}\n{{- end }}\n"},
      {"templates/web.yaml",
       "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-web\n  labels: {{- include \"web.labels\" . | nindent 4 "
       "}}\n"
       "data:\n  {{- range $key, $value := dict \"a\" 1 \"b\" .Values.replicas }}\n  {{ $key }}: {{ $value | toString | quote }}\n  {{- "
       "end }}\n"},
      {"charts/part/Chart.yaml", "apiVersion: v2\nname: part\nversion: 1.2.3\n"},
      {"charts/part/templates/hook.yaml",
       "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.name }}\n  annotations: {helm.sh/hook: pre-install}\n"},
  });
  const long allocations = sluice::testing::FailEachAllocation(
      [&tree]() -> std::string {
        auto chart = LoadDirectory(*tree, ".", Dialect::Helm4);
        if (!chart) return "error: " + chart.error().message;
        const auto rendered = Render(*std::move(chart), Value(), {});
        return rendered ? PrintRelease(*rendered, {}) : "error: " + rendered.error().message;
      },
      1000);
  EXPECT_GT(allocations, 500);
}

}  // namespace
}  // namespace sluice::helm
