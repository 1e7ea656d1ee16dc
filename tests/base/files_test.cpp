#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "base/paths.h"

namespace sluice::base {
namespace {

namespace fs = std::filesystem;

class Directory : public testing::Test {
 protected:
  Directory() {
    char name[] = "/tmp/sluice-files-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directories(root_ / "repo" / "apps" / "web");
    Write("secret.txt", "outside");
    Write("repo/a.yaml", "a: 1\n");
    Write("repo/apps/web/w.yaml", "w: 1\n");
    Link("a.yaml", "repo/inside");
    Link("../../a.yaml", "repo/apps/web/up");
    Link("apps/web", "repo/short");
    Link("../secret.txt", "repo/out");
    Link("/etc/passwd", "repo/absolute");
    Link((root_ / "repo/apps").string(), "repo/absolute-inside");
    Link("loop2", "repo/loop1");
    Link("loop1", "repo/loop2");
    Link("..", "repo/parent");
    Link("nowhere", "repo/dangling");
    mkfifo((root_ / "repo/pipe").c_str(), 0600);
    files_ = OpenDirectory((root_ / "repo").string(), 100);
  }
  ~Directory() override { fs::remove_all(root_); }
  void Write(const std::string& path, std::string_view text) { std::ofstream(root_ / path) << text; }
  void Link(const std::string& target, const std::string& path) { fs::create_symlink(target, root_ / path); }
  std::string Message(const std::string& text) const {  // with the root's changing name taken out
    std::string out = text;
    const std::string root = root_.string();
    for (std::size_t at; (at = out.find(root)) != out.npos;) out.replace(at, root.size(), "ROOT");
    return out;
  }

