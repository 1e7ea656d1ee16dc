// Expectations by flux-contract 4.3 and the behaviour of fluxcd/pkg/sourceignore.
#include "base/ignore.h"

#include <gtest/gtest.h>

#include "base/glob.h"

namespace sluice::base {
namespace {

TEST(Glob, AsGoPathMatch) {
  struct Row {
    std::string_view pattern, name, want;
  };
  constexpr Row kRows[] = {{"abc", "abc", "yes"},
                           {"*", "abc", "yes"},
                           {"*c", "abc", "yes"},
                           {"a*", "a", "yes"},
                           {"a*", "ab/c", "no"},
                           {"a*/b", "abc/b", "yes"},
                           {"a*/b", "a/c/b", "no"},
                           {"a*b*c*d*e*/f", "axbxcxdxe/f", "yes"},
                           {"a*b?c*x", "abxbbxdbxebxczzx", "yes"},
                           {"a*b?c*x", "abxbbxdbxebxczzy", "no"},
                           {"ab[c]", "abc", "yes"},
                           {"ab[b-d]", "abc", "yes"},
                           {"ab[e-g]", "abc", "no"},
                           {"ab[^c]", "abc", "no"},
                           {"ab[^e-g]", "abc", "yes"},
                           {"a\\*b", "a*b", "yes"},
                           {"a\\*b", "ab", "no"},
                           {"a?b", "a\u263ab", "yes"},
                           {"a[^a]b", "a\u263ab", "yes"},
                           {"a???b", "a\u263ab", "no"},
                           {"[a-\u03b6]*", "\u03b1", "yes"},
                           {"*[a-\u03b6]", "A", "no"},
                           {"a?b", "a/b", "no"},
                           {"[\\]a]", "]", "yes"},
                           {"[\\-]", "-", "yes"},
                           {"[x\\-]", "z", "no"},
                           {"[]a]", "]", "bad"},
                           {"[-]", "-", "bad"},
                           {"[x-]", "x", "bad"},
                           {"[a-b-c]", "a", "bad"},
                           {"[", "a", "bad"},
                           {"[^", "a", "bad"},
                           {"[^bc", "a", "bad"},
                           {"a[", "a", "bad"},
                           {"\\", "a", "bad"},
                           {"*x", "xxx", "yes"},
                           {"", "", "yes"},
                           {"", "a", "no"},
                           {"**", "ab", "yes"}};
  for (const Row& row : kRows) {
    const auto glob = Glob::Parse(row.pattern);
    EXPECT_EQ(!glob ? "bad" : glob->Matches(row.name) ? "yes" : "no", row.want) << row.pattern << " on " << row.name;
  }
}

TEST(Ignore, Patterns) {
  struct Row {
    std::string_view rule, pattern, path;
    bool directory, want;
  };
  constexpr Row kRows[] = {
      {"a name anywhere", "x", "a/x", false, true},
      {"what is below it", "x", "a/x/b", false, true},
      {"a star", "*.md", "docs/a.md", false, true},
      {"directory only: a file", "x/", "x", false, false},
      {"directory only: a directory", "x/", "x", true, true},
      {"directory only: below", "x/", "a/x/b", false, true},
      {"rooted", "/x", "x", false, true},
      {"rooted: not deeper", "/x", "a/x", false, false},
      {"rooted: below", "/x", "x/y/z", false, true},
      {"a slash roots", "a/b", "a/b", false, true},
      {"a slash roots: not deeper", "a/b", "c/a/b", false, false},
      {"rooted directory: a file", "/a/b/", "a/b", false, false},
      {"rooted directory: below", "/a/b/", "a/b/c", false, true},
      {"everything", "/*", "a/b", false, true},
      {"double star in front", "**/b", "a/c/b", false, true},
      {"double star in front: at the root", "**/b", "b", false, true},
      {"double star in the middle", "a/**/d", "a/b/c/d", false, true},
      {"double star in the middle: none between", "a/**/d", "a/d", false, true},
      {"double star in the middle: no end", "a/**/d", "a/b/c", false, false},
      {"double star behind", "a/**", "a/b/c", false, true},
      {"double star behind: the directory itself", "a/**", "a", true, true},
      {"double star inside of a name", "a/b**c", "a/bxc", false, false},
      {"a lone rooted double star matches nothing", "/**", "a", false, false},
      {"trailing spaces", "x   ", "x", false, true},
      {"bad pattern", "[", "[", false, false},
      {"bad rooted pattern", "a/[", "a/[", false, false},
      {"character class", "a[0-9].yaml", "b/a5.yaml", false, true},
  };
  for (const Row& row : kRows) EXPECT_EQ(IgnorePattern(row.pattern, ".").Matches(row.path, row.directory), row.want) << row.rule;
  EXPECT_TRUE(IgnorePattern("/x", "a/b").Matches("a/b/x", false));
  EXPECT_FALSE(IgnorePattern("/x", "a/b").Matches("x", false));
  EXPECT_FALSE(IgnorePattern("x", "a/b").Matches("a/bx/x", false));
  EXPECT_TRUE(IgnorePattern("!x", ".").included());
}

bool Ignored(std::map<std::string, std::string> files, std::string_view spec, std::string_view path, bool directory = false) {
  return IgnoreMatcher::Load(*MemoryFiles(std::move(files)), spec).value().Ignored(path, directory);
}

TEST(Ignore, DefaultsHoldOnlyWithoutPatterns) {
  constexpr std::string_view kAlways[] = {".git/config", "a/.gitignore", ".gitmodules", ".gitattributes"};
  constexpr std::string_view kDefault[] = {"a.jpg",       "x/b.png",      "c.tar.gz",        ".github/workflows/x.yml",
                                           ".travis.yml", "a/.sops.yaml", ".goreleaser.yml", "d.zip"};
  for (const auto path : kAlways) {
    EXPECT_TRUE(Ignored({}, "", path)) << path;
    EXPECT_TRUE(Ignored({}, "/other", path)) << path;
  }
  for (const auto path : kDefault) {
    EXPECT_TRUE(Ignored({}, "", path)) << path;
    EXPECT_FALSE(Ignored({}, "/other", path)) << path;
    EXPECT_FALSE(Ignored({{"deep/down/.sourceignore", "/x\n"}}, "", path)) << path;
    EXPECT_TRUE(Ignored({{".sourceignore", "# only a comment\n\n   \n"}}, "", path)) << path;
  }
  EXPECT_FALSE(Ignored({}, "", "apps/web.yaml"));
  EXPECT_FALSE(Ignored({}, "!.gitignore", ".gitignore"));
}

TEST(Ignore, LastMatchWinsAndScopes) {
  struct Row {
    std::string_view rule;
    std::map<std::string, std::string> files;
    std::string_view spec, path;
    bool want;
  };
  const Row rows[] = {
      {"included again below an excluded directory", {}, "/*\n!/deploy", "deploy/a.yaml", false},
      {"all else excluded", {}, "/*\n!/deploy", "docs/a.md", true},
      {"order counts", {}, "!/deploy\n/*", "deploy/a.yaml", true},
      {"spec after files", {{".sourceignore", "docs/\n"}}, "!docs/keep.md", "docs/keep.md", false},
      {"spec after files: others stay", {{".sourceignore", "docs/\n"}}, "!docs/keep.md", "docs/x.md", true},
      {"a directory's own file", {{"a/.sourceignore", "/x\n"}}, "", "a/x", true},
      {"a directory's own file: elsewhere", {{"a/.sourceignore", "/x\n"}}, "", "x", false},
      {"deeper files come later", {{".sourceignore", "x\n"}, {"a/.sourceignore", "!x\n"}}, "", "a/x", false},
      {"carriage returns", {{".sourceignore", "x\r\ny\r\n"}}, "", "x", true},
      {"not read inside of .git", {{".git/.sourceignore", "x\n"}}, "", ".git/x", true},
  };
  for (const Row& row : rows) EXPECT_EQ(Ignored(row.files, row.spec, row.path), row.want) << row.rule;
  EXPECT_TRUE(Ignored({{".git/.sourceignore", "x\n"}}, "", "a.jpg")) << "a file inside of .git is no pattern";
}

TEST(Ignore, PruningIsSafeOnlyWithoutInclusions) {
  EXPECT_TRUE(IgnoreMatcher::FromText("/*\n").CanPrune());
  EXPECT_FALSE(IgnoreMatcher::FromText("/*\n!/a\n").CanPrune());
  EXPECT_TRUE(IgnoreMatcher::FromText("").Ignored(".git/x", false));
  EXPECT_FALSE(IgnoreMatcher::FromText("").Ignored("a.jpg", false));
}

}  // namespace
}  // namespace sluice::base
