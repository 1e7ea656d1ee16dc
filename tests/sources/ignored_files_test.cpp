#include "sources/artifact/ignored_files.h"

#include <gtest/gtest.h>

#include "base/archive.h"
#include "base/ignore.h"
#include "sources/artifact/budget_files.h"
#include "sources/artifact/unpack.h"
#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

std::shared_ptr<const base::Files> Memory(std::map<std::string, std::string> files) { return base::MemoryFiles(std::move(files)); }

/// What a consumer sees of the artifact that Flux would pack: every path asked for by itself.
std::string Artifact(const base::Files& whole, const std::optional<std::string>& ignore) {
  const auto matcher = base::IgnoreMatcher::Load(whole, ignore.value_or("")).value();
  std::string bytes;
  const base::PackOptions options{.ignored = [&](std::string_view path, bool directory) { return matcher.Ignored(path, directory); }};
  const auto packed = base::PackTree(whole, options, [&](std::string_view piece) -> base::Result<void> {
    bytes += piece;
    return {};
  });
  if (!packed) return packed.error().message;
  return Shown(**UnpackArtifact(bytes));
}

struct Row {
  std::string_view rule;
  std::map<std::string, std::string> files;
  std::optional<std::string> ignore;
  std::string_view want;
};

const Row kRows[] = {
    {"all without rules but the defaults",
     {{"a.yaml", "1"}, {"pic.png", "2"}, {".github/x", "3"}, {".gitignore", "4"}, {"b/.sops.yaml", "5"}},
     std::nullopt,
     "a.yaml=1\nb/\n"},
    {"a rule ends the defaults, but not version control's list",
     {{"a.yaml", "1"}, {"pic.png", "2"}, {".gitattributes", "4"}},
     "nothing",
     "a.yaml=1\npic.png=2\n"},
    {"spec.ignore", {{"a", "1"}, {"docs/b", "2"}, {"x/docs/c", "3"}}, "docs/", "a=1\nx/\n"},
    {"rooted", {{"docs/b", "2"}, {"x/docs/c", "3"}}, "/docs/", "x/docs/c=3\n"},
    {"all but one", {{"a", "1"}, {"deploy/b", "2"}, {"deploy/sub/c", "3"}}, "/*\n!/deploy", "deploy/b=2\ndeploy/sub/c=3\n"},
    {"a file below an ignored directory comes back, with its directories",
     {{"a", "1"}, {"x/y/keep", "2"}, {"x/y/drop", "3"}, {"x/z/drop", "4"}},
     "x/\n!x/y/keep",
     "a=1\nx/y/keep=2\n"},
    {"each .sourceignore counts below itself",
     {{".sourceignore", "*.txt\n"},
      {"a.txt", "1"},
      {"b/.sourceignore", "!keep.txt\n*.md\n"},
      {"b/keep.txt", "2"},
      {"b/c.md", "3"},
      {"c.md", "4"}},
     std::nullopt,
     ".sourceignore=*.txt\n\nb/.sourceignore=!keep.txt\n*.md\n\nb/keep.txt=2\nc.md=4\n"},
    {"spec.ignore comes last", {{".sourceignore", "*.txt\n"}, {"a.txt", "1"}}, "!a.txt", ".sourceignore=*.txt\n\na.txt=1\n"},
    {"everything", {{"a", "1"}, {"b/c", "2"}}, "*", ""},
};

TEST(IgnoredFiles, EqualTheArtifact) {
  for (const Row& row : kRows) {
    const auto whole = Memory(row.files);
    const auto filtered = WithoutIgnored(whole, row.ignore);
    ASSERT_TRUE(filtered) << MessageOf(filtered);
    EXPECT_EQ(Shown(**filtered), row.want) << row.rule;
    EXPECT_EQ(Artifact(*whole, row.ignore), row.want) << row.rule;
  }
}

