// controller/git_repository/access.h: who a GitRepository is to its Git host: the Secrets of `secretRef` and `proxySecretRef` become credentials. Contract 3.1, 3.4.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "controller/git_repository/github_app.h"
#include "controller/git_repository/spec.h"
#include "controller/git_repository/status.h"
#include "document/object.h"
#include "kube/client.h"
#include "net/url.h"
#include "sources/git/credentials.h"
#include "sources/git/url.h"

namespace sluice::controller::git_repository {

using SecretData = std::map<std::string, std::string>;

/// A Secret's decoded data. NotFound: `secrets "name" not found`. Forbidden: it is to be sent to `host`, and its owner does not allow that (T54).
net::Task<base::Result<SecretData>> ReadSecret(kube::Client& client, std::string ns, std::string name,
                                               std::optional<net::Url> host = std::nullopt);

/// Credentials, or a failure.
struct Access {
  std::optional<sources::Credentials> credentials;
  std::optional<GithubApp> github;  ///< whose token they hold
  std::optional<Failure> failure;
};
/// What a platform allows its tenants.
struct AccessPolicy {
  bool credentials_over_http = true;  ///< as Flux does; false: a login, also one in the URL, needs https
};
/// `object`: whose spec it is; its namespace is that of the Secrets. `client` and `tokens` outlive it.
net::Task<Access> ReadAccess(kube::Client& client, GithubTokens& tokens, AccessPolicy policy, document::NamespacedName object, Spec spec,
                             sources::GitUrl url);

/// The proxy's URL with its login, percent-encoded, in it; "" for none.
std::string ProxyUrl(const sources::Credentials& credentials);

}  // namespace sluice::controller::git_repository
