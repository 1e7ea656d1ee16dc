// What a server, or a Secret, may send: a Status, a discovery document, a kubeconfig. Each is read or refused; none crashes, none is quoted when it may hold
// a credential, and what a tenant's kubeconfig gives us has no file, no plain http and no proxy in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "document/json.h"
#include "kube/config.h"
#include "kube/discovery.h"
#include "kube/status_error.h"

namespace {

using namespace sluice;  // NOLINT: a fuzz target

void Require(bool condition) {
  if (!condition) std::abort();
}

void AsStatus(std::string_view text) {
  net::Response response;
  response.status = 422;
  response.body = text;
  const base::Error error = kube::ErrorOf(response);
  Require(!error.message.empty());
  (void)kube::Redact(error.message, text);
}

void AsDiscovery(std::string_view text) {
  const auto answer = document::ParseJson(text);
  if (!answer) return;
  kube::Discovered found;
  kube::AddAggregated(*answer, found);
  kube::AddResourceList({"g", "v1"}, *answer, found);
  for (const kube::ResourcePtr& resource : found.resources) {
    const std::string path = resource->Path("n/s", "na?me");
    Require(path.ends_with("/na%3Fme"));
    Require(!resource->namespaced || path.find("/namespaces/n%2Fs/") != std::string::npos);
  }
  (void)kube::GroupVersionsOf(*answer);
}

void AsTenantsKubeconfig(std::string_view text) {
  const auto config = kube::ParseKubeconfig(text, "/canary", "", kube::KubeconfigPolicy::ForTenants(false));
  if (!config) return;
  Require(config->server.starts_with("https://"));
  Require(config->token_file.empty() && config->proxy.empty() && !config->tls.insecure_skip_verify);
  for (std::string_view secret : {std::string_view(config->token), std::string_view(config->server)})
    Require(secret.find('\n') == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  AsStatus(text);
  AsDiscovery(text);
  AsTenantsKubeconfig(text);
  return 0;
}
