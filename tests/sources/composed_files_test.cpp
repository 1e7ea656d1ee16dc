#include "sources/artifact/composed_files.h"

#include <gtest/gtest.h>

#include "base/archive.h"
#include "sources/artifact/ignored_files.h"
#include "sources/artifact/unpack.h"
#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

using FilesPtr = std::shared_ptr<const base::Files>;

FilesPtr Memory(std::map<std::string, std::string> files) { return base::MemoryFiles(std::move(files)); }

/// The tree as a consumer of its artifact sees it.
std::string Packed(const base::Files& files) {
  std::string bytes;
  const auto packed = base::PackTree(files, {}, [&](std::string_view piece) -> base::Result<void> {
    bytes += piece;
    return {};
  });
  return packed ? Shown(**UnpackArtifact(bytes)) : packed.error().message;
}

TEST(ComposedFiles, T16PathsStayInside) {
  constexpr std::pair<std::string_view, std::string_view> kRows[] = {
      {"", "."},       {".", "."},  {"/", "."},       {"a", "a"},         {"./a//b/", "a/b"},
      {"/a/b", "a/b"}, {"..", "."}, {"../../a", "a"}, {"a/../../b", "b"}, {"a/b/../../..", "."},
      {"...", "..."},
  };
  for (const auto& [path, want] : kRows) EXPECT_EQ(ClampPath(path).value_or("error"), want) << path;
  EXPECT_EQ(MessageOf(ClampPath(std::string("a\0b", 3))), "path with a NUL byte");
  EXPECT_EQ(MessageOf(ClampPath(std::string(4097, 'a'))), "path longer than 4096 bytes");
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "a/";
  EXPECT_EQ(MessageOf(ClampPath(deep)), "path deeper than 64 directories");
}

TEST(ComposedFiles, MountsHideAndNest) {
  const FilesPtr whole = Memory({{"a", "1"}, {"vendor/old", "2"}, {"x/y", "3"}});
  const FilesPtr lib = Memory({{"l", "4"}, {"sub/m", "5"}}), inner = Memory({{"i", "6"}});
  const FilesPtr made = WithMounts(whole, {{"vendor", lib, "."}, {"vendor/sub/deep", inner, "."}, {"new/dir/file", whole, "a"}});
  EXPECT_EQ(Shown(*made), "a=1\nnew/dir/file=1\nvendor/l=4\nvendor/sub/deep/i=6\nvendor/sub/m=5\nx/y=3\n");
  EXPECT_EQ(Packed(*made), Shown(*made));
  EXPECT_EQ(ReasonOf(made->Stat("vendor/old")), "NotFound");
  EXPECT_EQ(made->Stat("vendor/sub/deep")->name, "deep");
  EXPECT_EQ(made->Stat("new/dir/file")->name, "file");
  EXPECT_EQ(made->Resolve("vendor/sub/m").value_or("error"), "vendor/sub/m");
  EXPECT_EQ(made->Resolve("new/dir").value_or("error"), "new/dir");
  EXPECT_EQ(ReasonOf(made->Read("new/dir")), "Invalid");
  EXPECT_EQ(ReasonOf(made->Read("vendor/none")), "NotFound");
  EXPECT_EQ(ReasonOf(made->Stat("../x")), "Invalid");
  EXPECT_EQ(made->Stat("vendor/l")->content_id, lib->Stat("l")->content_id) << "equal content keeps its id";
}

