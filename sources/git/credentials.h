// sources/git/credentials.h: who we are to a Git host, and whom we take it to be. Made from a Secret's data by the rules of
// Flux (contract 3.1 and 3.4). The values are secret: they are neither formatted nor part of any message.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sources/git/url.h"

namespace sluice::sources {

struct Credentials {
  // http(s): at most one of the two
  std::string username, password;
  std::string bearer_token;
  // https
  std::string ca_pem;           ///< trusted beside the system's roots (as Flux has it)
  std::string client_cert_pem;  ///< both or none
  std::string client_key_pem;
  // ssh: both are needed
  std::string identity;     ///< private key, PEM or OpenSSH format
  std::string passphrase;   ///< of the identity; empty: none
  std::string known_hosts;  ///< in the format of OpenSSH's file, hashed entries too
  // http(s) through a proxy (http, https or socks5 URL); the environment is never read
  std::string proxy_address, proxy_username, proxy_password;
};

/// The credentials in a Secret's `data` (decoded) for `url`. Keys by scheme: ssh takes `identity`, `known_hosts`, `password`; http(s) takes `bearerToken`
/// or `username` + `password`, `tls.crt` + `tls.key`, `ca.crt` (else the older `caFile`). Userinfo of the URL stands in where the Secret has no basic auth.
/// Invalid: a pair with one half, bearer and basic at once, ssh without identity or known_hosts. An unknown key is not an error.
base::Result<Credentials> CredentialsFromSecret(const GitUrl& url, const std::map<std::string, std::string>& data);

/// Without a Secret: the userinfo of an http(s) URL. Invalid for ssh, which needs an identity and known_hosts.
base::Result<Credentials> AnonymousCredentials(const GitUrl& url);

/// Adds a proxy Secret's `address`, `username`, `password`. Invalid: no address, another scheme, over 2,048 bytes, a password without a username.
base::Result<void> AddProxy(const std::map<std::string, std::string>& data, Credentials& credentials);

/// `text` without the secret values of `credentials` and without userinfo in URLs, `?` for what is no UTF-8 and for characters that are not to be seen, at most 1,024 bytes:
/// what a library or a server said, made fit for a condition.
std::string Cleaned(std::string_view text, const Credentials& credentials);

}  // namespace sluice::sources
