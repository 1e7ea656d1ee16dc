#include "cli/kinds.h"

#include <gtest/gtest.h>

#include <sstream>

#include "document/yaml.h"

namespace sluice::cli {
namespace {

std::string Said(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  const auto target = ParseTarget(words);
  if (!target) return target.error().message;
  std::string out;
  for (const FluxKind* kind : target->kinds) out += (out.empty() ? "" : ",") + std::string(kind->kind);
  return out + (target->name.empty() ? "" : " " + target->name);
}

TEST(Kinds, WordsOfACommandLine) {
  struct Row {
    std::string_view line, want;
  };
  constexpr std::string_view kSources = "GitRepository,OCIRepository,HelmRepository,HelmChart,Bucket,ExternalArtifact";
  constexpr Row kRows[] = {
      {"ks", "Kustomization"},
      {"Kustomization app", "Kustomization app"},
      {"kustomizations", "Kustomization"},
      {"kustomization/app", "Kustomization app"},
      {"kustomizations.kustomize.toolkit.fluxcd.io app", "Kustomization app"},
      {"source git", "GitRepository"},
      {"sources git fleet", "GitRepository fleet"},
      {"source oci x", "OCIRepository x"},
      {"sources", kSources},
      {"sources all", kSources},
      {"gitrepo", "GitRepository"},
      {"hr web", "HelmRelease web"},
      {"helmreleases web", "HelmRelease web"},
      {"fhr web", "HelmRelease web"},
      {"helmreleases.helm.fluxcd.io web", "HelmRelease web"},
      {"image policy p", "ImagePolicy p"},
      {"artifacts", "ArtifactGenerator"},
      {"artifacts generators", "ArtifactGenerator"},
      {"artifact generator gen", "ArtifactGenerator gen"},
      {"generator gen", "ArtifactGenerator gen"},
      {"ag/gen", "ArtifactGenerator gen"},
      {"images", "ImageRepository,ImagePolicy,ImageUpdateAutomation"},
      {"alert-provider slack", "Provider slack"},
      {"floppy",
       "no kind \"floppy\": want one of gitrepository, ocirepository, helmrepository, helmchart, bucket, externalartifact, "
       "artifactgenerator, "
       "kustomization, helmrelease, helmrelease.helm.fluxcd.io, imagerepository, imagepolicy, imageupdateautomation, alert, provider, "
       "receiver, all"},
      {"source floppy", "no kind \"floppy\": want one of git, oci, helm, chart, bucket, external, all"},
      {"all app", "a name (\"app\") needs a kind"},
      {"ks a b", "too many words: \"b\" follows the name"},
      {"ks/", "\"ks/\" is not kind/name"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Said(row.line), row.want) << row.line;
  EXPECT_EQ(ParseTarget({})->kinds.size(), FluxKinds().size());
  for (const auto& [word, group] :
       {std::pair("hr", "helm.toolkit.fluxcd.io"), {"fhr", "helm.fluxcd.io"}, {"helmrelease.helm.fluxcd.io", "helm.fluxcd.io"}})
    EXPECT_EQ(ParseTarget(std::vector<std::string>{word})->kinds.front()->group, group) << word;
}

TEST(Kinds, SeveralNames) {
  struct Row {
    std::vector<std::string> words;
    std::string_view want;
  };
  const Row kRows[] = {
      {{"ks", "a", "b", "a", "c"}, "Kustomization: a b c"},
      {{"source", "git", "a", "b"}, "GitRepository: a b"},
      {{"ks/a"}, "Kustomization: a"},
      {{"ks"}, "Kustomization: "},
      {{"all", "a", "b"}, "a name (\"a\") needs a kind"},
  };
  for (const Row& row : kRows) {
    const auto targets = ParseTargets(row.words);
    std::string said = targets ? std::string(targets->front().kinds.front()->kind) + ":" : targets.error().message;
    for (const Target& target : targets ? *targets : std::vector<Target>()) said += " " + target.name;
    EXPECT_EQ(said, row.want) << row.words.front();
  }
}

TEST(Kinds, Revisions) {
  struct Row {
    std::string_view object, want;
  };
  constexpr Row kRows[] = {
      {"{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, status: {lastAppliedRevision: a, lastAttemptedRevision: b}}",
       "a"},
      {"{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, status: {history: [{chartVersion: a}], lastAttemptedRevision: b}}", "a"},
      {"{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, status: {history: [], lastAttemptedRevision: b}}", "b"},
      {"{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease}", ""},
      {"{apiVersion: v1, kind: ConfigMap}", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(RevisionOf(*document::ParseYaml(row.object)), row.want) << row.object;
}

TEST(Kinds, TextAtAPath) {
  const auto object = document::ParseYaml("{status: {history: [{chartVersion: 1.2.3}], n: null}, spec: {n: 7}}");
  EXPECT_EQ(TextAt(*object, "status.history.0.chartVersion"), "1.2.3");
  EXPECT_EQ(TextAt(*object, "spec.n"), "7");
  for (const std::string_view path : {"status.history.1.chartVersion", "status.n", "status", "a.b", ""})
    EXPECT_EQ(TextAt(*object, path), "");
}

}  // namespace
}  // namespace sluice::cli
