#include "controller/helm_repository/access.h"

#include <map>

#include "base/digest.h"
#include "controller/secret_data.h"
#include "document/json.h"
#include "net/await.h"
#include "net/url.h"
#include "sources/oci/name.h"

namespace sluice::controller::helm_repository {
namespace {

using base::Invalid;
using base::Result;
using Data = std::map<std::string, std::string>;

constexpr std::string_view kCertificate = "-----BEGIN CERTIFICATE-----";

/// The first of these keys that is there and not empty.
std::string TextOf(const Data& data, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto at = data.find(key);
    if (at != data.end() && !at->second.empty()) return at->second;
  }
  return {};
}

/// The newer names win over the legacy ones. Unsupported: there is no TLS material in it, or half of a pair.
Result<net::TlsOptions> TlsOf(const Data& data, const std::string& secret) {
  net::TlsOptions tls;
  tls.client_cert_pem = TextOf(data, {"tls.crt", "certFile"});
  tls.client_key_pem = TextOf(data, {"tls.key", "keyFile"});
  tls.ca_pem = TextOf(data, {"ca.crt", "caFile"});
  tls.system_roots = true;
  const auto unsupported = [&](std::string_view what) {
    return base::MakeError(base::Reason::Unsupported, "secret '" + secret + "' " + std::string(what));
  };
  if (!tls.client_cert_pem.empty() && tls.client_key_pem.empty()) return unsupported("contains 'tls.crt' but missing 'tls.key'");
  if (tls.client_cert_pem.empty() && !tls.client_key_pem.empty()) return unsupported("contains 'tls.key' but missing 'tls.crt'");
  if (tls.client_cert_pem.empty() && tls.ca_pem.empty()) return unsupported("must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'");
  if (!tls.client_cert_pem.empty() && tls.client_cert_pem.find(kCertificate) == std::string::npos)
    return Invalid("failed to parse TLS certificate and key: tls: failed to find any PEM data in certificate input");
  if (!tls.ca_pem.empty() && tls.ca_pem.find(kCertificate) == std::string::npos) return Invalid("failed to parse CA certificate");
  return tls;
}

Result<void> ReadBasic(const Data& data, const std::string& secret, Access& access) {
  const bool username = data.contains("username"), password = data.contains("password");
  if (username != password) {
    const std::string present = username ? "username" : "password", missing = username ? "password" : "username";
    return Invalid("failed to detect authentication methods: secret '" + secret + "': malformed basic auth - has '" + present +
                   "' but missing '" + missing + "'");
  }
  if (!username) return {};
  access.username = data.at("username");
  access.password = data.at("password");
  return {};
}

/// A login for the registry of `url` alone.
Result<void> AddLogin(const std::string& host, Access& access) {
  document::Value entry = document::Value::Mapping();
  entry.Set("auth", base::Base64Encode(access.username + ":" + access.password));
  document::Value auths = document::Value::Mapping();
  auths.Set(host, std::move(entry));
  document::Value config = document::Value::Mapping();
  config.Set("auths", std::move(auths));
  return access.logins.Add({{".dockerconfigjson", document::EmitJson(config)}});
}

Result<void> ReadRegistryLogin(const Data& data, const std::string& name, const Spec& spec, Access& access) {
  const std::string what = "failed to configure OCI registry authentication: ";
  TRY(const net::Url url, net::ParseUrl(spec.url));
  const auto repository = sources::oci::ParseRepositoryUrl("oci://" + net::HostHeader(url) + "/any/chart");
  const std::string host = repository ? repository->registry : net::HostHeader(url);
  if (data.contains(".dockerconfigjson")) {
    if (auto added = access.logins.Add(data); !added)
      return Invalid(what + "unable to load Docker config from Secret '" + name + "': " + added.error().message);
    if (!access.logins.Names(host) && access.logins.LoginFor(host, url.path.empty() ? "" : url.path.substr(1)).empty())
      return Invalid(what + "no auth config for '" + host + "' in the docker-registry Secret '" + name + "'");
    return {};
  }
  if (access.username.empty() && access.password.empty()) return {};
  if (access.username.empty() || access.password.empty())
    return Invalid(what + "invalid '" + name + "' secret data: required fields 'username' and 'password'");
  return AddLogin(host, access);
}

/// ReadSecretFor with Flux's words around it.
net::Task<Result<Data>> ReadSecret(kube::Client& client, std::string ns, std::string name, std::string_view what, net::Url host,
                                   AllowedHosts* allowed = nullptr) {
  const std::string shown = ns + "/" + name, inner = "failed to get secret '" + shown + "': ";
  net::Task<Result<Data>> reading = ReadSecretFor(std::move(host), client, ns, name, allowed);
  Result<Data> data = co_await std::move(reading);
  if (data) co_return data;
  base::Error error = std::move(data).error();
  if (error.message.starts_with(inner)) error.message.erase(0, inner.size());
  co_return std::move(error).Wrap("failed to get " + std::string(what) + " '" + shown + "'");
}

std::chrono::milliseconds TimeoutOf(const Spec& spec) { return std::chrono::duration_cast<std::chrono::milliseconds>(spec.timeout); }

}  // namespace

