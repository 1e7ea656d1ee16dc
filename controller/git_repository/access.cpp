#include "controller/git_repository/access.h"

#include <cctype>

#include "base/digest.h"
#include "controller/conditions.h"
#include "controller/secret_data.h"
#include "net/await.h"

namespace sluice::controller::git_repository {
namespace {

using base::Error;
using base::Result;
using document::Value;
using sources::Credentials;

Failure Refused(std::string_view reason, std::string message) {
  return Failure{.step = Step::Credentials,
                 .type = std::string(condition::kFetchFailed),
                 .reason = std::string(reason),
                 .message = std::move(message)};
}

Access Fail(std::string_view reason, std::string message) {
  return Access{.credentials = std::nullopt, .github = std::nullopt, .failure = Refused(reason, std::move(message))};
}

Result<SecretData> Decode(const Value& secret) {
  SecretData out;
  const Value* data = secret.Find("data");
  if (data == nullptr) return out;
  for (const document::Member& member : data->members()) {
    auto bytes = base::Base64Decode(member.value.AsString().value_or(""));
    if (!bytes) return std::move(bytes).error().Wrap("data." + member.key);
    out[member.key] = *std::move(bytes);
  }
  return out;
}

/// What the secret of `secretRef` says, by the provider's rule.
Access FromSecret(const std::string& ns, const Spec& spec, const sources::GitUrl& url, const SecretData& data) {
  if (spec.provider == "github" && !HasGithubApp(data))
    return Fail("InvalidProviderConfiguration", "secretRef with github app data must be specified when provider is set to github");
  if (spec.provider != "github" && data.contains("githubAppID"))
    return Fail("InvalidProviderConfiguration",
                "secretRef '" + ns + "/" + spec.secret_name + "' has github app data but provider is not set to github");
  Result<Credentials> credentials =
      spec.secret_name.empty() ? sources::AnonymousCredentials(url) : sources::CredentialsFromSecret(url, data);
  if (!credentials) return Fail("AuthenticationFailed", "failed to configure authentication options: " + credentials.error().message);
  return Access{.credentials = *std::move(credentials), .github = std::nullopt, .failure = std::nullopt};
}

std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte)) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace

std::string ProxyUrl(const Credentials& credentials) {
  const std::string& address = credentials.proxy_address;
  if (address.empty() || credentials.proxy_username.empty()) return address;
  const std::size_t host = address.find("://") + 3;
  return address.substr(0, host) + PercentEncoded(credentials.proxy_username) + ":" + PercentEncoded(credentials.proxy_password) + "@" +
         address.substr(host);
}

net::Task<Result<SecretData>> ReadSecret(kube::Client& client, std::string ns, std::string name, std::optional<net::Url> host) {
  const kube::ObjectRef ref{.gvk = {"", "v1", "Secret"}, .ns = std::move(ns), .name = std::move(name)};
  net::Task<Result<Value>> call = client.Get(ref);
  CO_TRY(const Value secret, co_await std::move(call));
  if (host) CO_TRY(CheckHost(AllowedHosts::Of(secret), *host));
  co_return Decode(secret);
}

net::Task<Access> ReadAccess(kube::Client& client, GithubTokens& tokens, AccessPolicy policy, document::NamespacedName object, Spec spec,
                             sources::GitUrl url) {
  const std::string& ns = object.ns;
  SecretData proxy, data;
  if (!spec.proxy_secret_name.empty()) {
    net::Task<Result<SecretData>> reading = ReadSecret(client, ns, spec.proxy_secret_name);
    Result<SecretData> read = co_await std::move(reading);
    if (!read)
      co_return Fail("AuthenticationFailed", "failed to configure proxy options: failed to get secret '" + ns + "/" +
                                                 spec.proxy_secret_name + "': " + read.error().message);
    proxy = *std::move(read);
  }
  if (!spec.secret_name.empty()) {
    net::Task<Result<SecretData>> reading = ReadSecret(client, ns, spec.secret_name, HostOf(url.text));
    Result<SecretData> read = co_await std::move(reading);
    if (!read)
      co_return Fail("AuthenticationFailed", "failed to get secret '" + ns + "/" + spec.secret_name + "': " + read.error().message);
    data = *std::move(read);
  }
  Access access = FromSecret(ns, spec, url, data);
  if (access.credentials && !spec.proxy_secret_name.empty()) {
    const Result<void> added = sources::AddProxy(proxy, *access.credentials);
    if (!added)
      co_return Fail("AuthenticationFailed",
                     "failed to configure proxy options: secret '" + ns + "/" + spec.proxy_secret_name + "': " + added.error().message);
  }
  const bool login = spec.provider == "github" ||
                     (access.credentials && !(access.credentials->username.empty() && access.credentials->bearer_token.empty()));
  if (access.credentials && login && url.scheme == sources::GitScheme::Http && !policy.credentials_over_http)
    co_return Fail("AuthenticationFailed",
                   "failed to configure authentication options: credentials are not sent over http: use an https URL");
  if (!access.credentials || spec.provider != "github") co_return access;
  Result<GithubApp> app = ParseGithubApp(data);
  const std::string failed = "failed to configure authentication options: ";
  if (!app) co_return Fail("AuthenticationFailed", failed + "secret '" + ns + "/" + spec.secret_name + "': " + app.error().message);
  app->proxy = ProxyUrl(*access.credentials);
  net::Task<Result<std::string>> asking = tokens.Get(*app, object);
  Result<std::string> token = co_await std::move(asking);
  if (!token) co_return Fail("AuthenticationFailed", failed + token.error().message);
  access.credentials->username = "x-access-token";
  access.credentials->password = *std::move(token);
  access.credentials->bearer_token.clear();
  access.github = *std::move(app);
  co_return access;
}

}  // namespace sluice::controller::git_repository
