// controller/secret_data.h: what a Secret holds, decoded. The values are secret: they are neither formatted nor part of any message.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "controller/allowed_hosts.h"
#include "kube/client.h"
#include "net/http.h"

namespace sluice::controller {

using SecretData = std::map<std::string, std::string>;

/// `data` of the Secret `ns/name`, read live. Errors: those of kube::Client::Get, and Invalid; after `failed to get secret 'ns/name'`.
net::Task<base::Result<SecretData>> ReadSecretData(kube::Client& client, std::string ns, std::string name);
/// The same of a Secret that is to be sent to `host`. Also Forbidden: its owner does not allow that host. `allowed`, if any, becomes what is allowed.
net::Task<base::Result<SecretData>> ReadSecretFor(net::Url host, kube::Client& client, std::string ns, std::string name,
                                                  AllowedHosts* allowed = nullptr);
/// Forbidden: `it must not be sent to 'host': the annotation sluice.dev/allowed-hosts does not list it`.
base::Result<void> CheckHost(const AllowedHosts& allowed, const net::Url& host);

/// ca.crt, and tls.crt with tls.key (flux-contract 3.1). Invalid: it holds neither, or half a pair.
base::Result<net::TlsOptions> TlsOptionsFrom(const SecretData& data);
/// The URL of a proxy from `address`, `username` and `password`, which are in it then. Invalid, without any value.
base::Result<std::string> ProxyUrlFrom(const SecretData& data);

}  // namespace sluice::controller
