// What commands print of objects.
#include "cli/shown.h"

#include <gtest/gtest.h>

#include "cli/events.h"
#include "cli/logs.h"
#include "cli/table.h"
#include "cli/trace.h"
#include "cli/tree.h"
#include "cli/waiting.h"
#include "document/json.h"
#include "document/yaml.h"

namespace sluice::cli {
namespace {

using document::Value;

Value Yaml(std::string_view text) { return *document::ParseYaml(text); }

TEST(Table, PadsByCharacters) { EXPECT_EQ(FormatTable({{"NAME", "MESSAGE"}, {"größe", "a"}, {"b", ""}}), "NAME   MESSAGE\ngröße  a\nb\n"); }

TEST(Table, Ages) {
  struct Row {
    long long seconds;
    std::string_view want;
  };
  constexpr Row kRows[] = {{-5, "0s"},   {0, "0s"},      {59, "59s"},     {61, "1m1s"},
                           {600, "10m"}, {3660, "1h1m"}, {90000, "1d1h"}, {86400LL * 12 + 3600, "12d"}};
  for (const Row& row : kRows) EXPECT_EQ(FormatAge(row.seconds), row.want);
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(5.0 * 1024 * 1024), "5.0 MiB");
}

TEST(Readiness, IsWhatTheFluxCommandSays) {
  struct Row {
    std::string_view object, status, message;
  };
  constexpr Row kRows[] = {
      {"{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization}", "False", "waiting to be reconciled"},
      {"{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, status: {conditions: [{type: Ready, status: 'True', message: "
       "\"a\\nb\"}]}}",
       "True", "a"},
      {"{kind: Kustomization, status: {conditions: [{type: Ready, status: Unknown, message: a}, {type: Reconciling, status: 'True', "
       "message: b}]}}",
       "Unknown", "b"},
      {"{apiVersion: notification.toolkit.fluxcd.io/v1beta3, kind: Alert}", "True", "Alert is Ready"},
      {"{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, spec: {type: oci}}", "True", "Helm repository is Ready"},
  };
  for (const Row& row : kRows) {
    const Readiness ready = ReadinessOf(Yaml(row.object));
    EXPECT_EQ(ready.status, row.status) << row.object;
    EXPECT_EQ(ready.message, row.message) << row.object;
  }
}

TEST(StatusSelector, AsTheFluxCommandReadsIt) {
  const Value object = Yaml(
      "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, status: {conditions: [{type: Ready, status: 'True'}, "
      "{type: Healthy, status: Unknown}]}}");
  struct Row {
    std::string text;
    std::string_view want;
  };
  const Row kRows[] = {
      {"", "selected"},
      {"ready=true", "selected"},
      {"READY=True", "selected"},
      {"ready=false", "left out"},
      {"ready!=true", "left out"},
      {"Ready!=False", "selected"},
      {"healthy=unknown", "selected"},
      {"healthy!=true", "selected"},
      {"stalled=true", "left out"},
      {"stalled!=true", "selected"},
      {"ready", "--status-selector: \"ready\" is not type=status or type!=status, such as ready=false"},
      {"=true", "--status-selector: \"=true\" is not type=status or type!=status, such as ready=false"},
      {"!=true", "--status-selector: \"!=true\" is not type=status or type!=status, such as ready=false"},
      {"ready!=", "--status-selector: \"ready!=\" is not type=status or type!=status, such as ready=false"},
      {"ready=", "--status-selector: \"ready=\" is not type=status or type!=status, such as ready=false"},
  };
  for (const Row& row : kRows) {
    const auto selector = ParseStatusSelector(row.text);
    const std::string said = !selector ? selector.error().message : Selects(*selector, object) ? "selected" : "left out";
    EXPECT_EQ(said, row.want) << row.text;
  }
  EXPECT_TRUE(Selects(*ParseStatusSelector("ready!=true"), Yaml("{kind: Kustomization}"))) << "without any condition";
}

TEST(Waiting, Verdicts) {
  const auto say = [](const Verdict& verdict) { return !verdict ? "waits" : *verdict ? **verdict : "failed: " + verdict->error().message; };
  struct Row {
    std::string_view status, of_request, of_generation;
  };
  constexpr Row kRows[] = {
      {"{observedGeneration: -1}", "waits", "waits"},
      {"{observedGeneration: 2, lastHandledReconcileAt: t, conditions: [{type: Ready, status: 'True', message: done, observedGeneration: "
       "2}]}",
       "done", "done"},
      {"{observedGeneration: 1, lastHandledReconcileAt: s, conditions: [{type: Ready, status: 'True', message: done, observedGeneration: "
       "1}]}",
       "waits", "waits"},
      {"{observedGeneration: 2, lastHandledReconcileAt: t, conditions: [{type: Ready, status: Unknown, message: m, observedGeneration: "
       "2}]}",
       "waits", "waits"},
      {"{observedGeneration: 2, lastHandledReconcileAt: t, conditions: [{type: Ready, status: 'True', message: old, observedGeneration: "
       "2}, {type: Reconciling, status: "
       "'True'}]}",
       "waits", "waits"},
      {"{observedGeneration: 1, lastHandledReconcileAt: t, conditions: [{type: Ready, status: 'False', message: no, observedGeneration: "
       "2}, {type: Reconciling, status: "
       "'True'}]}",
       "failed: no", "failed: no"},
  };
  for (const Row& row : kRows) {
    Value object = Yaml("{metadata: {generation: 2}}");
    object.Set("status", Yaml(row.status));
    EXPECT_EQ(say(VerdictOfRequest(object, "t")), row.of_request) << row.status;
    EXPECT_EQ(say(VerdictOfGeneration(object)), row.of_generation) << row.status;
  }
}

TEST(Export, KeepsWhatBelongsIntoGit) {
  EXPECT_EQ(document::EmitJson(Exported(Yaml("{apiVersion: a/v1, kind: K, metadata: {name: n, namespace: s, uid: u, labels: {a: b}, "
                                             "annotations: {}}, spec: {x: 1}, status: {}}"))),
            R"({"apiVersion":"a/v1","kind":"K","metadata":{"name":"n","namespace":"s","labels":{"a":"b"}},"spec":{"x":1}})");
}

TEST(Stats, Counts) {
  const FluxKind kinds[] = {*FindKind("source.toolkit.fluxcd.io", "GitRepository"),
                            *FindKind("kustomize.toolkit.fluxcd.io", "Kustomization")};
  const std::vector<Value> objects = {
      Yaml("{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, status: {artifact: {size: 1024}}}"),
      Yaml("{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, spec: {suspend: true}, status: {artifact: {size: 512}}}"),
      Yaml("{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, status: {conditions: [{type: Ready, status: 'False'}]}}"),
      Yaml("{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, status: {conditions: [{type: Released, status: 'False'}]}}")};
  EXPECT_EQ(FormatTable(StatsTable(kinds, objects)),
            "RECONCILERS    RUNNING  FAILING  SUSPENDED  STORAGE\nGitRepository  1        0        1          1.5 KiB\nKustomization  1    "
            "    1        0          -\n");
  EXPECT_EQ(
      FormatTable(StatsTable(std::span(FindKind("helm.fluxcd.io", "HelmRelease"), 1), objects)),
      "RECONCILERS                 RUNNING  FAILING  SUSPENDED  STORAGE\nHelmRelease.helm.fluxcd.io  1        1        0          -\n");
  EXPECT_EQ(StatsTable(std::span(FindKind("helm.fluxcd.io", "HelmRelease"), 1), {}).size(), 1u) << "nobody has to know of it";
}

TEST(Tree, LinesAndValues) {
  const Tree tree{{"g", "K", "ns", "root"}, {{{"", "A", "ns", "a"}, {{{"", "B", "", "b"}, {}}}}, {{"", "C", "", "c"}, {}}}};
  EXPECT_EQ(PrintTree(tree), "K/ns/root\n├── A/ns/a\n│   └── B/b\n└── C/c\n");
  EXPECT_EQ(document::EmitJson(TreeValue(tree.children[0])),
            R"({"resource":{"Namespace":"ns","Name":"a","GroupKind":{"Group":"","Kind":"A"}},"resources":[)"
            R"({"resource":{"Namespace":"","Name":"b","GroupKind":{"Group":"","Kind":"B"}}}]})");
}

TEST(Trace, Text) {
  const Value object = Yaml("{kind: Deployment, metadata: {name: web, namespace: shop}}");
  const Value owner = Yaml(
      "{kind: Kustomization, metadata: {name: apps, namespace: flux}, spec: {path: ./apps}, status: {lastAppliedRevision: 'main@sha1:1', "
      "conditions: [{type: Ready, status: "
      "'True', message: Applied, lastTransitionTime: '2026-01-31T12:00:00Z'}]}}");
  const Value source = Yaml(
      "{kind: GitRepository, metadata: {name: fleet, namespace: flux}, spec: {url: 'https://x', ref: {branch: main}}, status: {artifact: "
      "{revision: 'main@sha1:1'}}}");
  EXPECT_EQ(
      TraceText(object, owner, {source}),
      "\nObject:          Deployment/web\nNamespace:       shop\nStatus:          Managed by Flux\n---\n"
      "Kustomization:   apps\nNamespace:       flux\nPath:            ./apps\nRevision:        main@sha1:1\n"
      "Status:          Last reconciled at 2026-01-31T12:00:00Z\nMessage:         Applied\n---\n"
      "GitRepository:   fleet\nNamespace:       flux\nURL:             https://x\nBranch:          main\nRevision:        main@sha1:1\n"
      "Status:          Unknown\n");
}

TEST(Trace, OfAChart) {
  const Value object = Yaml("{kind: Deployment, metadata: {name: web, namespace: shop}}");
  const Value owner = Yaml("{kind: HelmRelease, metadata: {name: web, namespace: shop}, status: {history: [{chartVersion: 1.2.0}]}}");
  const Value chart = Yaml(
      "{kind: HelmChart, metadata: {name: shop-web, namespace: shop}, spec: {chart: web, version: '1.x'}, status: {artifact: {revision: "
      "1.2.0}}}");
  EXPECT_EQ(TraceText(object, owner, {chart}),
            "\nObject:          Deployment/web\nNamespace:       shop\nStatus:          Managed by Flux\n---\n"
            "HelmRelease:     web\nNamespace:       shop\nRevision:        1.2.0\nStatus:          Unknown\n---\n"
            "HelmChart:       shop-web\nNamespace:       shop\nChart:           web\nVersion:         1.x\nRevision:        1.2.0\n"
            "Status:          Unknown\n");
}

TEST(Suspended, BySpecOrAnnotation) {
  struct Row {
    std::string_view object;
    bool want;
  };
  constexpr Row kRows[] = {
      {"{kind: Kustomization, spec: {suspend: true}}", true},
      {"{kind: Kustomization, spec: {suspend: false}}", false},
      {"{kind: Kustomization}", false},
      {"{kind: ArtifactGenerator, metadata: {annotations: {source.extensions.fluxcd.io/reconcile: disabled}}}", true},
      {"{kind: ArtifactGenerator, metadata: {annotations: {source.extensions.fluxcd.io/reconcile: Disabled}}}", true},
      {"{kind: ArtifactGenerator, metadata: {annotations: {source.extensions.fluxcd.io/reconcile: enabled}}}", false},
      {"{kind: ArtifactGenerator, spec: {suspend: true}}", false},
      {"{kind: Kustomization, metadata: {annotations: {source.extensions.fluxcd.io/reconcile: disabled}}}", false},
  };
  for (const Row& row : kRows) EXPECT_EQ(IsSuspended(Yaml(row.object)), row.want) << row.object;
}

TEST(Events, FilterAndRow) {
  const Value event = Yaml(
      "{metadata: {namespace: flux}, involvedObject: {apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, name: app, "
      "namespace: flux}, type: Warning, reason: "
      "BuildFailed, message: \"a\\nb\\n\", count: 3, firstTimestamp: '2026-01-31T12:00:00Z', lastTimestamp: '2026-01-31T12:01:00Z'}");
  EXPECT_TRUE(Shown(event, {}));
  EXPECT_TRUE(Shown(event, {.about = {}, .types = {"warning"}}));
  EXPECT_FALSE(Shown(event, {.about = {}, .types = {"Normal"}}));
  EXPECT_TRUE(Shown(event, {.about = {{"Kustomization", "", "app"}}, .types = {}}));
  EXPECT_FALSE(Shown(event, {.about = {{"Kustomization", "shop", ""}}, .types = {}}));
  EXPECT_FALSE(Shown(Yaml("{involvedObject: {apiVersion: v1, kind: Pod}}"), {}));
  const Row row = EventRow(event, true, *base::ParseRfc3339("2026-01-31T12:02:00Z"));
  EXPECT_EQ(row, (Row{"flux", "1m (x3 over 2m)", "Warning", "BuildFailed", "Kustomization/app", "a b"}));
}

TEST(Logs, LinesOfControllers) {
  constexpr std::string_view kOurs =
      R"({"ts":"T","level":"info","msg":"reconciliation finished","controllerKind":"Kustomization","namespace":"flux","name":"app","revision":"r"})";
  constexpr std::string_view kTheirs =
      R"({"level":"error","ts":"T","msg":"m","reconciler kind":"HelmRelease","name":"r","namespace":"s","error":"e"})";
  EXPECT_EQ(FormatLogLine(kOurs, {}), "T info Kustomization/app.flux - reconciliation finished");
  EXPECT_EQ(FormatLogLine(kTheirs, {}), "T error HelmRelease/r.s - m e");
  EXPECT_EQ(FormatLogLine(kOurs, {.level = "error"}), std::nullopt);
  EXPECT_EQ(FormatLogLine(kOurs, {.level = "", .kind = "kustomization", .name = "app", .ns = "flux"}),
            "T info Kustomization/app.flux - reconciliation finished");
  EXPECT_EQ(FormatLogLine(kOurs, {.level = "", .kind = "", .name = "", .ns = "shop"}), std::nullopt);
  EXPECT_EQ(FormatLogLine("no json", {}), std::nullopt);
  EXPECT_EQ(FormatLogLine("{broken", {}), std::nullopt);
  EXPECT_EQ(ConsoleLine(std::string(kTheirs) + "\n"),
            "T\terror\tm\t{\"reconciler kind\":\"HelmRelease\",\"name\":\"r\",\"namespace\":\"s\",\"error\":\"e\"}\n");
  EXPECT_EQ(ConsoleLine("{\"ts\":\"T\",\"level\":\"info\",\"msg\":\"starting\"}\n"), "T\tinfo\tstarting\n");
  EXPECT_EQ(ConsoleLine("text\n"), "text\n");
}

}  // namespace
}  // namespace sluice::cli
