// bench/floor/kubeconfig.h: the little of a kubeconfig that the bench needs. kube/config.h is the real reader; the floor stays below kube/,
// so that it measures the API server and the HTTP client and nothing of ours above them.
#pragma once

#include <string>

#include "base/result.h"
#include "net/http.h"

namespace sluice::bench {

struct Access {
  std::string server;  ///< https://host:port
  net::TlsOptions tls;
  std::string bearer_token;  ///< or empty
};

/// The current context of the kubeconfig at `path`; only inline data (`*-data`, `token`) is read.
base::Result<Access> ReadAccess(const std::string& path);
/// The whole file. NotFound.
base::Result<std::string> ReadAll(const std::string& path);

}  // namespace sluice::bench