TEST(ComposedFiles, CopiesAsFluxRenames) {
  const FilesPtr whole = base::MemoryFiles({{"apps/web.yaml", "1"}, {"file", "2"}}, {"empty"}, {});
  const FilesPtr lib = Memory({{"base/a", "3"}, {"base/sub/b", "4"}, {"one", "5"}});
  struct Row {
    const char *rule, *from, *to, *want;
  };
  constexpr Row kRows[] = {
      {"everything", "", "lib", "apps/web.yaml=1\nempty/\nfile=2\nlib/base/a=3\nlib/base/sub/b=4\nlib/one=5\n"},
      {"a directory, new parents", "base", "apps/x/y", "apps/web.yaml=1\napps/x/y/a=3\napps/x/y/sub/b=4\nempty/\nfile=2\n"},
      {"a file", "one", "apps/one.yaml", "apps/one.yaml=5\napps/web.yaml=1\nempty/\nfile=2\n"},
      {"onto an empty directory", "base/sub", "empty", "apps/web.yaml=1\nempty/b=4\nfile=2\n"},
      {"a file onto a file", "one", "file", "apps/web.yaml=1\nempty/\nfile=5\n"},
      {"T16 paths that leave are held at the root", "../../base/sub", "../../in", "apps/web.yaml=1\nempty/\nfile=2\nin/b=4\n"},
      {"T16 absolute paths", "/base/sub", "/in", "apps/web.yaml=1\nempty/\nfile=2\nin/b=4\n"},
      {"what is not there", "none", "in", "NotFound none: no such file or directory"},
      {"onto a directory with files", "base", "apps", "AlreadyExists apps: directory not empty"},
      {"onto the root", "base", ".", "AlreadyExists the root of the repository is not empty"},
      {"a directory onto a file", "base", "file", "AlreadyExists file: not a directory"},
      {"a file onto a directory", "one", "empty", "AlreadyExists empty: is a directory"},
      {"through a file", "base", "file/x", "Invalid file: not a directory"},
  };
  for (const Row& row : kRows) {
    const auto made = WithCopy(whole, lib, row.from, row.to);
    EXPECT_EQ(made ? Shown(**made) : ReasonOf(made) + " " + MessageOf(made), row.want) << row.rule;
  }
}

TEST(ComposedFiles, T8CopiesNeverLeaveThroughALink) {
  const TemporaryDirectory directory;
  WriteFile(directory.path() + "/tree/real/keep", "1");
  WriteFile(directory.path() + "/outside/canary", "2");
  Shell("cd " + directory.path() + "/tree && ln -s real link && ln -s ../outside out && ln -s /etc abs && ln -s loop loop");
  const FilesPtr whole = base::OpenDirectory(directory.path() + "/tree");
  const FilesPtr lib = Memory({{"a", "3"}});
  const auto inside = WithCopy(whole, lib, "", "link/lib");
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_EQ(Packed(**WithoutIgnored(*inside, std::nullopt)), "real/keep=1\nreal/lib/a=3\n") << "a link inside is followed, as by Flux";
  for (const char* to : {"out/lib", "abs/lib", "loop/lib"}) EXPECT_EQ(ReasonOf(WithCopy(whole, lib, "", to)), "Invalid") << to;
  EXPECT_EQ(ReadFile(directory.path() + "/outside/canary"), "2");
}

TEST(ComposedFiles, OnlyPathsShowsWhatIsChosen) {
  const FilesPtr whole = Memory({{"apps/web/a", "1"}, {"apps/db/b", "2"}, {"apps-old/c", "3"}, {"infra/d", "4"}, {"root", "5"}});
  struct Row {
    std::vector<std::string> paths;
    const char* want;
  };
  const Row rows[] = {
      {{"apps"}, "apps/db/b=2\napps/web/a=1\n"},
      {{"./apps/web", "infra/"}, "apps/web/a=1\ninfra/d=4\n"},
      {{"root"}, "root=5\n"},
      {{"."}, "apps/db/b=2\napps/web/a=1\napps-old/c=3\ninfra/d=4\nroot=5\n"},
      {{"/infra"}, "infra/d=4\n"},
      {{"../../infra"}, "infra/d=4\n"},
      {{"apps", "none/x"}, "NotFound sparse checkout dir 'none/x' does not exist in repository"},
      {{"ap"}, "NotFound sparse checkout dir 'ap' does not exist in repository"},
  };
  for (const Row& row : rows) {
    const auto chosen = OnlyPaths(whole, row.paths);
    EXPECT_EQ(chosen ? Shown(**chosen) : ReasonOf(chosen) + " " + MessageOf(chosen), row.want) << row.paths[0];
    if (!chosen) continue;
    EXPECT_EQ(Packed(**chosen), row.want) << row.paths[0];
  }
  const FilesPtr web = *OnlyPaths(whole, {"apps/web"});
  for (const char* hidden : {"root", "infra", "infra/d", "apps/db/b"}) EXPECT_EQ(ReasonOf(web->Stat(hidden)), "NotFound") << hidden;
}

}  // namespace
}  // namespace sluice::sources
