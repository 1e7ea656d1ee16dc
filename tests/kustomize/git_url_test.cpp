#include "kustomize/git_url.h"

#include <gtest/gtest.h>

namespace sluice::kustomize {
namespace {

struct Row {
  std::string_view rule, entry, clone, path, ref;
};

// Expectations: kustomize v5.8.2, api/internal/git/repospec_test.go and its rules.
constexpr Row kRows[] = {
    {"two segments are the repository", "https://github.com/org/repo/deploy/base?ref=v1", "https://github.com/org/repo", "deploy/base",
     "v1"},
    {"no scheme for github", "github.com/org/repo/deploy", "https://github.com/org/repo", "deploy", ""},
    {"a user makes it ssh", "git@github.com/org/repo", "git@github.com:org/repo", "", ""},
    {"scp style", "git@host.org:org/repo//path", "git@host.org:org/repo", "path", ""},
    {"ssh scheme and port", "ssh://git@host.org:7999/org/repo.git/path", "ssh://git@host.org:7999/org/repo.git", "path", ""},
    {"double slash ends the repository", "https://host.org/a/b/c//d?version=x", "https://host.org/a/b/c", "d", "x"},
    {"ref before version", "https://host.org/a/b?version=x&ref=y", "https://host.org/a/b", "", "y"},
    {".git stays", "https://host.org/a/b.git/c", "https://host.org/a/b.git", "c", ""},
    {"Azure", "https://dev.azure.com/org/project/_git/repo/path/in", "https://dev.azure.com/org/project/_git/repo", "path/in", ""},
    {"a file path is all repository", "file:///srv/git/repo", "file:///srv/git/repo", "", ""},
    {"forced protocol is dropped", "git::https://host.org/a/b", "https://host.org/a/b", "", ""},
};

TEST(GitUrl, Splits) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.rule);
    const auto url = ParseGitUrl(row.entry);
    ASSERT_TRUE(url.has_value());
    EXPECT_EQ(url->CloneUrl(), row.clone);
    EXPECT_EQ(url->path, row.path);
    EXPECT_EQ(url->ref, row.ref);
  }
}

TEST(GitUrl, IsNone) {
  for (const std::string_view entry : {"../base", "base", "/abs/path", "a/b/c", "deployment.yaml", "https://host.org/only",
                                       "host.org:org/repo", "https://host.org/a/b//../../c", ""}) {
    SCOPED_TRACE(entry);
    EXPECT_FALSE(ParseGitUrl(entry).has_value());
  }
}

TEST(GitUrl, Query) {
  const auto url = ParseGitUrl("https://host.org/a/b?timeout=90s&submodules=false");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->timeout, std::chrono::seconds(90));
  EXPECT_FALSE(url->submodules);
  EXPECT_EQ(ParseGitUrl("https://host.org/a/b?timeout=2m")->timeout, std::chrono::minutes(2));
  EXPECT_EQ(ParseGitUrl("https://host.org/a/b?timeout=61")->timeout, std::chrono::seconds(61));
  EXPECT_EQ(ParseGitUrl("https://host.org/a/b?timeout=soon")->timeout, std::chrono::seconds(27));
}

}  // namespace
}  // namespace sluice::kustomize
