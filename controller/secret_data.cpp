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

}  // namespace

net::Task<Result<SecretData>> ReadSecretData(kube::Client& client, std::string ns, std::string name) {
  const std::string what = "failed to get secret '" + ns + "/" + name + "'";
  const kube::ObjectRef ref{.gvk = {"", "v1", "Secret"}, .ns = ns, .name = name};
  net::Task<Result<document::Value>> reading = client.Get(ref);
  const Result<document::Value> secret = co_await std::move(reading);
  if (!secret) co_return secret.error().Wrap(what);
  SecretData out;
  if (const document::Value* data = secret->Find("data")) {
    for (const document::Member& member : data->members()) {
      auto decoded = base::Base64Decode(member.value.AsString().value_or(""));
      if (!decoded) co_return Invalid(what + ": data." + member.key + " is not base64");
      out[member.key] = std::move(*decoded);
    }
  }
  co_return out;
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
