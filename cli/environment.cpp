#include "cli/environment.h"

#include <charconv>
#include <cstdlib>

#include "base/digest.h"
#include "controller/exec_credential.h"

namespace sluice::cli {

std::string EnvironmentOr(const char* name, std::string_view fallback) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread is started
  return value == nullptr || *value == '\0' ? std::string(fallback) : std::string(value);
}

namespace {

kube::ConfigSources Surroundings(const std::string& kubeconfig, const std::string& context) {
  return {.kubeconfig_flag = kubeconfig,
          .context_flag = context,
          .kubeconfig_env = EnvironmentOr("KUBECONFIG", ""),
          .home = EnvironmentOr("HOME", ""),
          .service_host = EnvironmentOr("KUBERNETES_SERVICE_HOST", ""),
          .service_port = EnvironmentOr("KUBERNETES_SERVICE_PORT", ""),
          .run_plugin = nullptr};
}

}  // namespace

base::Result<kube::ClusterConfig> LoadClusterConfig(const std::string& kubeconfig, const std::string& context) {
  return kube::LoadConfig(Surroundings(kubeconfig, context));
}

base::Result<kube::ClusterConfig> LoadUserConfig(const std::string& kubeconfig, const std::string& context, const kube::OnBehalf& as,
                                                 std::chrono::milliseconds login) {
  kube::ConfigSources sources = Surroundings(kubeconfig, context);
  sources.as = as;
  std::optional<controller::ExecPlugin> plugin;
  std::optional<base::TimePoint> expires;
  sources.run_plugin = [&](document::Value& read) -> base::Result<void> {
    TRY(plugin, controller::FindExecPlugin(read));
    if (!plugin) return {};
    plugin->for_user = true;
    TRY(const controller::ExecCredential credential, controller::RunExecPlugin(*plugin, login));
    expires = credential.expires;
    controller::PutCredential(read, *plugin, credential);
    return {};
  };
  TRY(kube::ClusterConfig config, kube::LoadConfig(sources));
  if (!plugin) return config;
  config.expires = expires;
  config.renew = [plugin = *plugin, login](const std::stop_token& stop) -> base::Result<kube::PrintedCredential> {
    TRY(controller::ExecCredential credential, controller::RunExecPlugin(plugin, login, stop));
    return kube::PrintedCredential{.token = std::move(credential.token),
                                   .client_cert_pem = std::move(credential.certificate),
                                   .client_key_pem = std::move(credential.key),
                                   .expires = credential.expires};
  };
  return config;
}

std::vector<std::string> ContextNames(const std::string& kubeconfig) { return kube::ContextNames(Surroundings(kubeconfig, "")); }

base::Result<Listen> ParseListen(std::string_view flag, std::string_view address) {
  const std::size_t colon = address.rfind(':');
  Listen out;
  const std::string_view port = colon == std::string_view::npos ? address : address.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (colon == std::string_view::npos || error != std::errc() || end != port.data() + port.size()) {
    return base::Invalid(std::string(flag) + ": \"" + std::string(address) + "\" is not an address such as :9090 or 127.0.0.1:9090");
  }
  std::string_view host = address.substr(0, colon);
  if (host.starts_with("[") && host.ends_with("]")) host = host.substr(1, host.size() - 2);
  out.host = host.empty() ? "0.0.0.0" : std::string(host);
  return out;
}

std::string ShortHash(std::string_view text) { return base::Sha256Hex(text).substr(0, 8); }

}  // namespace sluice::cli
