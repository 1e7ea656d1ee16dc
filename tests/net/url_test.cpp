// URLs: taken apart, put together, resolved, escaped, redacted.
#include "net/url.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

/// `scheme|user|password|host|port|path|query|fragment`, or the error's message.
std::string Parts(const base::Result<Url>& url) {
  if (!url) return url.error().message;
  return url->scheme + "|" + url->user + "|" + url->password + "|" + url->host + "|" + std::to_string(url->port) + "|" + url->path + "|" +
         url->query + "|" + url->fragment;
}

TEST(Url, IsTakenApart) {
  struct Row {
    std::string_view rule, text, want;
  };
  const std::string long_url = "https://h/" + std::string(9000, 'x');
  const Row rows[] = {
      {"whole", "https://u:p@Example.COM:8443/a/b?c=d#e", "https|u|p|example.com|8443|/a/b|c=d|e"},
      {"only a host", "http://h", "http|||h|0|||"},
      {"query without a path", "http://h?q", "http|||h|0||q|"},
      {"scheme in capitals", "HTTPS://h/", "https|||h|0|/||"},
      {"IPv6", "https://[::1]:6443/x", "https|||::1|6443|/x||"},
      {"escaped userinfo", "https://a%40b:p%3A%2F@h/", "https|a@b|p:/|h|0|/||"},
      {"an @ in the password", "https://a:b@c@h/", "https|a|b@c|h|0|/||"},
      {"an @ in the path is none", "https://h/a@b", "https|||h|0|/a@b||"},
      {"an empty port", "https://h:/x", "https|||h|0|/x||"},
      {"raw UTF-8 in a path", "https://h/ü", "https|||h|0|/ü||"},
      {"ssh", "ssh://git@h/repo.git", "ssh|git||h|0|/repo.git||"},
      {"no scheme", "example.com/x", "URL without scheme"},
      {"empty", "", "URL without scheme"},
      {"a scheme that is none", "ht tp://h", "forbidden character in URL"},
      {"T7 no host", "https:///host/x", "no host in URL"},
      {"T7 a NUL", std::string_view("http://h/\0", 10), "forbidden character in URL"},
      {"a backslash", "http://h\\@evil/", "forbidden character in URL"},
      {"a space", "http://h/a b", "forbidden character in URL"},
      {"port zero", "http://h:0/", "malformed port in URL"},
      {"port too large", "http://h:65536/", "malformed port in URL"},
      {"port with junk", "http://h:80x/", "malformed port in URL"},
      {"host with junk", "http://h%41/", "malformed host in URL"},
      {"IPv6 unclosed", "http://[::1/", "malformed host in URL"},
      {"junk after IPv6", "http://[::1]x/", "malformed host in URL"},
      {"a bad escape", "http://a%4@h/", "malformed percent-escape in URL"},
      {"too long", long_url, "URL longer than 8192 bytes"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    EXPECT_EQ(Parts(ParseUrl(row.text)), row.want);
  }
}

TEST(Url, IsPutTogether) {
  for (const std::string_view text :
       {"https://u:p@example.com:8443/a/b?c=d#e", "http://h", "https://[::1]:6443/x", "https://a%40b:p%3A%2F@h/"}) {
    EXPECT_EQ(FormatUrl(*ParseUrl(text)), text);
  }
  EXPECT_EQ(FormatUrl(*ParseUrl("https://h:443/")), "https://h/");
  EXPECT_EQ(HostHeader(*ParseUrl("http://[::1]:8080/")), "[::1]:8080");
  EXPECT_EQ(Origin(*ParseUrl("https://u@H/x")), "https://h:443");
  EXPECT_EQ(Origin(*ParseUrl("http://h")), "http://h:80");
}

TEST(Url, ReferencesAreResolved) {
  struct Row {
    std::string_view location, want;
  };
  const Row rows[] = {
      {"https://other/x#f", "https://other/x"},
      {"//other/x", "https://other/x"},
      {"/x?y", "https://h:1/x?y"},
      {"x", "https://h:1/a/x"},
      {"../x", "https://h:1/x"},
      {"../../../x", "https://h:1/x"},
      {"./", "https://h:1/a/"},
      {"..", "https://h:1/"},
      {"?n=2", "https://h:1/a/b?n=2"},
      {"#f", "https://h:1/a/b?q=1"},
      {"c:d", "URL without scheme"},
      {"a b", "forbidden character in URL"},
      {"/a//b/../c", "https://h:1/a//c"},
      {"ftp://other/", "ftp://other/"},
  };
  const Url base = *ParseUrl("https://h:1/a/b?q=1#z");
  for (const Row& row : rows) {
    SCOPED_TRACE(row.location);
    const base::Result<Url> url = ResolveReference(base, row.location);
    EXPECT_EQ(url ? FormatUrl(*url) : url.error().message, row.want);
  }
}

TEST(Url, IsShownWithoutSecrets) {
  EXPECT_EQ(RedactUrl("https://user:password@h/p?sig=secret#x"), "https://h/p");
  EXPECT_EQ(RedactUrl("https://h:8443/p"), "https://h:8443/p");
  EXPECT_EQ(RedactUrl("user:password@h"), "(malformed URL)");
}

TEST(Url, Escapes) {
  EXPECT_EQ(EscapePath("a/b c%~é"), "a%2Fb%20c%25~%C3%A9");
  EXPECT_EQ(EscapeQuery("a b&c=d+"), "a+b%26c%3Dd%2B");
  EXPECT_EQ(*Unescape("a%2fb+c"), "a/b+c");
  EXPECT_EQ(*Unescape("a+b%20c", true), "a b c");
  EXPECT_FALSE(Unescape("%"));
  EXPECT_FALSE(Unescape("%4"));
  EXPECT_FALSE(Unescape("%zz"));
}

TEST(Url, Queries) {
  const Query query{{"fieldManager", "a b"}, {"force", "true"}, {"x", ""}};
  EXPECT_EQ(FormatQuery(query), "fieldManager=a+b&force=true&x=");
  EXPECT_EQ(*ParseQuery("fieldManager=a+b&force=true&&x="), query);
  EXPECT_EQ(*ParseQuery("a&b=c=d"), (Query{{"a", ""}, {"b", "c=d"}}));
  EXPECT_EQ(ParseQuery("a=%").error().message, "malformed percent-escape in URL");
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "a&";
  EXPECT_EQ(ParseQuery(many).error().message, "more than 1000 parameters in URL");
}

}  // namespace
}  // namespace sluice::net
