#include "controller/git_repository/github_app.h"

#include <algorithm>
#include <cctype>

#include "base/digest.h"
#include "crypto/jwt.h"
#include "document/json.h"
#include "net/await.h"

namespace sluice::controller::git_repository {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;
using Data = std::map<std::string, std::string>;

constexpr const char *kAppId = "githubAppID", *kOwner = "githubAppInstallationOwner", *kInstallation = "githubAppInstallationID",
                     *kKey = "githubAppPrivateKey", *kBaseUrl = "githubAppBaseURL";
constexpr std::size_t kMaxAnswer = 1u << 20;

std::string Get(const Data& data, const char* key) {
  const auto at = data.find(key);
  return at == data.end() ? std::string() : at->second;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 19 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

/// A GitHub account's name; anything else could not be part of the address.
bool IsAccount(std::string_view text) {
  return !text.empty() && text.size() <= 100 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80 && (std::isalnum(c) || c == '-' || c == '_'); });
}

net::Request RequestTo(const GithubApp& app, std::string method, const std::string& path, const std::string& jwt) {
  net::Request request;
  request.method = std::move(method);
  request.url = app.api_url + path;
  request.headers = {{"Accept", "application/vnd.github+json"}, {"Authorization", "Bearer " + jwt}, {"X-GitHub-Api-Version", "2022-11-28"}};
  request.max_response_bytes = kMaxAnswer;
  return request;
}

/// `401: Bad credentials`: the message of GitHub's own answers.
Error Refused(const GithubApp& app, const std::string& what, const net::Response& response) {
  const auto json = document::ParseJson(response.body);
  std::string said = json ? std::string(json->StringAt({"message"})) : std::string();
  said = said.substr(0, 200);
  std::replace_if(said.begin(), said.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  const Reason reason = response.status == 401 || response.status == 403 ? Reason::Unauthorized
                        : response.status == 404                         ? Reason::NotFound
                                                                         : Reason::Unavailable;
  return MakeError(reason, what + " at " + app.api_url + ": HTTP " + std::to_string(response.status) + (said.empty() ? "" : ": " + said));
}

std::string KeyOf(const GithubApp& app) {
  return base::Sha256Hex(app.app_id + '\0' + app.installation_id + '\0' + app.installation_owner + '\0' + app.api_url + '\0' +
                         app.private_key + '\0' + app.ca_pem + '\0' + app.proxy);
}

}  // namespace

bool HasGithubApp(const Data& data) {
  return data.contains(kAppId) || data.contains(kOwner) || data.contains(kInstallation) || data.contains(kKey);
}

Result<GithubApp> ParseGithubApp(const Data& data) {
  for (const char* key : {kAppId, kKey})
    if (Get(data, key).empty()) return Invalid("key '" + std::string(key) + "' not found");
  GithubApp app;
  app.app_id = Trimmed(Get(data, kAppId));
  app.installation_id = Trimmed(Get(data, kInstallation));
  app.installation_owner = Trimmed(Get(data, kOwner));
  app.private_key = Get(data, kKey);
  app.ca_pem = Get(data, "ca.crt");
  if (data.contains(kOwner) == data.contains(kInstallation))
    return Invalid("must contain exactly one of '" + std::string(kOwner) + "' or '" + kInstallation + "'");
  if (!IsNumber(app.app_id)) return Invalid("key '" + std::string(kAppId) + "' is no number");
  if (data.contains(kInstallation) && !IsNumber(app.installation_id))
    return Invalid("key '" + std::string(kInstallation) + "' is no number");
  if (data.contains(kOwner) && !IsAccount(app.installation_owner)) return Invalid("key '" + std::string(kOwner) + "' is no account's name");
  std::string url = Trimmed(Get(data, kBaseUrl));
  while (url.ends_with('/')) url.pop_back();
  if (url.empty()) return app;
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return Invalid("key '" + std::string(kBaseUrl) + "' is no http or https URL");
  app.api_url = std::move(url);
  return app;
}

std::string GithubClaims(std::string_view app_id, base::TimePoint now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count() - 30;  // clocks differ
  return R"({"exp":)" + std::to_string(seconds + 120) + R"(,"iat":)" + std::to_string(seconds) + R"(,"iss":")" + std::string(app_id) +
         R"("})";
}

