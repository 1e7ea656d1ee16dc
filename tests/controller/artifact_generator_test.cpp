// What an ArtifactGenerator's rules make of trees and specs. The rows about copying are source-watcher's own (internal/builder/builder_test.go) and what
// its documentation promises.
#include <gtest/gtest.h>

#include <functional>

#include "base/archive.h"
#include "base/digest.h"
#include "controller/artifact_generator/compose.h"
#include "controller/artifact_generator/status.h"
#include "document/yaml.h"

namespace sluice::controller::artifact_generator {
namespace {

using Map = std::map<std::string, std::string>;

/// The files below `path`, one a line: `path=content`, `path*=content` if executable, `path/` for an empty directory.
void Show(const base::Files& tree, const std::string& path, std::string& out) {
  const auto entries = tree.List(path);
  if (!entries) {
    out += "? " + entries.error().message + "\n";
    return;
  }
  if (entries->empty() && path != ".") out += path + "/\n";
  for (const base::FileInfo& entry : *entries) {
    const std::string child = path == "." ? entry.name : path + "/" + entry.name;
    if (entry.type == base::FileType::Directory) {
      Show(tree, child, out);
    } else {
      out += child + (entry.executable ? "*" : "") + "=" + tree.Read(child).value_or("?") + "\n";
    }
  }
}

std::string Packed(const Map& files) {
  std::string out;
  base::ArchiveWriter writer([&out](std::string_view bytes) -> base::Result<void> {
    out += bytes;
    return {};
  });
  for (const auto& [path, content] : files) EXPECT_TRUE(writer.AddFile(path, content, false));
  EXPECT_TRUE(writer.Finish());
  return out;
}

SourceTrees Trees(const Map& files) { return {{"s", base::MemoryFiles(files)}}; }

/// What the operations make of `trees`, or the error.
std::string Made(const SourceTrees& trees, const std::vector<CopyOperation>& operations, const ComposeBudget& budget = {}) {
  const auto composed = Compose(operations, trees, budget);
  if (!composed) {
    const std::string& message = composed.error().message;
    const std::string prefix = "failed to apply copy operations: failed to apply copy operation from '" + operations.back().from +
                               "' to '" + operations.back().to + "': ";
    return message.starts_with(prefix) ? "error: " + message.substr(prefix.size()) : message;
  }
  std::string out;
  Show(*composed->files, ".", out);
  return out;
}

struct CopyRow {
  std::string rule;
  Map files;
  CopyOperation copy;
  std::string want;
};

TEST(Compose, CopiesAsCp) {
  const Map some = {{"config/a.yaml", "a"}, {"config/sub/b.yaml", "b"}, {"top.yaml", "t"}, {".hidden", "h"}};
  const CopyRow rows[] = {
      {"a file into the root", {{"config.yaml", "x"}}, {"@s/config.yaml", "@artifact/"}, "config.yaml=x\n"},
      {"a file under another name", some, {"@s/top.yaml", "@artifact/apps/app.yaml"}, "apps/app.yaml=t\n"},
      {"a file into a directory", some, {"@s/config/a.yaml", "@artifact/apps/"}, "apps/a.yaml=a\n"},
      {"the root", some, {"@s/", "@artifact/"}, ".hidden=h\nconfig/a.yaml=a\nconfig/sub/b.yaml=b\ntop.yaml=t\n"},
      {"the root, elsewhere", {{"a", "1"}}, {"@s/", "@artifact/x"}, "x/a=1\n"},
      {"a directory", some, {"@s/config", "@artifact/dest"}, "dest/config/a.yaml=a\ndest/config/sub/b.yaml=b\n"},
      {"a directory with slashes", some, {"@s/config/", "@artifact/dest/"}, "dest/config/a.yaml=a\ndest/config/sub/b.yaml=b\n"},
      {"`./` is no part of a path", some, {"@s/./config/a.yaml", "@artifact/"}, "a.yaml=a\n"},
      {"all below a directory", some, {"@s/config/**", "@artifact/dest/"}, "dest/a.yaml=a\ndest/sub/b.yaml=b\n"},
      {"everything", some, {"@s/**", "@artifact/"}, ".hidden=h\nconfig/a.yaml=a\nconfig/sub/b.yaml=b\ntop.yaml=t\n"},
      {"a pattern keeps the path of what matches", some, {"@s/config/*.yaml", "@artifact/x/"}, "x/config/a.yaml=a\n"},
      {"a pattern of names", some, {"@s/*.yaml", "@artifact/"}, "top.yaml=t\n"},
      {"`**` in the middle is one name", some, {"@s/**/b.yaml", "@artifact/"}, "error: no files match pattern '**/b.yaml' in source 's'"},
      {"`**` in the middle, one name", some, {"@s/**/a.yaml", "@artifact/"}, "config/a.yaml=a\n"},
      {"a class", {{"a1", "1"}, {"a2", "2"}, {"a3", "3"}}, {"@s/a[1-2]", "@artifact/"}, "a1=1\na2=2\n"},
      {"a file that is not there", some, {"@s/none.yaml", "@artifact/"}, "error: source 'none.yaml' does not exist"},
      {"a pattern that matches nothing", some, {"@s/*.json", "@artifact/"}, "error: no files match pattern '*.json' in source 's'"},
      {"no pattern", some, {"@s/[", "@artifact/"}, "error: invalid glob pattern '[': syntax error in pattern"},
      {"no source", some, {"@other/x", "@artifact/"}, "error: source alias 'other' not found"},
      {"no alias", some, {"x", "@artifact/"}, "error: invalid copy source 'x': source must start with '@'"},
      {"no path", some, {"@s", "@artifact/"}, "error: invalid copy source '@s': source format must be '@alias/pattern'"},
      {"not the artifact", some, {"@s/", "@x/"}, "error: invalid copy destination '@x/': destination must start with '@artifact/'"},
      {"outside of the source", some, {"@s/../x", "@artifact/"}, "error: failed to stat source '../x': path escapes from parent"},
      {"outside of the source, by a root",
       some,
       {"@s//etc/passwd", "@artifact/"},
       "error: failed to stat source '/etc/passwd': path escapes from parent"},
      {"outside of the source, by a pattern", some, {"@s/../*", "@artifact/"}, "error: no files match pattern '../*' in source 's'"},
      {"outside of the artifact", some, {"@s/top.yaml", "@artifact/../x"}, "error: ../x: path escapes from parent"},
      {"outside of the artifact, by a root", some, {"@s/config/**", "@artifact//x"}, "error: /x: path escapes from parent"},
  };
  for (const CopyRow& row : rows) EXPECT_EQ(Made(Trees(row.files), {row.copy}), row.want) << row.rule;
}

TEST(Compose, Excludes) {
  const Map deep = {{"infra/controllers/descheduler/d.yaml", "d"},
                    {"infra/controllers/cert/c.yaml", "c"},
                    {"infra/secret.yaml", "s"},
                    {"infra/readme.md", "r"}};
  const std::string rest = "controllers/cert/c.yaml=c\nreadme.md=r\nsecret.yaml=s\n";
  const auto with = [](const std::string& from, std::vector<std::string> exclude) {
    return CopyOperation{.from = from, .to = "@artifact/", .exclude = std::move(exclude)};
  };
  struct Row {
    CopyOperation copy;
    std::string want;
  };
  const Row rows[] = {
      {with("@s/infra/**", {"*.md", "secret.yaml"}), "controllers/cert/c.yaml=c\ncontrollers/descheduler/d.yaml=d\n"},
      {with("@s/infra/**", {"infra/controllers/descheduler/**"}), rest},
      {with("@s/infra/**", {"controllers/descheduler/**"}), rest},
      {with("@s/infra/**", {"**/descheduler/**"}), rest},
      {with("@s/infra/**", {"descheduler/**"}),
       "controllers/cert/c.yaml=c\ncontrollers/descheduler/d.yaml=d\nreadme.md=r\nsecret.yaml=s\n"},
      {with("@s/infra", {"controllers/descheduler/**"}), "infra/controllers/cert/c.yaml=c\ninfra/readme.md=r\ninfra/secret.yaml=s\n"},
      {with("@s/infra/secret.yaml", {"secret.yaml"}), ""},
      {with("@s/infra/*.md", {"*.md"}), "error: all files matching pattern 'infra/*.md' in source 's' were excluded"},
      {with("@s/infra/*.md", {"[*.md"}), "error: invalid exclude pattern '[*.md'"},
  };
  for (const Row& row : rows) EXPECT_EQ(Made(Trees(deep), {row.copy}), row.want) << testing::PrintToString(row.copy.exclude);
}

TEST(Compose, LaterFilesReplaceEarlierOnes) {
  SourceTrees trees = Trees({{"a", "1"}, {"d/x", "2"}});
  trees["t"] = base::MemoryFiles({{"a", "3"}, {"d/y", "4"}}, {}, {"a"});
  EXPECT_EQ(Made(trees, {{"@s/**", "@artifact/"}, {"@t/**", "@artifact/"}}), "a*=3\nd/x=2\nd/y=4\n");
  EXPECT_EQ(Made(trees, {{"@s/d/", "@artifact/"}, {"@s/a", "@artifact/d"}}), "d/a=1\nd/x=2\n") << "a directory that is there by then";
  EXPECT_EQ(Made(trees, {{"@s/a", "@artifact/f"}, {"@t/a", "@artifact/f/x"}}), "error: f: not a directory");
  EXPECT_EQ(Made(trees, {{"@s/a", "@artifact/d/x"}, {"@s/**", "@artifact/d/x"}}),
            "error: failed to copy file 'a' to 'd/x/a': d/x: not a directory");
}

TEST(Compose, MergesAsHelmMergesValues) {
  SourceTrees trees = Trees({{"values.yaml", "b: 1\na: {x: 1, y: [1, 2]}\n---\na: {w: 0}\n"},
                             {"over.yaml", "a: {x: 2, y: [3]}\nc: new\n"},
                             {"list.yaml", "- 1\n"}});
  const CopyOperation base{"@s/values.yaml", "@artifact/"};
  EXPECT_EQ(Made(trees, {base, {.from = "@s/over.yaml", .to = "@artifact/values.yaml", .strategy = Strategy::Merge}}),
            "values.yaml=a:\n  \"true\":\n  - 3\n  w: 0\n  x: 2\nb: 1\nc: new\n\n")
      << "a plain `y` is true to sigs.k8s.io/yaml, and a key a string";
  EXPECT_EQ(Made(trees, {{.from = "@s/over.yaml", .to = "@artifact/x.yaml", .strategy = Strategy::Merge}}),
            "x.yaml=a: {x: 2, y: [3]}\nc: new\n\n")
      << "nothing there to merge into";
  EXPECT_EQ(Made(trees, {base, {.from = "@s/list.yaml", .to = "@artifact/values.yaml", .strategy = Strategy::Merge}}),
            "error: cannot unmarshal YAML document: list.yaml: not a mapping");
}

TEST(Compose, ExtractsArchives) {
  const Map files = {{"a/chart.tgz", Packed({{"chart/Chart.yaml", "c"}})},
                     {"b.TAR.GZ", Packed({{"b.yaml", "b"}})},
                     {"n.txt", "n"},
                     {"bad.tgz", "no archive"}};
  const auto extract = [](const std::string& from, const std::string& to = "@artifact/x/") {
    return CopyOperation{.from = from, .to = to, .strategy = Strategy::Extract};
  };
  EXPECT_EQ(Made(Trees(files), {extract("@s/a/chart.tgz")}), "x/chart/Chart.yaml=c\n");
  EXPECT_EQ(Made(Trees(files), {extract("@s/b.TAR.GZ", "@artifact/")}), "b.yaml=b\n");
  EXPECT_EQ(Made(Trees(files), {extract("@s/**/chart*", "@artifact/")}), "chart/Chart.yaml=c\n") << "deeply, other than without Extract";
  EXPECT_EQ(Made(Trees(files), {extract("@s/n.txt")}), "error: extract strategy requires tarball file (.tar.gz or .tgz), got 'n.txt'");
  EXPECT_EQ(Made(Trees(files), {extract("@s/a")}), "error: extract strategy is not supported for directories, got 'a'");
  EXPECT_TRUE(Made(Trees(files), {extract("@s/bad.tgz")}).starts_with("error: failed to extract tarball 'bad.tgz' to 'x/': "));
  EXPECT_EQ(Made(Trees(files), {extract("@s/a/chart.tgz", "@artifact/../../x")}),
            "error: failed to extract tarball 'a/chart.tgz' to '../../x': ../../x: path escapes from parent");
}

TEST(Compose, LeavesOutWhatEveryArtifactDoes) {
  EXPECT_EQ(Made(Trees({{".git/config", "x"}, {".github/x", "x"}, {"a.jpg", "x"}, {".sops.yaml", "x"}, {".sourceignore", "b"}, {"b", "1"}}),
                 {{"@s/", "@artifact/"}}),
            ".sourceignore=b\nb=1\n");
}

TEST(Compose, StaysWithinItsBudget) {
  const Map files = {{"a", std::string(600, 'a')}, {"b", std::string(600, 'b')}};
  EXPECT_EQ(Made(Trees(files), {{"@s/", "@artifact/"}}, {.max_bytes = 1000}), "error: more than 1000 bytes");
  EXPECT_EQ(Made(Trees(files), {{"@s/", "@artifact/x"}}, {.max_entries = 2}), "error: more than 2 files");
}

TEST(Compose, EqualTreesHaveEqualIds) {
  const auto id = [](const Map& files, const std::string& to = "@artifact/") { return Compose({{"@s/", to}}, Trees(files)).value().id; };
  EXPECT_EQ(id({{"a", "1"}}), id({{"a", "1"}}));
  EXPECT_NE(id({{"a", "1"}}), id({{"a", "2"}}));
  EXPECT_NE(id({{"a", "1"}}), id({{"b", "1"}}));
  EXPECT_NE(id({{"a", "1"}}), id({{"a", "1"}}, "@artifact/d"));
}

document::Value Parsed(const std::string& text) {
  auto parsed = document::ParseYaml(text);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

Spec SpecOf(const std::string& spec) {
  auto parsed = ParseSpec(Parsed("metadata: {name: g, namespace: team}\nspec: " + spec));
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : Spec{};
}

/// One line for each artifact: name, first copy, labels; or the error.
std::string Expanded(const std::string& pattern, const std::string& artifacts, const Map& files) {
  const Spec spec =
      SpecOf("{sources: [{alias: s, kind: GitRepository, name: s}], pathPattern: '" + pattern + "', artifacts: " + artifacts + "}");
  const auto expanded = ExpandArtifacts(spec, Trees(files));
  if (!expanded) return std::string(base::ToString(expanded.error().reason)) + ": " + expanded.error().message;
  std::string out;
  for (const OutputArtifact& artifact : *expanded) {
    out += artifact.name + " " + artifact.copy[0].from + " " + artifact.copy[0].to;
    for (const auto& [key, value] : artifact.labels) out += " " + key + "=" + value;
    out += "\n";
  }
  return out;
}

TEST(PathPattern, OneArtifactForEachDirectory) {
  const Map files = {
      {"apps/Auth/envs/prod/x", ""}, {"apps/auth2/envs/dev/x", ""}, {"apps/auth2/readme", ""}, {"apps/auth2/envs/dev/deep/x", ""}};
  EXPECT_EQ(Expanded("@s/apps/{app}/envs/{env}",
                     "[{name: '{app}-{env}', copy: [{from: '@s/apps/{app}/envs/{env}/**', to: '@artifact/{app}/'}]}]", files),
            "auth-prod @s/apps/Auth/envs/prod/** @artifact/Auth/ app=auth env=prod\n"
            "auth2-dev @s/apps/auth2/envs/dev/** @artifact/auth2/ app=auth2 env=dev\n");
  EXPECT_EQ(Expanded("@s/nothing/{app}", "[{name: '{app}', copy: [{from: '@s/x', to: '@artifact/'}]}]", files), "");
  EXPECT_EQ(Expanded("", "[{name: plain, copy: [{from: '@s/x', to: '@artifact/'}]}]", files), "plain @s/x @artifact/\n");
}

TEST(PathPattern, CapturesAreGreedy) {
  EXPECT_EQ(Expanded("@s/{a}-{b}", "[{name: '{a}.{b}', copy: [{from: '@s/x', to: '@artifact/'}]}]", {{"x-y-z/f", ""}}),
            "x-y.z @s/x @artifact/ a=x-y b=z\n");
  std::string many;
  for (int i = 0; i < 60; ++i) many += "{a" + std::to_string(i) + "}";
  EXPECT_EQ(Expanded("@s/" + many + "!", "[{name: x, copy: [{from: '@s/x', to: '@artifact/'}]}]", {{std::string(200, 'a') + "/f", ""}}), "")
      << "by trying one way after the other this would not end";
}

TEST(PathPattern, WhatCannotBeIsNamed) {
  const std::string one = "[{name: '{app}', copy: [{from: '@s/x', to: '@artifact/'}]}]";
  const Map files = {{"apps/a/f", ""}};
  struct Row {
    std::string pattern, artifacts;
    Map files;
    std::string want;
  };
  const Row rows[] = {
      {"@s/apps/{app", one, files, R"(pathPattern "@s/apps/{app": invalid capture starting at offset 5: missing closing brace)"},
      {"@s/apps/app}", one, files, R"(pathPattern "@s/apps/app}": invalid capture ending at offset 8: missing opening brace)"},
      {"@s/apps/{}", one, files, R"(pathPattern "@s/apps/{}": empty capture variable)"},
      {"@s/apps/{a-b}", one, files,
       R"(pathPattern "@s/apps/{a-b}": capture variable "a-b" must be a valid capture name matching [A-Za-z_][A-Za-z0-9_]*)"},
      {"@s/{app}/{app}", one, files, R"(pathPattern "@s/{app}/{app}": duplicate capture variable "app")"},
      {"@x/{app}", one, files, R"(pathPattern "@x/{app}": source alias x not found in local sources)"},
      {"@s/apps/{x}", one, files,
       R"(pathPattern "@s/apps/{x}": failed to render artifact {app} for match apps/a: invalid template "{app}": capture variable "app" is not defined by pathPattern)"},
      {"@s/apps/{app}", "[{name: '{app', copy: [{from: '@s/x', to: '@artifact/'}]}]", files,
       R"(pathPattern "@s/apps/{app}": failed to render artifact {app for match apps/a: invalid template "{app": capture starting at offset 0 is missing closing brace)"},
      {"@s/apps/{app}",
       one,
       {{"apps/Auth/f", ""}, {"apps/auth/f", ""}},
       R"(pathPattern "@s/apps/{app}": directories "apps/Auth" and "apps/auth" both resolve to artifact name "auth")"},
  };
  for (const Row& row : rows) EXPECT_EQ(Expanded(row.pattern, row.artifacts, row.files), "Invalid: " + row.want);
  EXPECT_TRUE(Expanded("@s/apps/{app}", one, {{"apps/.hidden/f", ""}})
                  .starts_with("Invalid: pathPattern \"@s/apps/{app}\": captured value \".hidden\" for variable \"app\" is not a valid "
                               "Kubernetes label value: a valid label"));
  EXPECT_TRUE(Expanded("@s/apps/{app}", one, {{"apps/a_b/f", ""}})
                  .starts_with("Invalid: pathPattern \"@s/apps/{app}\": rendered artifact name \"a_b\" is not a valid Kubernetes object "
                               "name: a lowercase RFC 1123"));
  EXPECT_TRUE(Expanded("@s/apps/{_app}", one, files)
                  .starts_with("Invalid: pathPattern \"@s/apps/{_app}\": capture variable \"_app\" is not a valid Kubernetes label key: "));
}

TEST(GeneratorSpec, WhatIsRefused) {
  const auto refused = [](const std::string& spec, bool lockdown = false) {
    const auto refusal = Refused(SpecOf(spec), "team", lockdown);
    return refusal ? refusal->reason + ": " + refusal->message : "";
  };
  const std::string copy = "copy: [{from: '@a/', to: '@artifact/'}]";
  const std::string good = "artifacts: [{name: x, " + copy + "}]";
  EXPECT_EQ(refused("{sources: [{alias: a, kind: GitRepository, name: g}], " + good + "}"), "");
  EXPECT_EQ(refused("{sources: [{alias: a, kind: GitRepository, name: g}, {alias: a, kind: Bucket, name: b}], " + good + "}"),
            "ValidationFailed: duplicate source alias 'a' found");
  EXPECT_EQ(refused("{sources: [{alias: a, kind: GitRepository, name: g, namespace: other}], " + good + "}"), "");
  EXPECT_EQ(refused("{sources: [{alias: a, kind: GitRepository, name: g, namespace: other}], " + good + "}", true),
            "AccessDenied: cross-namespace reference to source GitRepository/other/g is not allowed");
  EXPECT_EQ(refused("{sources: [{alias: a, kind: GitRepository, name: g, namespace: team}], " + good + "}", true), "");
  EXPECT_EQ(refused("{sources: [{alias: a, kind: GitRepository, name: g}], artifacts: [{name: x, " + copy + "}, {name: x, " + copy + "}]}"),
            "ValidationFailed: duplicate artifact name 'x' found");
  EXPECT_EQ(refused("{sources: [{alias: a, kind: GitRepository, name: g}], artifacts: [{name: x, revision: '@b', " + copy + "}]}"),
            "ValidationFailed: artifact x revision source alias 'b' not found");
  EXPECT_TRUE(refused("{sources: [{alias: a, kind: GitRepository, name: g}], artifacts: [{name: X, " + copy + "}]}")
                  .starts_with("ValidationFailed: artifact name \"X\" is not a valid Kubernetes object name: a lowercase RFC 1123"));
  EXPECT_EQ(
      refused("{sources: [{alias: a, kind: GitRepository, name: g}], pathPattern: '@a/{x}', artifacts: [{name: '{x}', " + copy + "}]}"),
      "");
}

TEST(GeneratorSpec, NamesOfObjects) {
  for (const std::string_view good : {"a", "a-b", "a.b", "0", "a.b-c.d"}) EXPECT_EQ(NameProblem(good), "") << good;
  for (const std::string_view bad : {"", "A", "a_b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a-.b", "a b"})
    EXPECT_NE(NameProblem(bad), "") << bad;
  EXPECT_EQ(NameProblem(std::string(254, 'a')), "must be no more than 253 characters");
}

TEST(GeneratorSpec, TheAnnotationThatDisables) {
  const auto disabled = [](const std::string& value) {
    return IsDisabled(Parsed("metadata: {annotations: {source.extensions.fluxcd.io/reconcile: " + value + "}}"));
  };
  EXPECT_TRUE(disabled("disabled"));
  EXPECT_TRUE(disabled("Disabled"));
  EXPECT_FALSE(disabled("enabled"));
  EXPECT_FALSE(disabled("disable"));
  EXPECT_FALSE(IsDisabled(Parsed("metadata: {}")));
}

TEST(GeneratorStatus, TheDigestOfSources) {
  // What source-watcher's HashObservedSources makes of the same: the SHA-256 of the text.
  const std::string text = "a=[digest=sha256:1,revision=r,url=http://x]|b=[digest=sha256:2,revision=s,url=http://y]";
  EXPECT_EQ(SourcesDigest({{"b", {"sha256:2", "s", "", "http://y"}}, {"a", {"sha256:1", "r", "o", "http://x"}}}),
            "sha256:" + base::Sha256Hex(text));
}

TEST(GeneratorStatus, Transitions) {
  const base::TimePoint now = *base::ParseRfc3339("2026-01-01T00:00:00Z");
  document::Value object =
      Parsed("metadata: {name: g, namespace: team, uid: u1, generation: 3, annotations: {reconcile.fluxcd.io/requestedAt: now}}");
  object.Set("status", StatusFailed(object, "BuildFailed", "x build failed: y", now));
  EXPECT_EQ(
      document::EmitYaml(*object.Find("status")),
      "conditions:\n- lastTransitionTime: \"2026-01-01T00:00:00Z\"\n  message: Reconciliation in progress\n  observedGeneration: 3\n"
      "  reason: ProgressingWithRetry\n  status: \"True\"\n  type: Reconciling\n"
      "- lastTransitionTime: \"2026-01-01T00:00:00Z\"\n  message: 'x build failed: y'\n  observedGeneration: 3\n  reason: BuildFailed\n"
      "  status: \"False\"\n  type: Ready\nlastHandledReconcileAt: now\n");
  EXPECT_FALSE(ShowsSuccess(object));
  object.Set("status", StatusSucceeded(object, {{"x", "team", "sha256:1", "f.tar.gz"}}, "sha256:2", now));
  EXPECT_EQ(document::EmitYaml(*object.Find("status")),
            "conditions:\n- lastTransitionTime: \"2026-01-01T00:00:00Z\"\n  message: reconciliation succeeded, generated 1 artifact(s)\n"
            "  observedGeneration: 3\n  reason: Succeeded\n  status: \"True\"\n  type: Ready\ninventory:\n- digest: sha256:1\n"
            "  filename: f.tar.gz\n  name: x\n  namespace: team\nlastHandledReconcileAt: now\nobservedSourcesDigest: sha256:2\n");
  EXPECT_TRUE(ShowsSuccess(object));
  EXPECT_EQ(InventoryOf(object), (std::vector<Reference>{{"x", "team", "sha256:1", "f.tar.gz"}}));
  object.At({"status", "inventory"})->mutable_items()[0].Set("namespace", "other");
  EXPECT_TRUE(InventoryOf(object).empty()) << "nothing is removed from another namespace";
  object.Set("status", StatusStalled(object, "AccessDenied", "no", now));
  EXPECT_FALSE(ShowsSuccess(object));
}

TEST(GeneratorStatus, TheExternalArtifact) {
  const Spec spec = SpecOf(
      "{sources: [{alias: a, kind: GitRepository, name: g}], artifacts: [{name: x, copy: [{from: '@a/', to: '@artifact/'}]}],"
      " commonMetadata: {labels: {team: one, app.kubernetes.io/managed-by: me}, annotations: {note: n}}}");
  const document::Value generator = Parsed("metadata: {name: g, namespace: team, uid: u1}");
  OutputArtifact output = spec.artifacts[0];
  output.labels = {{"app", "auth"}};
  document::Value wanted = ExternalArtifactFor(generator, spec, output);
  EXPECT_EQ(document::EmitYaml(wanted),
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: ExternalArtifact\nmetadata:\n  annotations:\n    note: \"n\"\n  labels:\n    "
            "app: auth\n"
            "    app.kubernetes.io/managed-by: source-watcher\n    source.extensions.fluxcd.io/generator: u1\n    team: one\n  name: x\n"
            "  namespace: team\nspec:\n  sourceRef:\n    apiVersion: source.extensions.fluxcd.io/v1beta1\n    kind: ArtifactGenerator\n    "
            "name: g\n"
            "    namespace: team\n");
  const base::TimePoint now = *base::ParseRfc3339("2026-01-01T00:00:00Z");
  const sources::Artifact artifact{
      .path = "p", .url = "http://h/p", .revision = "latest@sha256:1", .digest = "sha256:1", .last_update_time = now, .size = 5};
  document::Value live = wanted;
  live["metadata"].Set("generation", 2);
  EXPECT_FALSE(IsUpToDate(live, wanted, artifact));
  live.Set("status", *ExternalArtifactStatus(live, artifact, now).Find("status"));
  EXPECT_TRUE(IsUpToDate(live, wanted, artifact));
  EXPECT_EQ(ExternalArtifactStatus(live, artifact, now + std::chrono::hours(1)), ExternalArtifactStatus(live, artifact, now))
      << "the condition changed when it became so";
  const auto changed = [&](const std::function<void(document::Value&)>& change) {
    document::Value other = live;
    change(other);
    return !IsUpToDate(other, wanted, artifact);
  };
  EXPECT_TRUE(changed([](document::Value& object) { object.At({"metadata", "labels"})->Set("app", "x"); }));
  EXPECT_TRUE(changed([](document::Value& object) { object["metadata"].Erase("annotations"); }));
  EXPECT_TRUE(changed([](document::Value& object) { object.At({"spec", "sourceRef"})->Set("name", "x"); }));
  EXPECT_TRUE(changed([](document::Value& object) { object.At({"status", "artifact"})->Set("digest", "sha256:2"); }));
  EXPECT_TRUE(changed([](document::Value& object) { object["status"].Erase("conditions"); }));
  EXPECT_FALSE(changed([](document::Value& object) { object.At({"metadata", "labels"})->Set("theirs", "x"); }));
}

}  // namespace
}  // namespace sluice::controller::artifact_generator
