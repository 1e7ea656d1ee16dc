#include "controller/secret_data.h"

#include "base/digest.h"
#include "net/await.h"
#include "net/url.h"

namespace sluice::controller {

using base::Invalid;
using base::Result;

namespace {

constexpr std::size_t kMaxProxyAddress = 2048;

std::string TextOf(const SecretData& data, const std::string& key) {
  const auto at = data.find(key);
  return at == data.end() ? std::string() : at->second;
}

std::string Failure(const std::string& ns, const std::string& name) { return "failed to get secret '" + ns + "/" + name + "'"; }

net::Task<Result<document::Value>> ReadWhole(kube::Client& client, std::string ns, std::string name) {
  const std::string what = Failure(ns, name);
  const kube::ObjectRef ref{.gvk = {"", "v1", "Secret"}, .ns = ns, .name = name};
  net::Task<Result<document::Value>> reading = client.Get(ref);
  const Result<document::Value> secret = co_await std::move(reading);
  if (!secret) co_return secret.error().Wrap(what);
  co_return secret;
}

Result<SecretData> Decode(const document::Value& secret, const std::string& what) {
  SecretData out;
  const document::Value* data = secret.Find("data");
  if (data == nullptr) return out;
  for (const document::Member& member : data->members()) {
    auto decoded = base::Base64Decode(member.value.AsString().value_or(""));
    if (!decoded) return Invalid(what + ": data." + member.key + " is not base64");
    out[member.key] = std::move(*decoded);
  }
  return out;
}

}  // namespace

Result<void> CheckHost(const AllowedHosts& allowed, const net::Url& host) {
  if (allowed.Allows(host)) return {};
  return base::MakeError(base::Reason::Forbidden, "it must not be sent to '" + net::HostHeader(host) + "': the annotation " +
                                                      std::string(kAllowedHosts) + " does not list it");
}

net::Task<Result<SecretData>> ReadSecretData(kube::Client& client, std::string ns, std::string name) {
  const std::string what = Failure(ns, name);
  net::Task<Result<document::Value>> reading = ReadWhole(client, std::move(ns), std::move(name));
  CO_TRY(const document::Value secret, co_await std::move(reading));
  co_return Decode(secret, what);
}

net::Task<Result<SecretData>> ReadSecretFor(net::Url host, kube::Client& client, std::string ns, std::string name, AllowedHosts* allowed) {
  const std::string what = Failure(ns, name);
  net::Task<Result<document::Value>> reading = ReadWhole(client, std::move(ns), std::move(name));
  CO_TRY(const document::Value secret, co_await std::move(reading));
  const AllowedHosts hosts = AllowedHosts::Of(secret);
  const Result<void> may = CheckHost(hosts, host);
  if (!may) co_return may.error().Wrap(what);
  if (allowed != nullptr) *allowed = hosts;
  co_return Decode(secret, what);
}

Result<net::TlsOptions> TlsOptionsFrom(const SecretData& data) {
  net::TlsOptions tls;
  tls.ca_pem = TextOf(data, "ca.crt");
  tls.system_roots = true;
  tls.client_cert_pem = TextOf(data, "tls.crt");
  tls.client_key_pem = TextOf(data, "tls.key");
  if (tls.client_cert_pem.empty() != tls.client_key_pem.empty()) return Invalid("tls.crt and tls.key must be given together");
  if (tls.ca_pem.empty() && tls.client_cert_pem.empty()) return Invalid("it holds neither ca.crt nor tls.crt and tls.key");
  return tls;
}

Result<std::string> ProxyUrlFrom(const SecretData& data) {
  const std::string address = TextOf(data, "address");
  if (address.empty()) return Invalid("it has no key 'address'");
  if (address.size() > kMaxProxyAddress) return Invalid("its address is longer than 2048 bytes");
  auto url = net::ParseUrl(address);
  if (!url || (url->scheme != "http" && url->scheme != "https" && url->scheme != "socks5"))
    return Invalid("its address is no http, https or socks5 URL");
  const std::string user = TextOf(data, "username"), password = TextOf(data, "password");
  if (user.empty() && !password.empty()) return Invalid("it has a password without a username");
  if (!user.empty()) {
    url->user = user;
    url->password = password;
  }
  return net::FormatUrl(*url);
}

}  // namespace sluice::controller