net::Task<Result<Access>> ReadAccess(kube::Client& client, std::string ns, Spec spec) {
  Access access;
  if (!spec.cert_secret.empty()) {
    net::Task<Result<Data>> reading = ReadSecret(client, ns, spec.cert_secret, "TLS authentication secret", HostOf(spec.url));
    CO_TRY(const Data data, co_await std::move(reading));
    auto tls = TlsOf(data, ns + "/" + spec.cert_secret);
    if (!tls) co_return Invalid("failed to construct Helm client's TLS config: " + tls.error().message);
    access.tls = *std::move(tls);
  }
  if (spec.secret_name.empty()) co_return access;
  net::Task<Result<Data>> reading = ReadSecret(client, ns, spec.secret_name, "authentication secret", HostOf(spec.url), &access.hosts);
  CO_TRY(const Data data, co_await std::move(reading));
  const std::string shown = ns + "/" + spec.secret_name;
  CO_TRY(ReadBasic(data, shown, access));
  auto legacy = TlsOf(data, shown);
  if (!legacy && legacy.error().reason != base::Reason::Unsupported)
    co_return Invalid("failed to detect authentication methods: " + legacy.error().message);
  if (legacy && spec.cert_secret.empty()) access.tls = *std::move(legacy);
  if (spec.oci) CO_TRY(ReadRegistryLogin(data, spec.secret_name, spec, access));
  co_return access;
}

std::unique_ptr<sources::helm_repository::HttpRepository> OpenHttp(boost::asio::io_context& io, const Spec& spec, const Access& access,
                                                                   const Limits& limits) {
  sources::helm_repository::HttpRepositoryOptions options{
      .url = spec.url,
      .username = access.username,
      .password = access.password,
      .tls = access.tls,
      .pass_credentials = spec.pass_credentials,
      .may_receive = [hosts = access.hosts](const net::Url& url) { return hosts.Allows(url); },
      .timeout = TimeoutOf(spec),
      .max_index_bytes = limits.max_index_bytes,
      .max_chart_bytes = limits.max_chart_bytes,
      .answers = limits.registry.answers};
  return std::make_unique<sources::helm_repository::HttpRepository>(io, std::move(options));
}

Result<std::unique_ptr<sources::oci::Client>> OpenOci(boost::asio::io_context& io, const Spec& spec, const Access& access,
                                                      const std::string& name, const Limits& limits) {
  TRY(const std::string url, sources::helm_repository::NormalizeUrl(spec.url));
  TRY(sources::oci::Repository repository, sources::oci::ParseRepositoryUrl(name.empty() ? url : url + "/" + name));
  sources::oci::ClientOptions options{.tls = access.tls,
                                      .insecure = spec.insecure,
                                      .timeout = TimeoutOf(spec),
                                      .max_blob_bytes = limits.max_chart_bytes,
                                      .limits = limits.registry};
  return std::make_unique<sources::oci::Client>(io, std::move(repository), access.logins, std::move(options));
}

}  // namespace sluice::controller::helm_repository