Result<GithubToken> ParseGithubToken(std::string_view json) {
  TRY(const Value answer, document::ParseJson(json, {.max_bytes = kMaxAnswer, .max_depth = 64}));
  GithubToken out;
  out.token = answer.StringAt({"token"});
  const auto expires = base::ParseRfc3339(answer.StringAt({"expires_at"}));
  const bool sound = std::all_of(out.token.begin(), out.token.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (out.token.empty() || !sound || !expires) return Invalid("the answer holds no token");
  out.expires = *expires;
  return out;
}

net::Task<Result<std::string>> GithubTokens::InstallationId(net::HttpClient& client, const GithubApp& app, const std::string& jwt) {
  if (!app.installation_id.empty()) co_return app.installation_id;
  std::optional<Error> last;
  for (const std::string_view kind : {"orgs", "users"}) {
    net::Request request = RequestTo(app, "GET", "/" + std::string(kind) + "/" + app.installation_owner + "/installation", jwt);
    net::Task<Result<net::Response>> call = client.Send(std::move(request));
    CO_TRY(const net::Response response, co_await std::move(call));
    if (response.status == 200) {
      const auto json = document::ParseJson(response.body);
      const Value* id = json ? json->Find("id") : nullptr;
      const auto number = id ? id->AsInt() : std::nullopt;
      if (!number) co_return Invalid("the installation of '" + app.installation_owner + "' at " + app.api_url + " has no id");
      co_return std::to_string(*number);
    }
    last = Refused(app, "failed to find the installation of '" + app.installation_owner + "'", response);
    if (response.status != 404) break;
  }
  co_return *std::move(last);
}

net::Task<Result<GithubToken>> GithubTokens::Exchange(const GithubApp& app) {
  CO_TRY(const std::string jwt, crypto::SignRs256(app.private_key, GithubClaims(app.app_id, clock_.Now())));
  net::ClientOptions options;
  options.tls.ca_pem = app.ca_pem;
  options.tls.system_roots = true;
  options.proxy = app.proxy;
  options.http2 = false;
  net::HttpClient client(io_, std::move(options));
  net::Task<Result<std::string>> finding = InstallationId(client, app, jwt);
  CO_TRY(const std::string id, co_await std::move(finding));
  net::Request request = RequestTo(app, "POST", "/app/installations/" + id + "/access_tokens", jwt);
  net::Task<Result<net::Response>> call = client.Send(std::move(request));
  CO_TRY(const net::Response response, co_await std::move(call));
  if (response.status != 201) co_return Refused(app, "failed to create a token of installation " + id, response);
  co_return ParseGithubToken(response.body);
}

net::Task<Result<std::string>> GithubTokens::Get(GithubApp app, CacheMeter::Key repository) {
  const std::string key = KeyOf(app);
  const auto held = tokens_.find(key);
  const bool hit = held != tokens_.end() && clock_.Now() < held->second.until;
  meter_.Count(repository, hit);
  if (hit) {
    ++stats_.succeeded;
    co_return held->second.token;
  }
  net::Task<Result<GithubToken>> exchanging = Exchange(app);
  const Result<GithubToken> token = co_await std::move(exchanging);
  ++(token ? stats_.succeeded : stats_.failed);
  if (!token) co_return token.error();
  Keep(key, *token);
  co_return token->token;
}

void GithubTokens::Keep(const std::string& key, const GithubToken& token) {
  const base::TimePoint now = clock_.Now();
  std::erase_if(tokens_, [&](const auto& slot) { return slot.second.until <= now; });
  if (tokens_.size() >= max_size_ && !tokens_.contains(key)) {
    ++stats_.evicted;
    tokens_.erase(
        std::min_element(tokens_.begin(), tokens_.end(), [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
  }
  const base::Duration life = std::min<base::Duration>((token.expires - now) / 10 * 8, max_age_);
  tokens_[key] = Held{token.token, now + std::chrono::duration_cast<base::TimePoint::duration>(life)};
}

void GithubTokens::Forget(const GithubApp& app) { tokens_.erase(KeyOf(app)); }

}  // namespace sluice::controller::git_repository
