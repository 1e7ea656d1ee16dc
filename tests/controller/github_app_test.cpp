#include "controller/git_repository/github_app.h"

#include <gtest/gtest.h>

#include "controller/git_repository/access.h"

namespace sluice::controller::git_repository {
namespace {

using Data = std::map<std::string, std::string>;

TEST(GithubApp, ComesFromASecret) {
  const auto app = ParseGithubApp({{"githubAppID", "12\n"}, {"githubAppInstallationID", "34"}, {"githubAppPrivateKey", "key"}});
  ASSERT_TRUE(app) << app.error().message;
  EXPECT_EQ(app->app_id + "|" + app->installation_id + "|" + app->installation_owner + "|" + app->private_key + "|" + app->api_url,
            "12|34||key|https://api.github.com");
  const auto enterprise = ParseGithubApp({{"githubAppID", "12"},
                                          {"githubAppInstallationOwner", "acme-inc"},
                                          {"githubAppPrivateKey", "key"},
                                          {"githubAppBaseURL", "https://ghe.example.com/api/v3/"},
                                          {"ca.crt", "pem"}});
  ASSERT_TRUE(enterprise);
  EXPECT_EQ(enterprise->installation_owner + "|" + enterprise->api_url + "|" + enterprise->ca_pem,
            "acme-inc|https://ghe.example.com/api/v3|pem");
  EXPECT_FALSE(HasGithubApp({{"username", "u"}}));
  EXPECT_TRUE(HasGithubApp({{"githubAppPrivateKey", "k"}}));
}

TEST(GithubApp, RefusedWithTheCause) {
  const Data good{{"githubAppID", "12"}, {"githubAppInstallationID", "34"}, {"githubAppPrivateKey", "canary"}};
  const std::pair<Data, std::string> rows[] = {
      {{{"githubAppID", ""}}, "key 'githubAppID' not found"},
      {{{"githubAppPrivateKey", ""}}, "key 'githubAppPrivateKey' not found"},
      {{{"githubAppInstallationOwner", "a"}}, "must contain exactly one of 'githubAppInstallationOwner' or 'githubAppInstallationID'"},
      {{{"githubAppID", "12a"}}, "key 'githubAppID' is no number"},
      {{{"githubAppInstallationID", "../34"}}, "key 'githubAppInstallationID' is no number"},
      {{{"githubAppBaseURL", "ftp://x"}}, "key 'githubAppBaseURL' is no http or https URL"},
  };
  for (const auto& [changed, want] : rows) {
    Data data = good;
    for (const auto& [key, value] : changed) data[key] = value;
    const auto app = ParseGithubApp(data);
    EXPECT_EQ(app ? "no error" : app.error().message, want);
  }
  Data owner = good;
  owner.erase("githubAppInstallationID");
  EXPECT_FALSE(ParseGithubApp(owner));
  owner["githubAppInstallationOwner"] = "a/../b";
  EXPECT_EQ(ParseGithubApp(owner).error().message, "key 'githubAppInstallationOwner' is no account's name");
}

TEST(GithubApp, ClaimsAndAnswers) {
  EXPECT_EQ(GithubClaims("12", *base::ParseRfc3339("2026-01-31T12:00:00Z")), R"({"exp":1769860890,"iat":1769860770,"iss":"12"})");
  const auto token = ParseGithubToken(R"({"token":"ghs_x","expires_at":"2026-01-31T13:00:00Z","permissions":{}})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->token, "ghs_x");
  EXPECT_EQ(token->expires, *base::ParseRfc3339("2026-01-31T13:00:00Z"));
  for (const char* bad : {"", "{}", R"({"token":"x"})", R"({"token":"a b","expires_at":"2026-01-31T13:00:00Z"})",
                          R"({"token":"a\r\nX: y","expires_at":"2026-01-31T13:00:00Z"})"})
    EXPECT_FALSE(ParseGithubToken(bad)) << bad;
}

TEST(ProxyUrl, HoldsTheLoginPercentEncoded) {
  sources::Credentials credentials;
  EXPECT_EQ(ProxyUrl(credentials), "");
  credentials.proxy_address = "http://proxy.example:3128";
  EXPECT_EQ(ProxyUrl(credentials), "http://proxy.example:3128");
  credentials.proxy_username = "us:er";
  credentials.proxy_password = "p@ss/wörd";
  EXPECT_EQ(ProxyUrl(credentials), "http://us%3Aer:p%40ss%2Fw%C3%B6rd@proxy.example:3128");
}

}  // namespace
}  // namespace sluice::controller::git_repository