TEST(IgnoredFiles, HiddenPathsAreAbsent) {
  const auto filtered = WithoutIgnored(Memory({{"a/secret", "1"}, {"a/open", "2"}, {"gone/x", "3"}}), "secret\ngone/").value();
  EXPECT_EQ(filtered->Read("a/open").value(), "2");
  EXPECT_EQ(filtered->Resolve("a/./open").value(), "a/open");
  EXPECT_EQ(filtered->Stat(".").value().type, base::FileType::Directory);
  for (const char* path : {"a/secret", "gone", "gone/x", "none", "a/open/x"}) {
    EXPECT_EQ(MessageOf(filtered->Stat(path)), std::string(path) + ": no such file or directory");
    EXPECT_EQ(MessageOf(filtered->Read(path)), std::string(path) + ": no such file or directory");
    EXPECT_EQ(MessageOf(filtered->List(path)), std::string(path) + ": no such file or directory");
    EXPECT_EQ(MessageOf(filtered->Resolve(path)), std::string(path) + ": no such file or directory");
  }
  EXPECT_EQ(MessageOf(filtered->Stat("../x")), "../x: leads outside of the tree");
}

TEST(IgnoredFiles, LinksAreAbsentWhereverTheyLead) {
  const TemporaryDirectory directory;
  Shell("cd " + directory.path() +
        " && mkdir d && echo 1 > d/f && ln -s d/f file && ln -s d dir && ln -s /etc/passwd out && ln -s ../.. up && ln -s loop loop && ln "
        "-s nowhere broken");
  const std::shared_ptr<const base::Files> whole = base::OpenDirectory(directory.path());
  const auto filtered = WithoutIgnored(whole, std::nullopt).value();
  EXPECT_EQ(Shown(*filtered), "d/f=1\n\n");
  EXPECT_EQ(Artifact(*whole, std::nullopt), "d/f=1\n\n");
  for (const char* path : {"file", "dir", "dir/f", "out", "up", "up/x", "loop", "broken"})
    EXPECT_EQ(ReasonOf(filtered->Stat(path)), "NotFound") << path;
}

// T16: patterns cost a step for each name of a path, however many stars they hold, and there is an end to them.
TEST(IgnoredFiles, T16PatternsAreBounded) {
  std::string stars, many;
  for (int i = 0; i < 1000; ++i) stars += "**/";
  for (int i = 0; i < 1000; ++i) many += stars + "none" + std::to_string(i) + "\n";
  std::map<std::string, std::string> files;
  for (int i = 0; i < 1000; ++i) files["d" + std::to_string(i % 10) + "/e/f" + std::to_string(i)] = "x";
  files["d0/e/none7"] = "y";
  const auto whole = Memory(files);
  const std::string limit = many.substr(0, many.rfind(stars, 1'000'000));
  const auto filtered = WithoutIgnored(whole, limit).value();
  EXPECT_EQ(ReasonOf(filtered->Stat("d0/e/none7")), "NotFound");
  EXPECT_EQ(filtered->List("d0/e")->size(), 100u);
  EXPECT_EQ(MessageOf(WithoutIgnored(whole, std::string((1u << 20) + 1, 'x'))), "ignore: more than 1048576 bytes of ignore patterns");
  std::string lines;
  for (int i = 0; i <= 10'000; ++i) lines += "x\n";
  EXPECT_EQ(MessageOf(WithoutIgnored(whole, lines)), "ignore: more than 10000 ignore patterns");
  const auto large = Memory({{"sub/.sourceignore", std::string(10u << 20, '#')}});
  EXPECT_EQ(MessageOf(WithoutIgnored(large, std::nullopt)), "sub/.sourceignore: more than 1048576 bytes of ignore patterns");
}

// T10 and the tree that names itself: a walk ends at its budget.
TEST(IgnoredFiles, WalksAreBounded) {
  const auto files = base::MemoryFiles({{"a/b/c/d", "12345"}, {"e", "123456"}});
  const BudgetFiles entries(*files, {.max_entries = 1});
  EXPECT_EQ(MessageOf(entries.List(".")), ".: the tree holds more than 1 files and directories: leave some out, or raise the limit");
  const BudgetFiles deep(*files, {.max_depth = 2});
  EXPECT_TRUE(deep.List("a/b"));
  EXPECT_EQ(MessageOf(deep.List("a/b/c")), "a/b/c: the tree is deeper than 2 directories or 4096 bytes of path");
  const BudgetFiles bytes(*files, {.max_bytes = 10});
  EXPECT_TRUE(bytes.Read("a/b/c/d"));
  EXPECT_EQ(MessageOf(bytes.Read("e")), "e: the tree holds more than 10 bytes: leave files out with .sourceignore, or raise the limit");
  EXPECT_EQ(ReasonOf(bytes.Read("none")), "NotFound");
}

}  // namespace
}  // namespace sluice::sources
