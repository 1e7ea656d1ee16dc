#include "sources/git/credentials.h"

#include <gtest/gtest.h>

#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

using Data = std::map<std::string, std::string>;

constexpr const char* kKnownHosts = "example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0V3ky4P8ZCMC7T7Qy0wYvPyC0Xb4M1h6dBY8Q8W6pS\n";

TEST(Credentials, ComeFromASecret) {
  const GitUrl https = ParseGitUrl("https://example.com/a").value(), with_user = ParseGitUrl("https://me:pw@example.com/a").value();
  const GitUrl ssh = ParseGitUrl("ssh://example.com/a").value();

  const Credentials basic = CredentialsFromSecret(https, {{"username", "u"}, {"password", "p"}, {"other", "x"}}).value();
  EXPECT_EQ(basic.username + ":" + basic.password, "u:p");
  EXPECT_EQ(CredentialsFromSecret(https, {{"bearerToken", "t"}}).value().bearer_token, "t");
  const Credentials tls = CredentialsFromSecret(https, {{"ca.crt", "new"}, {"caFile", "old"}, {"tls.crt", "c"}, {"tls.key", "k"}}).value();
  EXPECT_EQ(tls.ca_pem + tls.client_cert_pem + tls.client_key_pem, "newck");
  EXPECT_EQ(CredentialsFromSecret(https, {{"caFile", "old"}}).value().ca_pem, "old");
  const Credentials from_url = CredentialsFromSecret(with_user, {{"ca.crt", "x"}}).value();
  EXPECT_EQ(from_url.username + ":" + from_url.password, "me:pw");
  EXPECT_EQ(CredentialsFromSecret(with_user, {{"username", "u"}, {"password", "p"}}).value().username, "u") << "the Secret wins";
  EXPECT_EQ(CredentialsFromSecret(with_user, {{"bearerToken", "t"}}).value().username, "") << "a token wins over userinfo";
  EXPECT_EQ(AnonymousCredentials(ParseGitUrl("https://token@example.com/a").value()).value().username, "token");

  const Credentials key = CredentialsFromSecret(ssh, {{"identity", "i"}, {"known_hosts", kKnownHosts}, {"password", "s"}}).value();
  EXPECT_EQ(key.identity + key.passphrase + key.known_hosts, std::string("is") + kKnownHosts);
  EXPECT_EQ(key.password, "");
}

TEST(Credentials, RefusedWithTheCause) {
  struct Row {
    std::string_view url;
    Data data;
    std::string_view want;
  };
  const Row kRows[] = {
      {"https://h/a", {{"password", "p"}}, "invalid 'https' auth option: 'password' requires 'username' to be set"},
      {"http://h/a", {{"username", "u"}}, "invalid 'http' auth option: 'username' requires 'password' to be set"},
      {"https://h/a", {{"tls.crt", "c"}}, "invalid 'https' auth option: 'tls.crt' and 'tls.key' must be set together"},
      {"https://h/a",
       {{"tls.key", "c"}, {"username", "u"}, {"password", "p"}},
       "invalid 'https' auth option: 'tls.crt' and 'tls.key' must be set together"},
      {"https://h/a",
       {{"bearerToken", "t"}, {"username", "u"}, {"password", "p"}},
       "invalid 'https' auth option: 'bearerToken' and 'username'/'password' exclude each other"},
      {"https://h/a", {{"bearerToken", "t\r\nX: y"}}, "invalid 'https' auth option: 'bearerToken' holds a line break"},
      {"ssh://h/a", {{"known_hosts", kKnownHosts}}, "invalid 'ssh' auth option: 'identity' is required"},
      {"ssh://h/a", {{"identity", "i"}}, "invalid 'ssh' auth option: 'known_hosts' is required"},
      {"ssh://h/a",
       {{"identity", "i"}, {"known_hosts", "h ssh-ed25519"}},
       "known_hosts line 1: not an entry of the form 'host key-type base64-key'"},
      {"ssh://h/a", {}, "invalid 'ssh' auth option: 'identity' is required"},
  };
  for (const Row& row : kRows) EXPECT_EQ(MessageOf(CredentialsFromSecret(ParseGitUrl(row.url).value(), row.data)), row.want);
}

TEST(Credentials, Proxy) {
  Credentials c;
  ASSERT_TRUE(AddProxy({{"address", "http://proxy:3128"}, {"username", "u"}, {"password", "p"}}, c));
  EXPECT_EQ(c.proxy_address + c.proxy_username + c.proxy_password, "http://proxy:3128up");
  struct Row {
    Data data;
    std::string_view want;
  };
  const Row kRows[] = {
      {{}, "invalid proxy secret: key 'address' is missing"},
      {{{"address", "ftp://x"}}, "invalid proxy secret: the scheme of 'address' must be http, https or socks5"},
      {{{"address", "http://x\n"}}, "invalid proxy secret: 'address' holds blanks or control characters"},
      {{{"address", "http://" + std::string(2048, 'x')}}, "invalid proxy secret: 'address' is longer than 2048 bytes"},
      {{{"address", "socks5://x"}, {"password", "p"}}, "invalid proxy secret: 'password' requires 'username' to be set"},
  };
  for (const Row& row : kRows) EXPECT_EQ(MessageOf(AddProxy(row.data, c)), row.want);
}

TEST(Credentials, T57CleanedTextHoldsNoSecret) {
  Credentials c;
  c.username = "deployer";
  c.password = "hunter2222";
  c.bearer_token = "tok-en";
  EXPECT_EQ(Cleaned("user deployer with hunter2222 or tok-en at https://x:y@host/z\n", c),
            "user *** with *** or *** at https://***@host/z");
  EXPECT_EQ(Cleaned("a\x1b[31mb\nc", c), "a?[31mb?c");
  EXPECT_EQ(Cleaned("ünï/côde, 枝, 🌿", c), "ünï/côde, 枝, 🌿");
  EXPECT_EQ(Cleaned("\xfc \xc3( a\u0085b\u202ec\u200bd\ufeffe\u00adf\U000e0041g", c), "? ?( a?b?c?d?e?f?g")
      << "no UTF-8, or not to be seen";
  EXPECT_EQ(Cleaned(std::string(5000, 'x'), c).size(), 1024u);
  EXPECT_EQ(Cleaned(std::string(1020, 'x') + "üüü", c), std::string(1020, 'x') + "...") << "characters stay whole";
  EXPECT_EQ(Cleaned(std::string(1020, 'x') + "hunter2222", c), std::string(1020, 'x') + "***") << "blotted before it is cut";
}

}  // namespace
}  // namespace sluice::sources
