// The rule between floors: a file includes headers of its own folder and of lower floors. The table in docs/architecture.md is the rule.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/base/source_tree.h"

namespace {

namespace fs = std::filesystem;

using sluice::base::ReadFile;

const fs::path& kRoot = sluice::base::kSourceRoot;

// `| floor | `folder/` | ...` -> folder -> floor.
std::map<std::string, int> ReadFloors(const std::string& page) {
  std::map<std::string, int> floors;
  const std::regex row(R"(^\|\s*(\d+)\s*\|\s*`([a-z_]+)/`\s*\|)");
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_search(line, match, row)) floors.emplace(match[2], std::stoi(match[1]));
  }
  return floors;
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.find('/')); }

// What is wrong with `include` in a file of `folder`; "" if nothing.
std::string Violation(const std::map<std::string, int>& floors, const std::string& folder, const std::string& include) {
  const std::string target = FolderOf(include);
  if (include.find('/') == std::string::npos) return "is not written from the root of the tree";
  const auto to = floors.find(target);
  if (to == floors.end()) return "is of a folder that is on no floor";
  if (target == folder || to->second < floors.at(folder)) return "";
  return to->second == floors.at(folder) ? "is of a neighbour on the same floor" : "is of a higher floor";
}

std::vector<std::string> Includes(const std::string& source) {
  std::vector<std::string> includes;
  const std::regex include(R"re(^\s*#\s*include\s*"([^"]+)")re", std::regex::multiline);
  for (std::sregex_iterator it(source.begin(), source.end(), include), end; it != end; ++it) includes.push_back((*it)[1]);
  return includes;
}

TEST(IncludeRule, HoldsInEveryFolder) {
  const auto floors = ReadFloors(ReadFile(kRoot / "docs" / "architecture.md"));
  ASSERT_GE(floors.size(), 8u) << "docs/architecture.md has no table of floors";
  std::size_t checked = 0;
  for (const auto& [folder, floor] : floors) {
    if (!fs::exists(kRoot / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      for (const std::string& include : Includes(ReadFile(entry.path()))) {
        ++checked;
        EXPECT_EQ(Violation(floors, folder, include), "") << entry.path().lexically_relative(kRoot) << " includes \"" << include << "\"";
      }
    }
  }
  EXPECT_GT(checked, 20u);
}

TEST(IncludeRule, EveryFolderWithSourcesHasAFloor) {
  const auto floors = ReadFloors(ReadFile(kRoot / "docs" / "architecture.md"));
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    const std::string folder = entry.path().filename();
    if (!entry.is_directory() || folder[0] == '.' || folder == "build") continue;
    if (folder == "tests" || folder == "bench" || folder == "examples") continue;  // beside the house: they may include all of it
    bool sources = false;
    for (const auto& file : fs::recursive_directory_iterator(entry.path())) sources |= file.path().extension() == ".cpp";
    if (sources) {
      EXPECT_TRUE(floors.contains(folder)) << folder << "/ has sources but no row in docs/architecture.md";
    }
  }
}

TEST(IncludeRule, SeesEachKindOfViolation) {
  const std::map<std::string, int> floors = {{"base", 0}, {"document", 1}, {"net", 1}, {"kube", 3}};
  EXPECT_EQ(Violation(floors, "kube", "document/value.h"), "");
  EXPECT_EQ(Violation(floors, "kube", "kube/client.h"), "");
  EXPECT_EQ(Violation(floors, "net", "document/value.h"), "is of a neighbour on the same floor");
  EXPECT_EQ(Violation(floors, "document", "kube/client.h"), "is of a higher floor");
  EXPECT_EQ(Violation(floors, "kube", "vendor/x.h"), "is of a folder that is on no floor");
  EXPECT_EQ(Violation(floors, "kube", "client.h"), "is not written from the root of the tree");
  EXPECT_EQ(Includes("#include <string>\n  #include \"base/result.h\"\n// #include \"x\"\n"), std::vector<std::string>{"base/result.h"});
  EXPECT_EQ(ReadFloors("| floor | folder |\n|---|---|\n| 3 | `kube/` | one\n"), (std::map<std::string, int>{{"kube", 3}}));
}

}  // namespace
