// What the real kustomize printed, read and printed again, must be the same bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "document/yaml.h"

namespace sluice::document {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The files `expected.yaml` below the sibling folder of conformance cases; empty if that is absent.
std::vector<fs::path> ExpectedFiles(const std::string& corpus) {
  std::vector<fs::path> out;
  const fs::path root = fs::path(SLUICE_SOURCE_DIR) / "../shared/corpus" / corpus;
  std::error_code error;
  for (fs::recursive_directory_iterator i(root, error), end; !error && i != end; i.increment(error)) {
    if (i.depth() > 2) i.disable_recursion_pending();
    if (i->path().filename() == "expected.yaml") out.push_back(i->path());
  }
  std::ranges::sort(out);
  return out;
}

/// The documents of an output that the real tools wrote: what stands between lines `---`.
std::vector<std::string> Documents(const std::string& text) {
  std::vector<std::string> out(1);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line == "---") {
      out.emplace_back();
    } else {
      out.back() += line + "\n";
    }
  }
  std::erase(out, "");
  return out;
}

/// The first line in which two texts differ, "" if they are equal.
std::string FirstDifference(const std::string& got, const std::string& want) {
  std::istringstream a(got), b(want);
  for (int number = 1;; ++number) {
    std::string x, y;
    const bool more_got = static_cast<bool>(std::getline(a, x)), more_want = static_cast<bool>(std::getline(b, y));
    if (!more_got && !more_want) return got == want ? "" : "the last line break";
    if (x != y || more_got != more_want) return "line " + std::to_string(number) + ": got [" + x + "], want [" + y + "]";
  }
}

void ExpectSameBytes(const std::string& corpus, std::size_t at_least) {
  const std::vector<fs::path> files = ExpectedFiles(corpus);
  if (files.empty()) GTEST_SKIP() << "no ../shared/corpus/" << corpus << " beside this checkout";
  std::size_t compared = 0;
  for (const fs::path& file : files) {
    for (const std::string& document : Documents(ReadAll(file))) {
      const auto value = ParseYaml(document, {.max_bytes = 64u << 20, .file = file.native()});
      ASSERT_TRUE(value) << value.error().message;
      ASSERT_EQ(FirstDifference(EmitYaml(*value), document), "") << file;
      ++compared;
    }
  }
  EXPECT_GE(compared, at_least);
}

TEST(RoundTrip, KustomizeOutputKeepsItsBytes) { ExpectSameBytes("kustomize", 1000); }
TEST(RoundTrip, FleetOutputKeepsItsBytes) { ExpectSameBytes("fleets", 1000); }

}  // namespace
}  // namespace sluice::document
