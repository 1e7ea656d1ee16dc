// docs/threats.md says which tests meet which threat: every row is there, and every test and every flag that it names.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/base/source_tree.h"

namespace {

namespace fs = std::filesystem;

using sluice::base::ReadFile;

const fs::path& kRoot = sluice::base::kSourceRoot;

struct Tests {
  std::string unit;                           // the sources of all unit tests
  std::map<std::string, std::string> suites;  // name of a Python file without its end -> source
};

Tests ReadTests() {
  Tests tests;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("_test.cpp")) tests.unit += ReadFile(entry.path());
    if (name.ends_with("_test.py")) tests.suites[entry.path().stem().string()] = ReadFile(entry.path());
  }
  return tests;
}

/// `file_test.Class` or `file_test.Class.test`.
bool PythonTestExists(const Tests& tests, const std::string& name) {
  const std::size_t dot = name.find('.'), second = name.find('.', dot + 1);
  const auto suite = tests.suites.find(name.substr(0, dot));
  if (suite == tests.suites.end()) return false;
  const std::size_t at = suite->second.find("\nclass " + name.substr(dot + 1, second - dot - 1) + "(");
  if (at == std::string::npos || second == std::string::npos) return at != std::string::npos;
  const std::size_t end = suite->second.find("\nclass ", at + 1);
  return suite->second.substr(at, end - at).find("    def " + name.substr(second + 1) + "(") != std::string::npos;
}

/// `Suite.Name` or `Suite.*`.
bool UnitTestExists(const Tests& tests, const std::string& name) {
  const std::size_t dot = name.find('.');
  const std::string test = name.substr(dot + 1), rest = test == "*" ? "" : test + ")";
  const std::string both = "(" + name.substr(0, dot) + ", " + rest;
  return tests.unit.find("\nTEST" + both) != std::string::npos || tests.unit.find("\nTEST_F" + both) != std::string::npos;
}

TEST(ThreatTable, NamesOnlyTestsAndFlagsThatExist) {
  const Tests tests = ReadTests();
  const std::string page = ReadFile(kRoot / "docs" / "threats.md"), flags = ReadFile(kRoot / "cli" / "controller_flags.cpp");
  const std::regex quoted("`([^`]+)`");
  std::size_t checked = 0;
  const std::size_t tables = page.find("\n## ");
  ASSERT_NE(tables, std::string::npos);
  for (std::sregex_iterator it(page.begin() + static_cast<std::ptrdiff_t>(tables), page.end(), quoted), end; it != end; ++it) {
    const std::string name = (*it)[1];
    ++checked;
    if (name.starts_with("--"))
      EXPECT_NE(flags.find('"' + name + '"'), std::string::npos) << name;
    else if (name.find('/') != std::string::npos)
      EXPECT_TRUE(fs::exists(kRoot / name)) << name;
    else
      EXPECT_TRUE(name.find("_test.") != std::string::npos ? PythonTestExists(tests, name) : UnitTestExists(tests, name)) << name;
  }
  EXPECT_GT(checked, 150u);
}

TEST(ThreatTable, HasEveryRow) {
  std::istringstream page(ReadFile(kRoot / "docs" / "threats.md"));
  const std::regex number("[TR][0-9]+");
  std::set<std::string> rows;
  for (std::string line; std::getline(page, line);) {
    const std::string first = line.starts_with("| ") ? line.substr(2, line.find(" |", 2) - 2) : "";
    for (std::sregex_iterator it(first.begin(), first.end(), number), end; it != end; ++it) rows.insert((*it)[0]);
  }
  for (int i = 1; i <= 87; ++i) EXPECT_TRUE(rows.contains("T" + std::to_string(i))) << i;
  for (int i = 1; i <= 52; ++i) EXPECT_TRUE(rows.contains("R" + std::to_string(i))) << i;
}

TEST(ThreatTable, SeesWhatIsMissing) {
  const Tests tests{.unit = "\nTEST(Suite, Name) {\n\nTEST_F(Other, Test) {\n",
                    .suites = {{"x_test", "\nclass A(Case):\n    def test_one(self):\n\nclass B(Case):\n    def test_two(self):\n"}}};
  for (const char* name : {"Suite.Name", "Suite.*", "Other.Test"}) EXPECT_TRUE(UnitTestExists(tests, name)) << name;
  for (const char* name : {"Suite.Nam", "Suite.Test", "None.*"}) EXPECT_FALSE(UnitTestExists(tests, name)) << name;
  for (const char* name : {"x_test.A", "x_test.A.test_one"}) EXPECT_TRUE(PythonTestExists(tests, name)) << name;
  for (const char* name : {"x_test.A.test_two", "x_test.C", "y_test.A"}) EXPECT_FALSE(PythonTestExists(tests, name)) << name;
}

}  // namespace
