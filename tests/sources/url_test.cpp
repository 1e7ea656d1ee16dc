#include "sources/git/url.h"

#include <gtest/gtest.h>

#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

TEST(GitUrl, TakesApart) {
  struct Row {
    std::string_view url, text, user, password, host;
    int port;
    std::string_view path;
  };
  constexpr Row kRows[] = {
      {"https://example.com/org/app", "https://example.com/org/app", "", "", "example.com", 443, "/org/app"},
      {"HTTPS://Example.COM/Org/App.git", "https://example.com/Org/App.git", "", "", "example.com", 443, "/Org/App.git"},
      {"http://example.com:80/a", "http://example.com/a", "", "", "example.com", 80, "/a"},
      {"http://example.com:8080/a/", "http://example.com:8080/a/", "", "", "example.com", 8080, "/a/"},
      {"https://me:p%40ss@example.com/a", "https://example.com/a", "me", "p@ss", "example.com", 443, "/a"},
      {"https://token@example.com/a", "https://example.com/a", "token", "", "example.com", 443, "/a"},
      {"ssh://git@example.com/org/app.git", "ssh://git@example.com/org/app.git", "git", "", "example.com", 22, "/org/app.git"},
      {"ssh://git@[2001:db8::1]:2222/app", "ssh://git@[2001:db8::1]:2222/app", "git", "", "2001:db8::1", 2222, "/app"},
      {"ssh://example.com/~me/app", "ssh://example.com/~me/app", "", "", "example.com", 22, "/~me/app"},
      {"https://example.com/a%20b", "https://example.com/a%20b", "", "", "example.com", 443, "/a%20b"},
  };
  for (const Row& row : kRows) {
    const auto url = ParseGitUrl(row.url);
    ASSERT_TRUE(url) << row.url << ": " << MessageOf(url);
    EXPECT_EQ(url->text, row.text);
    EXPECT_EQ(url->user, row.user);
    EXPECT_EQ(url->password, row.password);
    EXPECT_EQ(url->host, row.host);
    EXPECT_EQ(url->port, row.port);
    EXPECT_EQ(url->path, row.path);
  }
}

// T7: whatever could become an option, a command, a local path or a second header line is refused before any connection.
TEST(GitUrl, T7RefusesWithTheCause) {
  struct Row {
    std::string_view url, want;
  };
  constexpr Row kRows[] = {
      {"", "invalid Git URL '': the scheme must be http, https or ssh"},
      {"ext::sh -c id", "invalid Git URL 'ext::sh?-c?id': control characters, blanks or bytes above ASCII; write them as %XX"},
      {"ext::id", "invalid Git URL 'ext::id': the scheme must be http, https or ssh"},
      {"file:///etc", "invalid Git URL 'file:///etc': the scheme must be http, https or ssh"},
      {"/etc", "invalid Git URL '/etc': the scheme must be http, https or ssh"},
      {"git@example.com:org/app", "invalid Git URL 'git@example.com:org/app': the scheme must be http, https or ssh"},
      {"git://example.com/a", "invalid Git URL 'git://example.com/a': the scheme must be http, https or ssh"},
      {"--upload-pack=id", "invalid Git URL '--upload-pack=id': the scheme must be http, https or ssh"},
      {"ssh://-oProxyCommand=id/x", "invalid Git URL 'ssh://-oProxyCommand=id/x': malformed host or port"},
      {"ssh://-oProxyCommand=id@host/x", "invalid Git URL 'ssh://***@host/x': malformed userinfo"},
      {"ssh://a%20b@host/x", "invalid Git URL 'ssh://***@host/x': malformed userinfo"},
      {"ssh://%ee@host/x", "invalid Git URL 'ssh://***@host/x': malformed userinfo"},
      {"ssh://host/-x", "invalid Git URL 'ssh://host/-x': a path may not begin with '-'"},
      {"ssh://host/a'b", "invalid Git URL 'ssh://host/a'b': a quote or shell character in the path"},
      {"ssh://host/a%27b", "invalid Git URL 'ssh://host/a%27b': a quote or shell character in the path"},
      {"ssh://host/a;id", "invalid Git URL 'ssh://host/a;id': a quote or shell character in the path"},
      {"https://host/a%0ab", "invalid Git URL 'https://host/a%0ab': a broken or control-character escape in the path"},
      {"https://host/a%00b", "invalid Git URL 'https://host/a%00b': a broken or control-character escape in the path"},
      {"https://host/a%0db", "invalid Git URL 'https://host/a%0db': a broken or control-character escape in the path"},
      {"https://host/a%zz", "invalid Git URL 'https://host/a%zz': a broken or control-character escape in the path"},
      {"https://host/a\nb", "invalid Git URL 'https://host/a?b': control characters, blanks or bytes above ASCII; write them as %XX"},
      {"https:///host/x", "invalid Git URL 'https:///host/x': the host is missing"},
      {"https://u:p@/x", "invalid Git URL 'https://***@/x': the host is missing"},
      {"https://host", "invalid Git URL 'https://host': the path of the repository is missing"},
      {"https://host/", "invalid Git URL 'https://host/': the path of the repository is missing"},
      {"https://host/a?x=1", "invalid Git URL 'https://host/a?x=1': a query or fragment is not part of a repository's address"},
      {"https://host/a/../b", "invalid Git URL 'https://host/a/../b': '..' in the path"},
      {"https://host/a/%2e%2e/b", "invalid Git URL 'https://host/a/%2e%2e/b': '..' in the path"},
      {"https://host/..", "invalid Git URL 'https://host/..': '..' in the path"},
      {"https://host:0/a", "invalid Git URL 'https://host:0/a': malformed host or port"},
      {"https://host:99999/a", "invalid Git URL 'https://host:99999/a': malformed host or port"},
      {"https://host:/a", "invalid Git URL 'https://host:/a': malformed host or port"},
      {"https://ho st/a", "invalid Git URL 'https://ho?st/a': control characters, blanks or bytes above ASCII; write them as %XX"},
      {"https://[::1/a", "invalid Git URL 'https://[::1/a': malformed host or port"},
  };
  for (const Row& row : kRows) EXPECT_EQ(MessageOf(ParseGitUrl(row.url)), row.want) << row.url;
  EXPECT_EQ(ReasonOf(ParseGitUrl("x")), "Invalid");
  EXPECT_TRUE(ParseGitUrl("https://host/a..b/..c/d..")) << "dots in names are names";
  const std::string at_limit = "https://host/" + std::string(2048 - 13, 'a');
  EXPECT_TRUE(ParseGitUrl(at_limit));
  EXPECT_FALSE(ParseGitUrl(at_limit + "a"));
}

TEST(GitUrl, UserinfoLeavesNoTrace) {
  struct Row {
    std::string_view text, want;
  };
  constexpr Row kRows[] = {
      {"no url", "no url"},
      {"at https://a:b@host/x: failed", "at https://***@host/x: failed"},
      {"https://a:b@host https://c@other/y", "https://***@host https://***@other/y"},
      {"'ssh://git@host'", "'ssh://***@host'"},
      {"https://a:p@ss@host/x", "https://***@host/x"},
      {"https://host/a@b", "https://host/a@b"},
      {"://", "://"},
  };
  for (const Row& row : kRows) EXPECT_EQ(WithoutUserinfo(row.text), row.want);
}

}  // namespace
}  // namespace sluice::sources
