// controller/helm_repository/access.h: the credentials and authorities that the secrets of a HelmRepository hold (flux-contract 3.1, 5.3), for its index and for
// the charts that are pulled from it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "controller/allowed_hosts.h"
#include "controller/helm_repository/spec.h"
#include "kube/client.h"
#include "net/http.h"
#include "sources/helm/http_repository.h"
#include "sources/oci/client.h"

namespace sluice::controller::helm_repository {

struct Access {
  std::string username, password;
  AllowedHosts hosts;  ///< of the login
  net::TlsOptions tls;
  sources::oci::DockerConfig logins;  ///< of an oci repository
};

struct Limits {
  std::size_t max_index_bytes = 50u << 20;      ///< `--helm-index-max-size`
  std::size_t max_chart_bytes = 10u << 20;      ///< `--helm-chart-max-size`
  std::size_t max_chart_file_bytes = 5u << 20;  ///< `--helm-chart-file-max-size`
  sources::oci::RegistryLimits registry;        ///< of a repository in a registry; its `answers` are for the others too
};

/// Reads the secrets live. Errors in Flux's words, which name the secret and no values: `failed to get authentication secret 'ns/name': …`,
/// `failed to detect authentication methods: …`, `failed to construct Helm client's TLS config: …`, `failed to configure OCI registry authentication: …`.
net::Task<base::Result<Access>> ReadAccess(kube::Client& client, std::string ns, Spec spec);

/// The repository at `spec.url` over http(s).
std::unique_ptr<sources::helm_repository::HttpRepository> OpenHttp(boost::asio::io_context& io, const Spec& spec, const Access& access,
                                                                   const Limits& limits);
/// The chart `name` of the repository at `spec.url`, in a registry. Invalid: the URL is none.
base::Result<std::unique_ptr<sources::oci::Client>> OpenOci(boost::asio::io_context& io, const Spec& spec, const Access& access,
                                                            const std::string& name, const Limits& limits);

}  // namespace sluice::controller::helm_repository
