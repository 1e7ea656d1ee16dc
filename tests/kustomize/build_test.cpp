// What the golden cases cannot say: remote trees through a resolver, limits, what was read, warnings.
#include "kustomize/build.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice::kustomize {
namespace {

using base::Result;
using Tree = std::map<std::string, std::string>;

constexpr const char* kConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// Repositories and files by URL, in memory.
class Shelf final : public RemoteResolver {
 public:
  std::map<std::string, Tree> trees;
  std::map<std::string, std::string> files;

  Result<std::shared_ptr<const base::Files>> FetchTree(const GitUrl& url) override {
    const auto found = trees.find(url.CloneUrl() + "@" + url.ref);
    if (found == trees.end()) return base::NotFound("no repository " + url.CloneUrl() + " at \"" + url.ref + "\"");
    return std::shared_ptr<const base::Files>(base::MemoryFiles(found->second));
  }
  Result<std::string> FetchFile(std::string_view url) override {
    const auto found = files.find(std::string(url));
    if (found == files.end()) return base::NotFound("no file " + std::string(url));
    return found->second;
  }
};

Result<BuildResult> BuildTree(const Tree& tree, BuildOptions options = {}, std::string_view path = ".") {
  const auto files = base::MemoryFiles(tree);
  return Build(*files, path, options);
}

std::string Message(const Result<BuildResult>& built) { return built ? "built: " + Print(built->documents) : built.error().message; }

TEST(Build, RemoteBaseAndFile) {
  Shelf shelf;
  shelf.trees["https://github.com/org/repo@v1"] = {
      {"deploy/kustomization.yaml", "resources: [../common, a.yaml]\n"},
      {"deploy/a.yaml", kConfigMap},
      {"common/kustomization.yaml", "configMapGenerator: [{name: b, literals: [x=y], options: {disableNameSuffixHash: true}}]\n"}};
  shelf.files["https://example.org/c.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
  BuildOptions options;
  options.remote = &shelf;
  const auto built = BuildTree({{"kustomization.yaml",
                                 "namePrefix: p-\nbuildMetadata: [originAnnotations]\nresources:\n- github.com/org/repo/deploy?ref=v1\n- "
                                 "https://example.org/c.yaml\n"}},
                               options);
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_EQ(Print(built->documents),
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      path: deploy/a.yaml\n   "
            "   repo: https://github.com/org/repo\n      ref: v1\n  name: p-a\n"
            "---\napiVersion: v1\ndata:\n  x: \"y\"\nkind: ConfigMap\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      "
            "repo: https://github.com/org/repo\n      ref: v1\n"
            "      configuredIn: common/kustomization.yaml\n      configuredBy:\n        apiVersion: builtin\n        kind: "
            "ConfigMapGenerator\n  name: p-b\n"
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      path: "
            "https:/example.org/c.yaml\n  name: p-c\n");
}

TEST(Build, RemoteTreesAreClosed) {
  struct Row {
    std::string_view rule, kustomization, want;
  };
  const Row rows[] = {
      {"a base may not leave the clone", "resources: [../../outside]\n",
       "kustomization.yaml:1:13: resources \"https://h.org/o/r/in?ref=x\": in/kustomization.yaml:1:13: resources: path \"../../outside\" "
       "leaves the tree that is built"},
      {"a file stays in its directory, whatever the restrictor", "resources: [../a.yaml]\n",
       "kustomization.yaml:1:13: resources \"https://h.org/o/r/in?ref=x\": in/kustomization.yaml:1:13: resources: security; file "
       "\"../a.yaml\" is not in or below \"in\" "
       "(`--load-restrictor LoadRestrictionsNone` lifts this)"},
      {"a repository that names itself", "resources: [\"https://h.org/o/r/in?ref=x\"]\n",
       "kustomization.yaml:1:13: resources \"https://h.org/o/r/in?ref=x\": in/kustomization.yaml:1:13: resources "
       "\"https://h.org/o/r/in?ref=x\": cycle: "
       "\"https://h.org/o/r/in?ref=x\" is referenced by \"https://h.org/o/r/in?ref=x\""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    Shelf shelf;
    shelf.trees["https://h.org/o/r@x"] = {{"in/kustomization.yaml", std::string(row.kustomization)}, {"a.yaml", kConfigMap}};
    BuildOptions options;
    options.remote = &shelf;
    options.load_restrictor = LoadRestrictor::None;
    EXPECT_EQ(Message(BuildTree({{"kustomization.yaml", "resources: [\"https://h.org/o/r/in?ref=x\"]\n"}}, options)), row.want);
  }
}

TEST(Build, Limits) {
  Tree laughs;
  for (int i = 0; i < 20; ++i)
    laughs["k" + std::to_string(i) + "/kustomization.yaml"] =
        "namePrefix: x\nresources: [../k" + std::to_string(i + 1) + ", ../k" + std::to_string(i + 1) + "]\n";
  laughs["k20/kustomization.yaml"] = "namePrefix: x\n";
  const auto many = BuildTree(laughs, {}, "k0");
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().reason, base::Reason::TooLarge);
  EXPECT_TRUE(many.error().message.ends_with(": more than 10000 kustomizations in one build")) << many.error().message;

  BuildOptions options;
  options.limits.max_depth = 3;
  const auto deep = BuildTree(laughs, options, "k0");
  ASSERT_FALSE(deep.has_value());
  EXPECT_TRUE(deep.error().message.ends_with(": more than 3 kustomizations nested in each other")) << deep.error().message;

  options.limits.max_objects = 1;
  const auto objects = BuildTree({{"kustomization.yaml", "resources: [a.yaml]\n"},
                                  {"a.yaml", std::string(kConfigMap) + "---\n" + "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"}},
                                 options);
  EXPECT_EQ(Message(objects), "kustomization.yaml:1:13: resources: more than 1 objects in one build");

  options.limits = {.max_kustomizations = 5};
  EXPECT_TRUE(Message(BuildTree(laughs, options, "k0")).ends_with(": more than 5 kustomizations in one build"));

  options.limits = {.max_nodes = 40};
  const std::string aliases = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aliased, labels: &l {a: b, c: d}, annotations: *l}\n";
  EXPECT_TRUE(BuildTree({{"kustomization.yaml", "resources: [a.yaml, b.yaml]\n"}, {"a.yaml", kConfigMap}, {"b.yaml", aliases}}, options)
                  .has_value());
  options.limits = {.max_nodes = 8};
  EXPECT_NE(Message(BuildTree({{"kustomization.yaml", "resources: [b.yaml]\n"}, {"b.yaml", aliases}}, options))
                .find("more than 8 nodes, aliases expanded"),
            std::string::npos);

  options.limits = {.max_comparisons = 0};
  const Tree patched = {{"kustomization.yaml",
                         "resources: [a.yaml]\npatches: [{target: {name: .*}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels\", "
                         "\"value\": {}}]'}]\n"},
                        {"a.yaml", kConfigMap}};
  EXPECT_NE(Message(BuildTree(patched, options)).find("too many objects times too many targets: name the targets, or split the build"),
            std::string::npos);

  options.limits = {.max_bytes = 30};
  EXPECT_NE(Message(BuildTree(patched, options))
                .find("this build reads and writes more than 30 bytes: split it, or write less into fewer places"),
            std::string::npos);
}

TEST(Build, EndsWhenItIsToldTo) {
  const Tree tree = {{"kustomization.yaml", "resources: [a.yaml]\nnamePrefix: x-\nlabels: [{pairs: {a: b}}]\n"}, {"a.yaml", kConfigMap}};
  std::size_t asked = 0;
  BuildOptions options;
  options.interrupt = [&asked]() -> base::Result<void> {
    ++asked;
    return {};
  };
  EXPECT_TRUE(BuildTree(tree, options).has_value());
  const std::size_t steps = asked;
  EXPECT_GT(steps, 5u);
  for (std::size_t step = 1; step <= steps; ++step) {
    asked = 0;
    options.interrupt = [&]() -> base::Result<void> {
      if (++asked < step) return {};
      return base::MakeError(base::Reason::TooLarge, "enough");
    };
    EXPECT_NE(Message(BuildTree(tree, options)).find("enough"), std::string::npos) << step;
  }
}

TEST(Build, ReadSetIsWhatMatters) {
  const Tree tree = {{"over/kustomization.yaml", "resources: [../base]\npatches: [{path: p.yaml}]\n"},
                     {"over/p.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: y}\n"},
                     {"base/kustomization.yaml", "resources: [a.yaml]\n"},
                     {"base/a.yaml", kConfigMap},
                     {"base/unused.yaml", "x"},
                     {"other/kustomization.yaml", "namePrefix: x\n"}};
  const auto files = base::MemoryFiles(tree);
  const base::RecordingFiles recording(*files);
  const auto built = Build(recording, "over", {});
  ASSERT_TRUE(built.has_value()) << built.error().message;
  const base::ReadSet set = recording.Take();
  for (const auto& [path, text] : tree) {
    SCOPED_TRACE(path);
    Tree changed = tree;
    changed[path] += "\n# changed";
    const bool read = path.starts_with("over") || path == "base/kustomization.yaml" || path == "base/a.yaml";
    EXPECT_EQ(base::Unchanged(set, *base::MemoryFiles(changed)), !read);
  }
  Tree second = tree;
  second["base/kustomization.yml"] = "namePrefix: y\n";
  EXPECT_FALSE(base::Unchanged(set, *base::MemoryFiles(second))) << "a second kustomization file would be an error";
}

TEST(Build, Warnings) {
  const auto built =
      BuildTree({{"kustomization.yaml", "bases: [b]\nvars: [{name: X, objref: {apiVersion: v1, kind: ConfigMap, name: a}}]\n"},
                 {"b/kustomization.yaml", "resources: [a.yaml]\n"},
                 {"b/a.yaml", kConfigMap}});
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_EQ(built->warnings, (std::vector<std::string>{"# Warning: 'bases' is deprecated. Please use 'resources' instead. Run 'kustomize "
                                                       "edit fix' to update your Kustomization automatically.",
                                                       "# Warning: 'vars' is deprecated. Please use 'replacements' instead. [EXPERIMENTAL] "
                                                       "Run 'kustomize edit fix' to update your Kustomization automatically.",
                                                       "well-defined vars that were never replaced: X"}));
}

TEST(Build, NothingIsPrintedForNothing) { EXPECT_EQ(Message(BuildTree({{"kustomization.yaml", "namePrefix: x\n"}})), "built: "); }

}  // namespace
}  // namespace sluice::kustomize
