// controller/git_repository/github_app.h: a GitHub App's credentials (contract 3.1) become a token for one installation of it, which is kept for its life.
// The API is GitHub's ("Authenticating as a GitHub App installation"): a JWT of the app asks for the installation and then for its token.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "controller/cache_meter.h"
#include "net/http.h"
#include "net/task.h"

namespace sluice::controller::git_repository {

/// What a Secret says. `api_url` has no slash at its end.
struct GithubApp {
  std::string app_id, installation_id, installation_owner, private_key;
  std::string api_url = "https://api.github.com";
  std::string ca_pem;
  std::string proxy;  ///< URL with the login in it; "" for none
};

/// Whether there is any of an app's keys in `data`.
bool HasGithubApp(const std::map<std::string, std::string>& data);
/// Invalid: a key is missing, or not exactly one of installation id and owner is there, or a number is none.
base::Result<GithubApp> ParseGithubApp(const std::map<std::string, std::string>& data);

/// The claims that GitHub wants: from half a minute ago, for two minutes.
std::string GithubClaims(std::string_view app_id, base::TimePoint now);

struct GithubToken {
  std::string token;
  base::TimePoint expires;
};
/// Reads the answer of `POST /app/installations/{id}/access_tokens`. Invalid.
base::Result<GithubToken> ParseGithubToken(std::string_view json);

/// Tokens by app and installation. Belongs to the I/O thread.
class GithubTokens {
 public:
  /// Both outlive it. A token is used for 80 % of its life, at most `max_age`; of more than `max_size` the ones that end first go.
  GithubTokens(boost::asio::io_context& io, const base::Clock& clock, base::Duration max_age = std::chrono::hours(1),
               std::size_t max_size = 100)
      : io_(io), clock_(clock), max_age_(max_age), max_size_(max_size) {}

  /// Errors: Invalid (the private key), Unauthorized, NotFound (no such installation), Unavailable, Timeout. None holds a secret.
  /// `repository`: the GitRepository for which it is counted.
  net::Task<base::Result<std::string>> Get(GithubApp app, CacheMeter::Key repository);
  /// A host refused the token: the next Get asks for another.
  void Forget(const GithubApp& app);
  std::size_t size() const { return tokens_.size(); }
  CacheMeter& meter() { return meter_; }
  struct Stats {
    std::uint64_t succeeded = 0, failed = 0;  ///< Gets by how they ended
    std::uint64_t evicted = 0;                ///< tokens that went for want of a place
  };
  const Stats& stats() const { return stats_; }

 private:
  struct Held {
    std::string token;
    base::TimePoint until;
  };
  net::Task<base::Result<GithubToken>> Exchange(const GithubApp& app);
  net::Task<base::Result<std::string>> InstallationId(net::HttpClient& client, const GithubApp& app, const std::string& jwt);
  void Keep(const std::string& key, const GithubToken& token);

  boost::asio::io_context& io_;
  const base::Clock& clock_;
  const base::Duration max_age_;
  const std::size_t max_size_;
  std::map<std::string, Held> tokens_;
  CacheMeter meter_;
  Stats stats_;
};

}  // namespace sluice::controller::git_repository