  fs::path root_;
  std::unique_ptr<Files> files_;
};

TEST_F(Directory, ReadsAndResolves) {
  struct Row {
    std::string_view path, content, resolved;
  };
  constexpr Row kRows[] = {{"a.yaml", "a: 1\n", "a.yaml"},
                           {"./apps/../a.yaml", "a: 1\n", "a.yaml"},
                           {"apps/web/w.yaml", "w: 1\n", "apps/web/w.yaml"},
                           {"inside", "a: 1\n", "a.yaml"},
                           {"apps/web/up", "a: 1\n", "a.yaml"},
                           {"short/w.yaml", "w: 1\n", "apps/web/w.yaml"},
                           {"short/up", "a: 1\n", "a.yaml"},
                           {"absolute-inside/web/w.yaml", "w: 1\n", "apps/web/w.yaml"}};
  for (const Row& row : kRows) {
    EXPECT_EQ(files_->Read(row.path).value(), row.content) << row.path;
    EXPECT_EQ(files_->Resolve(row.path).value(), row.resolved);
  }
  EXPECT_EQ(files_->Resolve(".").value(), ".");
  EXPECT_EQ(files_->Resolve("short").value(), "apps/web");
}

TEST_F(Directory, RefusesWithAReason) {
  struct Row {
    std::string_view path;
    Reason reason;
    std::string_view message;
  };
  constexpr Row kRows[] = {
      {"missing", Reason::NotFound, "ROOT/repo/missing: no such file or directory"},
      {"apps/none/x", Reason::NotFound, "ROOT/repo/apps/none/x: no such file or directory"},
      {"short/none", Reason::NotFound, "ROOT/repo/short/none: no such file or directory"},
      {"parent/secret.txt", Reason::Invalid, "ROOT/repo/parent/secret.txt: leads outside of ROOT/repo"},
      {"a.yaml/x", Reason::NotFound, "ROOT/repo/a.yaml/x: no such file or directory"},
      {"dangling", Reason::NotFound, "ROOT/repo/dangling: no such file or directory"},
      {"apps", Reason::Invalid, "ROOT/repo/apps: is a directory"},
      {"pipe", Reason::Invalid, "ROOT/repo/pipe: not a regular file"},
      {"../secret.txt", Reason::Invalid, "ROOT/repo/../secret.txt: leads outside of ROOT/repo"},
      {"/etc/passwd", Reason::Invalid, "ROOT/repo//etc/passwd: leads outside of ROOT/repo"},
      {"out", Reason::Invalid, "ROOT/repo/out: leads outside of ROOT/repo"},
      {"parent", Reason::Invalid, "ROOT/repo/parent: leads outside of ROOT/repo"},
      {"absolute", Reason::Invalid, "ROOT/repo/absolute: leads outside of ROOT/repo"},
      {"loop1", Reason::Invalid, "ROOT/repo/loop1: too many levels of symbolic links"},
  };
  for (const Row& row : kRows) {
    const auto read = files_->Read(row.path);
    ASSERT_FALSE(read) << row.path;
    EXPECT_EQ(ToString(read.error().reason), ToString(row.reason)) << row.path;
    EXPECT_EQ(Message(read.error().message), row.message);
  }
  Write("repo/large", std::string(101, 'x'));
  EXPECT_EQ(Message(files_->Read("large").error().message), "ROOT/repo/large: larger than 100 bytes");
  EXPECT_EQ(files_->Read("large").error().reason, Reason::TooLarge);
}

TEST_F(Directory, ListsInByteOrderWithLinksUnresolved) {
  fs::permissions(root_ / "repo/a.yaml", fs::perms::owner_all);
  std::string text;
  for (const FileInfo& entry : files_->List(".").value()) {
    text += entry.name + ":" + "fdlo"[static_cast<int>(entry.type)] + std::to_string(entry.size) + (entry.executable ? "x " : " ");
  }
  EXPECT_EQ(text,
            "a.yaml:f5x absolute:l0 absolute-inside:l0 apps:d0 dangling:l0 inside:l0 loop1:l0 loop2:l0 out:l0 parent:l0 pipe:o0 short:l0 ");
  EXPECT_EQ(Message(files_->List("a.yaml").error().message), "ROOT/repo/a.yaml: not a directory");
  EXPECT_EQ(files_->Stat("inside").value().type, FileType::Regular);
  EXPECT_EQ(files_->Stat("short").value().name, "short");
  EXPECT_EQ(OpenDirectory((root_ / "no").string())->List(".").error().reason, Reason::NotFound);
}

TEST(Paths, Lexical) {
  struct Row {
    std::string_view path, want;
  };
  constexpr Row kRows[] = {{"", "."},         {".", "."},   {"a", "a"},       {"a/./b/../c", "a/c"},   {"a//b/", "a/b"},
                           {"a/..", "."},     {"./a", "a"}, {"..", "(none)"}, {"a/../../b", "(none)"}, {"/a", "(none)"},
                           {"..a/b", "..a/b"}};
  for (const Row& row : kRows) EXPECT_EQ(NormalizePath(row.path).value_or("(none)"), row.want) << row.path;
  EXPECT_FALSE(NormalizePath(std::string_view("a\0b", 3)));
}

TEST(Path, BelowARootThatIsTheTopOfAll) {
  struct Row {
    std::string_view path, want;
  };
  constexpr Row kRows[] = {
      {"", "."},       {"/", "."}, {"..", "."}, {"../../apps", "apps"}, {"/../apps", "apps"}, {"a/../../b/", "b"}, {"./a//b/./../c", "a/c"},
      {"a..b", "a..b"}};
  for (const Row& row : kRows) EXPECT_EQ(NormalizeBelowRoot(row.path).value_or("(none)"), row.want) << row.path;
  EXPECT_FALSE(NormalizeBelowRoot(std::string_view("a\0b", 3)));
  EXPECT_EQ(JoinPath("a/b", "../c"), "a/c");
  EXPECT_EQ(JoinPath(".", "x"), "x");
  EXPECT_FALSE(JoinPath("a", "../../x"));
  EXPECT_FALSE(JoinPath("a", "/x"));
  EXPECT_EQ(DirName("a/b"), "a");
  EXPECT_EQ(DirName("a"), ".");
  EXPECT_EQ(BaseName("a/b"), "b");
}

TEST(Memory, EmptyDirectoriesAndExecutables) {
  const auto files = MemoryFiles({{"bin/run", "1"}, {"bin/text", "2"}}, {"empty", "a/b", "bin"}, {"bin/run"});
  EXPECT_TRUE(files->Stat("bin/run").value().executable);
  EXPECT_FALSE(files->Stat("bin/text").value().executable);
  EXPECT_EQ(files->Stat("a/b").value().type, FileType::Directory);
  EXPECT_TRUE(files->List("empty").value().empty());
  std::string names;
  for (const auto& entry : files->List(".").value()) names += entry.name + " ";
  EXPECT_EQ(names, "a bin empty ");
}

TEST(Memory, IsATree) {
  const auto files = MemoryFiles({{"a/b/c.txt", "c"}, {"a/d.txt", "dd"}, {"./e", ""}, {"../no", "x"}});
  EXPECT_EQ(files->Read("a/./b/c.txt").value(), "c");
  EXPECT_EQ(files->Stat("a/d.txt").value().content_id, Sha256Hex("dd"));
  EXPECT_EQ(files->Stat("a").value().type, FileType::Directory);
  std::string names;
  for (const auto& entry : files->List("a").value()) names += entry.name + " ";
  for (const auto& entry : files->List(".").value()) names += entry.name + " ";
  EXPECT_EQ(names, "b d.txt a e ");
  EXPECT_EQ(files->Read("a").error().message, "a: is a directory");
  EXPECT_EQ(files->Read("x").error().message, "x: no such file or directory");
  EXPECT_EQ(files->Read("../x").error().message, "../x: leads outside of the tree");
  EXPECT_EQ(files->List("e").error().message, "e: not a directory");
  EXPECT_EQ(MemoryFiles({})->List(".").value().size(), 0u);
}

TEST_F(Directory, SubTreeIsConfined) {
  const std::shared_ptr<const Files> whole = std::move(files_);
  const auto web = SubTree(whole, "apps/web");
  EXPECT_EQ(web->Read("w.yaml").value(), "w: 1\n");
  EXPECT_EQ(web->Read("up").value(), "a: 1\n");  // links may lead elsewhere in the whole
  EXPECT_EQ(web->Resolve("up").value(), "");
  EXPECT_EQ(web->Resolve("w.yaml").value(), "w.yaml");
  EXPECT_EQ(web->Resolve(".").value(), ".");
  EXPECT_EQ(Message(web->Read("../../a.yaml").error().message), "ROOT/repo/a.yaml: leads outside of ROOT/repo/apps/web");
  EXPECT_EQ(web->List(".").value().size(), 2u);
  EXPECT_EQ(SubTree(whole, "short")->Resolve("w.yaml").value(), "w.yaml");
  EXPECT_EQ(web->Stat(".").value().type, FileType::Directory);
}

TEST(Recording, NotesWhatWasRead) {
  const auto inner = MemoryFiles({{"a/k.yaml", "k"}, {"a/b.yaml", "b"}, {"c", "c"}});
  const RecordingFiles files(*inner);
  ASSERT_TRUE(files.Read("a/./k.yaml"));
  ASSERT_FALSE(files.Stat("a/missing"));
  ASSERT_TRUE(files.Stat("a"));
  ASSERT_TRUE(files.List("a"));
  ASSERT_FALSE(files.Read("a"));
  ASSERT_TRUE(files.Resolve("c"));
  const ReadSet set = files.Take();
  EXPECT_EQ(set.files, (std::map<std::string, std::string>{{"a", "directory"}, {"a/k.yaml", Sha256Hex("k")}, {"a/missing", ""}}));
  EXPECT_EQ(set.directories.size(), 1u);
  EXPECT_EQ(set.links, (std::map<std::string, std::string>{{"c", "c"}}));
}

TEST(Recording, UnchangedSeesEveryChangeThatMatters) {
  const std::map<std::string, std::string> base = {{"a/k.yaml", "k"}, {"a/b.yaml", "b"}, {"c", "c"}};
  const auto inner = MemoryFiles(base);
  const RecordingFiles files(*inner);
  ASSERT_TRUE(files.Read("a/k.yaml"));
  ASSERT_FALSE(files.Stat("a/missing"));
  ASSERT_TRUE(files.List("a"));
  const ReadSet set = files.Take();
  const auto with = [&](const std::string& path, const std::string& content) {
    auto copy = base;
    copy[path] = content;
    return Unchanged(set, *MemoryFiles(copy));
  };
  EXPECT_TRUE(Unchanged(set, *inner));
  EXPECT_TRUE(with("c", "changed, but nobody looked"));
  EXPECT_TRUE(with("a/b.yaml", "listed, but not read"));
  EXPECT_FALSE(with("a/k.yaml", "changed"));
  EXPECT_FALSE(with("a/missing", "here now"));
  EXPECT_FALSE(with("a/new.yaml", "a new name in the listing"));
  EXPECT_FALSE(with("a/b.yaml/x", "a directory now"));
}

TEST_F(Directory, RecordingWorksWithoutContentIds) {
  const RecordingFiles files(*files_);
  ASSERT_TRUE(files.Read("inside"));
  const ReadSet set = files.Take();
  EXPECT_EQ(set.files.at("inside"), Sha256Hex("a: 1\n"));
  EXPECT_TRUE(Unchanged(set, *files_));
  Write("repo/a.yaml", "a: 2\n");
  EXPECT_FALSE(Unchanged(set, *files_));
}

}  // namespace
}  // namespace sluice::base
