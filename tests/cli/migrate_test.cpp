#include "cli/migrate.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

std::string Joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

struct Row {
  std::string_view rule, before, after, changes, warnings;
};

const Row kRows[] = {
    {"only the version, comments and quotes stay",
     "# fleet\napiVersion: \"source.toolkit.fluxcd.io/v1beta2\"  # old\nkind: GitRepository\nmetadata:\n  name: fleet\nspec:\n  url: "
     "https://x # here\n",
     "# fleet\napiVersion: \"source.toolkit.fluxcd.io/v1\"  # old\nkind: GitRepository\nmetadata:\n  name: fleet\nspec:\n  url: https://x "
     "# here\n",
     "2: GitRepository/fleet: source.toolkit.fluxcd.io/v1beta2 -> source.toolkit.fluxcd.io/v1\n", ""},
    {"every group",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1beta1\nkind: Kustomization\n---\napiVersion: helm.toolkit.fluxcd.io/v2beta2\nkind: "
     "HelmRelease\n---\n"
     "apiVersion: image.toolkit.fluxcd.io/v1alpha2\nkind: ImagePolicy\n---\napiVersion: notification.toolkit.fluxcd.io/v1beta1\nkind: "
     "Alert\n---\n"
     "apiVersion: notification.toolkit.fluxcd.io/v1beta2\nkind: Receiver\n",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n---\n"
     "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\n---\napiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: "
     "Alert\n---\n"
     "apiVersion: notification.toolkit.fluxcd.io/v1\nkind: Receiver\n",
     "1: Kustomization/: kustomize.toolkit.fluxcd.io/v1beta1 -> kustomize.toolkit.fluxcd.io/v1\n"
     "4: HelmRelease/: helm.toolkit.fluxcd.io/v2beta2 -> helm.toolkit.fluxcd.io/v2\n"
     "7: ImagePolicy/: image.toolkit.fluxcd.io/v1alpha2 -> image.toolkit.fluxcd.io/v1\n"
     "10: Alert/: notification.toolkit.fluxcd.io/v1beta1 -> notification.toolkit.fluxcd.io/v1beta3\n"
     "13: Receiver/: notification.toolkit.fluxcd.io/v1beta2 -> notification.toolkit.fluxcd.io/v1\n",
     ""},
    {"what is served, newer or somebody else's stays",
     "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n---\napiVersion: source.toolkit.fluxcd.io/v2\nkind: "
     "GitRepository\n---\n"
     "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n---\napiVersion: apps/v1beta1\nkind: Deployment\n",
     "", "", ""},
    {"what it refers to",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  healthChecks:\n  - apiVersion: "
     "helm.toolkit.fluxcd.io/v2beta1\n    kind: "
     "HelmRelease\n    name: r\n",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  healthChecks:\n  - apiVersion: "
     "helm.toolkit.fluxcd.io/v2\n    kind: "
     "HelmRelease\n    name: r\n",
     "6: Kustomization/a: helm.toolkit.fluxcd.io/v2beta1 -> helm.toolkit.fluxcd.io/v2\n", ""},
    {"fields that are gone",
     "apiVersion: source.toolkit.fluxcd.io/v1beta1\nkind: GitRepository\nmetadata:\n  name: g\nspec:\n  gitImplementation: libgit2\n  # "
     "who\n  accessFrom:\n    "
     "namespaceSelectors:\n    - matchLabels: {a: b}\n\n  # where\n  url: x\n",
     "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: g\nspec:\n  # who\n\n  # where\n  url: x\n",
     "1: GitRepository/g: source.toolkit.fluxcd.io/v1beta1 -> source.toolkit.fluxcd.io/v1\n6: GitRepository/g: spec.gitImplementation "
     "removed\n"
     "8: GitRepository/g: spec.accessFrom removed\n",
     ""},
    {"one values file becomes a list",
     "apiVersion: helm.toolkit.fluxcd.io/v2beta1\nkind: HelmRelease\nmetadata: {name: r}\nspec:\n  chart:\n    spec:\n      valuesFile: "
     "./a b.yaml  # why\n---\n"
     "apiVersion: source.toolkit.fluxcd.io/v1beta2\nkind: HelmChart\nmetadata: {name: c}\nspec:\n  valuesFile: 'x # y.yaml' # z\n",
     "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r}\nspec:\n  chart:\n    spec:\n      valuesFiles: [./a "
     "b.yaml]  # why\n---\n"
     "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: c}\nspec:\n  valuesFiles: ['x # y.yaml'] # z\n",
     "1: HelmRelease/r: helm.toolkit.fluxcd.io/v2beta1 -> helm.toolkit.fluxcd.io/v2\n7: HelmRelease/r: spec.chart.spec.valuesFile -> "
     "valuesFiles\n"
     "9: HelmChart/c: source.toolkit.fluxcd.io/v1beta2 -> source.toolkit.fluxcd.io/v1\n13: HelmChart/c: spec.valuesFile -> valuesFiles\n",
     ""},
    {"strategic merge patches become texts",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1beta2\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  patchesStrategicMerge:\n  - "
     "apiVersion: v1\n    kind: ConfigMap\n    "
     "data:\n      a: b # c\n  -   apiVersion: v1\n      kind: Secret\n  prune: true\n",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  patches:\n  - patch: |\n      "
     "apiVersion: v1\n      kind: ConfigMap\n      "
     "data:\n        a: b # c\n  - patch: |\n      apiVersion: v1\n      kind: Secret\n  prune: true\n",
     "1: Kustomization/a: kustomize.toolkit.fluxcd.io/v1beta2 -> kustomize.toolkit.fluxcd.io/v1\n5: Kustomization/a: "
     "spec.patchesStrategicMerge -> patches\n",
     ""},
    {"JSON patches become texts",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1beta2\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  patchesJson6902:\n  - target: "
     "{kind: Deployment}\n    patch:\n    - op: "
     "remove\n      path: /spec\n",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  patches:\n  - target: {kind: "
     "Deployment}\n    patch: |\n      - op: "
     "remove\n        path: /spec\n",
     "1: Kustomization/a: kustomize.toolkit.fluxcd.io/v1beta2 -> kustomize.toolkit.fluxcd.io/v1\n5: Kustomization/a: spec.patchesJson6902 "
     "-> patches\n",
     ""},
    {"what cannot be done safely is said",
     "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {validation: client, patches: [], "
     "patchesStrategicMerge: [{a: b}]}\n",
     "", "",
     "4: Kustomization/a: spec.validation is gone: remove it by hand\n4: Kustomization/a: spec.patchesStrategicMerge is gone: move its "
     "entries into patches by hand\n"},
    {"an old automation",
     "apiVersion: image.toolkit.fluxcd.io/v1beta2\nkind: ImageUpdateAutomation\nmetadata: {name: i}\nspec:\n  git:\n    commit:\n      "
     "messageTemplate: |\n        {{ range .Updated.Images }}\n",
     "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageUpdateAutomation\nmetadata: {name: i}\nspec:\n  git:\n    commit:\n      "
     "messageTemplate: |\n        {{ range .Updated.Images }}\n",
     "1: ImageUpdateAutomation/i: image.toolkit.fluxcd.io/v1beta2 -> image.toolkit.fluxcd.io/v1\n",
     "7: ImageUpdateAutomation/i: spec.git.commit.messageTemplate uses .Updated, which is gone: use .Changed\n"},
    {"templates by their lines",
     "{{ if .x }}\napiVersion: source.toolkit.fluxcd.io/v1beta2\nkind: OCIRepository\nspec: {{ .y }}\n{{ end }}\n---\napiVersion: "
     "v1\nkind: Secret\n",
     "{{ if .x }}\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nspec: {{ .y }}\n{{ end }}\n---\napiVersion: v1\nkind: "
     "Secret\n",
     "2: OCIRepository: source.toolkit.fluxcd.io/v1beta2 -> source.toolkit.fluxcd.io/v1\n", ""},
    {"line ends stay, the last one may be missing", "apiVersion: source.toolkit.fluxcd.io/v1beta2\r\nkind: Bucket",
     "apiVersion: source.toolkit.fluxcd.io/v1\r\nkind: Bucket",
     "1: Bucket/: source.toolkit.fluxcd.io/v1beta2 -> source.toolkit.fluxcd.io/v1\n", ""},
    {"nothing", "", "", "", ""},
};

TEST(Migrate, Rows) {
  for (const Row& row : kRows) {
    const auto migrated = Migrate(row.before, "a.yaml");
    ASSERT_TRUE(migrated) << row.rule;
    const bool same = row.after.empty();
    EXPECT_EQ(migrated->text, same ? row.before : row.after) << row.rule;
    EXPECT_EQ(Joined(migrated->changes), row.changes) << row.rule;
    EXPECT_EQ(Joined(migrated->warnings), row.warnings) << row.rule;
    const auto again = Migrate(migrated->text, "a.yaml");
    EXPECT_TRUE(again->changes.empty()) << row.rule << ": done twice";
    EXPECT_EQ(again->text, migrated->text) << row.rule;
  }
}

}  // namespace
}  // namespace sluice::cli
