#include "sources/git/reference.h"

#include <gtest/gtest.h>

#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

constexpr const char* kId = "4f2a000000000000000000000000000000000001";

TEST(Reference, RevisionHasTheContractsForm) {
  struct Row {
    Reference reference;
    std::string_view tag, want;
  };
  const Row kRows[] = {
      {{}, "", "master@sha1:"},
      {{.branch = "main"}, "", "main@sha1:"},
      {{.branch = "feature/x"}, "", "feature/x@sha1:"},
      {{.tag = "v1.0.0"}, "", "v1.0.0@sha1:"},
      {{.semver = ">=1"}, "v1.2.0", "v1.2.0@sha1:"},
      {{.name = "refs/pull/1/head"}, "", "refs/pull/1/head@sha1:"},
      {{.name = "refs/heads/x"}, "", "refs/heads/x@sha1:"},
      {{.commit = kId}, "", "sha1:"},
      {{.branch = "main", .commit = kId}, "", "main@sha1:"},
      // precedence: commit > name > tag > semver > branch
      {{.branch = "main", .semver = ">=1"}, "v1.2.0", "v1.2.0@sha1:"},
      {{.branch = "main", .tag = "t", .semver = ">=1"}, "", "t@sha1:"},
      {{.branch = "main", .tag = "t", .semver = ">=1", .name = "refs/heads/x"}, "", "refs/heads/x@sha1:"},
      {{.tag = "t", .commit = kId}, "", "sha1:"},
  };
  for (const Row& row : kRows) EXPECT_EQ(RevisionOf(row.reference, row.tag, kId), std::string(row.want) + kId);
}

TEST(Reference, RevisionsOfLongAgo) {
  const std::string sha1(40, 'a'), sha256(64, 'b');
  const std::pair<std::string, std::string> rows[] = {
      {"main/" + sha1, "main@sha1:" + sha1},
      {"feature/x/" + sha1, "feature/x@sha1:" + sha1},
      {"HEAD/" + sha1, "sha1:" + sha1},
      {sha1, "sha1:" + sha1},
      {"v1.0.0/" + sha256, "v1.0.0@sha256:" + sha256},
      {"main@sha1:" + sha1, "main@sha1:" + sha1},
      {"", ""},
      {"6.7.1", "6.7.1"},
      {"main/" + std::string(40, 'z'), "main/" + std::string(40, 'z')},
  };
  for (const auto& [legacy, modern] : rows) EXPECT_EQ(FromLegacyRevision(legacy), modern);
}

TEST(Reference, T14NamesThatGitWouldNotTakeAreRefused) {
  const std::string kBranch[] = {"-x", "a..b", "a b",    "a~1",      "a^", "a:b",  "a?", "a*", "a[",    "a\\b", "/a",
                                 "a/", "a//b", "a.lock", "a.lock/b", ".a", "a/.b", "a.", "@",  "a@{1}", "a\nb", std::string(600, 'a')};
  for (const std::string& name : kBranch) {
    EXPECT_FALSE(Validate({.branch = name})) << name;
    EXPECT_FALSE(Validate({.tag = name})) << name;
    EXPECT_FALSE(Validate({.name = name})) << name;
  }
  for (const std::string& name : {"main", "feature/x", "a.b", "v1.0.0+x", "a@b", "ü", "a-b_c"})
    EXPECT_TRUE(Validate({.branch = name})) << name;
  // Harmless to us, since no shell and no revision parser ever sees them: they are names of references that may exist.
  for (const std::string& name : {"$(id)", "`id`", "a;b", "a|b"}) EXPECT_TRUE(Validate({.tag = name})) << name;
  for (const std::string& name : {"--upload-pack=x", "HEAD^{/a*}", "HEAD~1", "main@{1}", "x:y"})
    EXPECT_FALSE(Validate({.name = name})) << name;
  for (const std::string& commit : {"HEAD", "HEAD^{/a*}", "main", "-x"}) EXPECT_FALSE(Validate({.commit = commit})) << commit;
  EXPECT_FALSE(Validate({.semver = std::string(10'240, '1')}));
  EXPECT_TRUE(Validate({.name = "refs/tags/v1^{}"}));
  EXPECT_TRUE(Validate({.commit = kId}));
  EXPECT_EQ(MessageOf(Validate({.branch = "a b"})), "ref.branch: \"a b\" is no valid branch name");
  EXPECT_EQ(MessageOf(Validate({.tag = "a\nb"})), "ref.tag: \"a?b\" is no valid tag name");
  EXPECT_EQ(MessageOf(Validate({.name = "/x"})), "ref.name: \"/x\" is no valid reference name");
  EXPECT_EQ(MessageOf(Validate({.commit = "4f2a"})), "ref.commit: \"4f2a\" is no commit id: 40 hex digits are needed");
  EXPECT_EQ(MessageOf(Validate({.semver = std::string(513, '1')})), "ref.semver: longer than 512 bytes");
}

std::string Names(const base::Result<std::vector<RemoteRef>>& tags) {
  if (!tags) return tags.error().message;
  std::string out;
  for (const RemoteRef& tag : *tags) out += (out.empty() ? "" : " ") + tag.name;
  return out;
}

TEST(Reference, HighestTags) {
  struct Row {
    std::string_view rule, range;
    std::vector<std::string> tags;
    std::string_view want;
  };
  const Row kRows[] = {
      {"highest by number, not by text", ">=1.2.0", {"1.2.0", "1.10.0", "1.9.0"}, "refs/tags/1.10.0"},
      {"v is fine", "1.x", {"v1.2.0", "v1.3.0"}, "refs/tags/v1.3.0"},
      {"pre-release only if asked", ">=1.2.0", {"1.2.0", "1.3.0-rc.1"}, "refs/tags/1.2.0"},
      {"pre-release if asked", ">=1.2.0-0", {"1.2.0", "1.3.0-rc.1"}, "refs/tags/1.3.0-rc.1"},
      {"equal versions all come", "*", {"v1.0.0", "1.0.0", "1.0.0+b", "0.9.0"}, "refs/tags/v1.0.0 refs/tags/1.0.0 refs/tags/1.0.0+b"},
      {"two parts are no version to Flux", "*", {"1.9", "v2", "1.2.0"}, "refs/tags/1.2.0"},
      {"what is no version is passed over", "*", {"latest", "release/1.0.0", "1.0.0"}, "refs/tags/1.0.0"},
      {"none fits", ">=2", {"1.0.0"}, "no match found for semver: >=2"},
      {"no tags", ">=2", {}, "no match found for semver: >=2"},
      {"constraint", "not a range", {"1.0.0"}, "semver parse error: improper constraint: \"not a range\""},
  };
  for (const Row& row : kRows) {
    std::vector<RemoteRef> refs{{"refs/heads/9.9.9", kId, ""}};
    for (const std::string& tag : row.tags) refs.push_back({"refs/tags/" + tag, kId, ""});
    EXPECT_EQ(Names(HighestTags(refs, row.range)), row.want) << row.rule;
  }
}

}  // namespace
}  // namespace sluice::sources
