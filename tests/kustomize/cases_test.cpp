// Golden cases: tests/kustomize/cases/<case>/ holds in/ (a tree), want.yaml (what the real kustomize prints, its version in the first line) or
// want.error (our message in full; `<IN>` is the tree), and where needed path (the directory to build) and flags (kustomize's).
// refresh.py asks the real kustomize again.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/files.h"
#include "kustomize/build.h"

namespace sluice::kustomize {
namespace {

namespace fs = std::filesystem;

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string FirstLine(const fs::path& path) {
  const std::string text = ReadText(path);
  return text.substr(0, text.find('\n'));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

BuildOptions OptionsFrom(const std::string& flags) {
  BuildOptions options;
  if (flags.find("--reorder none") != flags.npos) options.reorder = Reorder::None;
  if (flags.find("LoadRestrictionsNone") != flags.npos) options.load_restrictor = LoadRestrictor::None;
  return options;
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, BuildsAsKustomizeDoes) {
  const fs::path folder = fs::path(SLUICE_SOURCE_DIR) / "tests/kustomize/cases" / GetParam();
  const std::string tree = (folder / "in").string();
  const std::string path = fs::exists(folder / "path") ? FirstLine(folder / "path") : ".";
  const auto files = base::OpenDirectory(tree);
  const auto built = Build(*files, path, OptionsFrom(ReadText(folder / "flags")));
  if (fs::exists(folder / "want.error")) {
    ASSERT_FALSE(built.has_value()) << Print(built->documents);
    EXPECT_EQ(Replaced(built.error().message, tree, "<IN>") + "\n", ReadText(folder / "want.error"));
    return;
  }
  ASSERT_TRUE(built.has_value()) << built.error().message;
  const std::string want = ReadText(folder / "want.yaml");
  ASSERT_TRUE(want.starts_with("# kustomize v")) << "want.yaml is missing, or does not name the tool it comes from";
  EXPECT_EQ(Print(built->documents), want.substr(want.find('\n') + 1));
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(SLUICE_SOURCE_DIR) / "tests/kustomize/cases"))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string TestName(const testing::TestParamInfo<std::string>& info) { return Replaced(info.param, "-", "_"); }

INSTANTIATE_TEST_SUITE_P(Golden, Cases, testing::ValuesIn(Names()), TestName);

}  // namespace
}  // namespace sluice::kustomize
