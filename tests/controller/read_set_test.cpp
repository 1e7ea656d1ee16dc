// Random trees (tests/kustomize/random_trees.py), each changed in every place in several ways. What the skip check before a build (base::Unchanged)
// calls unchanged builds the same objects; what was read and now differs is noticed.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "controller/kustomization/build.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

namespace fs = std::filesystem;
using Tree = std::map<std::string, std::string>;

constexpr const char* kObject = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nobody-asked-for-it}\n";

struct Made {
  base::Result<BuildOutput> result;
  std::string text;
};

Made BuildAt(const Tree& tree, const std::string& path) {
  Spec spec;
  spec.path = path;
  const auto files = base::MemoryFiles(tree);
  const BuildInput input{.files = *files, .spec = spec, .name = "apps", .ns = "flux"};
  Made made{Build(input), ""};
  if (!made.result) return made;
  for (const document::Value& object : made.result->objects) made.text += "---\n" + document::EmitYaml(object);
  return made;
}

std::set<std::string> DirectoriesOf(const Tree& tree) {
  std::set<std::string> found = {"."};
  for (const auto& [path, text] : tree)
    for (std::string_view at = base::DirName(path); at != "."; at = base::DirName(at)) found.emplace(at);
  return found;
}

/// What a commit may do to one place of a tree.
struct Change {
  std::string what, path;
  Tree tree;
};

void ChangeFiles(const Tree& tree, std::vector<Change>& changes) {
  for (const auto& [path, text] : tree) {
    const auto add = [&](std::string what) -> Tree& { return changes.emplace_back(std::move(what), path, tree).tree; };
    add("longer")[path] += "\n# more\n";
    add("other")[path] = kObject;
    add("gone").erase(path);
    Tree& directory = add("a directory");
    directory.erase(path);
    directory[path + "/kustomization.yaml"] = "resources: []\nnamePrefix: x\n";
  }
}

void AddFiles(const Tree& tree, const base::ReadSet& reads, std::vector<Change>& changes) {
  std::set<std::string> places;
  for (const std::string& directory : DirectoriesOf(tree))
    for (const char* name : {"added.yaml", "added.txt", ".sourceignore", "kustomization.yml", "Kustomization", "sub/added.yaml"})
      places.insert(*base::JoinPath(directory, name));
  for (const auto& [path, id] : reads.files)
    if (id.empty()) places.insert(path);  // looked for in vain
  for (const std::string& path : places) {
    if (tree.contains(path)) continue;
    changes.emplace_back("added", path, tree).tree[path] = kObject;
  }
}

struct Count {
  int trees = 0, noticed = 0, missed = 0;
};

void Check(const Tree& tree, const std::string& path, Count& count) {
  const Made first = BuildAt(tree, path);
  if (!first.result) return;  // what fails is built again anyway
  ++count.trees;
  std::vector<Change> changes;
  ChangeFiles(tree, changes);
  AddFiles(tree, first.result->reads, changes);
  for (const Change& change : changes) {
    SCOPED_TRACE(change.what + ": " + change.path);
    const bool unchanged = base::Unchanged(first.result->reads, *base::MemoryFiles(change.tree));
    ++(unchanged ? count.missed : count.noticed);
    const auto read = first.result->reads.files.find(change.path);
    if (read != first.result->reads.files.end()) EXPECT_FALSE(unchanged) << "it was read, as " << read->second;
    if (!unchanged) continue;
    const Made again = BuildAt(change.tree, path);
    ASSERT_TRUE(again.result) << again.result.error().message;
    EXPECT_EQ(again.text, first.text);
    EXPECT_EQ(again.result->digest, first.result->digest);
  }
}

Tree ReadTree(const fs::path& root) {
  Tree tree;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    tree[fs::relative(entry.path(), root).string()].assign((std::istreambuf_iterator<char>(file)), {});
  }
  return tree;
}

/// (tree, directory to build) of the generator's trees `0 … count-1` of `seed`.
std::vector<std::pair<Tree, std::string>> RandomTrees(int seed, int count) {
  char name[] = "/tmp/sluice-read-set-XXXXXX";
  const fs::path root = mkdtemp(name);
  const std::string command = "python3 " SLUICE_SOURCE_DIR "/tests/kustomize/random_trees.py --seed " + std::to_string(seed) + " --count " +
                              std::to_string(count) + " " + root.string();
  std::vector<std::pair<Tree, std::string>> trees;
  if (std::system(command.c_str()) == 0) {
    for (int i = 0; i < count; ++i) {
      const fs::path folder = root / std::to_string(i);
      std::ifstream top(folder / "top");
      trees.emplace_back(ReadTree(folder / "tree"), std::string(std::istreambuf_iterator<char>(top), {}));
    }
  }
  fs::remove_all(root);
  return trees;
}

TEST(ReadSet, SaysWhatABuildDependsOn) {
  constexpr int kTrees = 40;
  const auto trees = RandomTrees(11, kTrees);
  ASSERT_EQ(trees.size(), kTrees);
  Count count;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    Tree tree = trees[i].first;
    for (const std::string& directory : DirectoriesOf(trees[i].first)) tree[*base::JoinPath(directory, "README.md")] = "for people\n";
    tree["elsewhere/kustomization.yaml"] = "resources: [../base0]\n";
    SCOPED_TRACE("tree " + std::to_string(i) + " of seed 11");
    Check(tree, trees[i].second, count);
    tree.erase("base0/kustomization.yaml");  // one is made of what lies below
    tree.erase("base0/README.md");
    tree["base0/deep/er.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\n";
    Check(tree, "base0", count);
  }
  // Enough of them build, and there is enough on either side.
  EXPECT_GE(count.trees, kTrees / 2);
  EXPECT_GT(count.noticed, 20 * count.trees);
  EXPECT_GT(count.missed, 20 * count.trees);
}

}  // namespace
}  // namespace sluice::controller::kustomization
