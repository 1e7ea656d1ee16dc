// The order of sources, and what a pod finds in itself. What a kubeconfig says is read in kubeconfig.cpp.
#include "kube/config.h"

#include <algorithm>

#include "kube/kubeconfig.h"
#include "kube/small_file.h"

namespace sluice::kube {

namespace {

/// Blanks, comments and the marks of documents at most, as touch(1) and some tools leave a file.
bool IsBlank(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t first = line.find_first_not_of(" \t\r");
    line.remove_prefix(first == std::string_view::npos ? line.size() : first);
    if (!line.empty() && !line.starts_with('#') && !line.starts_with("---")) return false;
  }
  return true;
}

base::Result<ClusterConfig> FromFiles(const std::vector<std::string>& paths, std::string_view context, const KubeconfigPolicy& policy) {
  Kubeconfig merged;
  bool any = false;
  for (const std::string& path : paths) {
    base::Result<std::string> text = ReadSmallFile(path);
    if (!text && text.error().reason == base::Reason::NotFound && paths.size() > 1) continue;
    if (!text) return std::move(text).error().Wrap("kubeconfig");
    if (IsBlank(*text) && paths.size() > 1) continue;
    TRY(Kubeconfig one, ReadKubeconfig(*text, path));
    merged.Merge(std::move(one));
    any = true;
  }
  if (!any) return base::NotFound("kubeconfig: none of the files in $KUBECONFIG exists, or all are empty");
  return merged.Resolve(context, policy);
}

std::vector<std::string> SplitPaths(std::string_view list) {
  std::vector<std::string> paths;
  while (!list.empty()) {
    const std::size_t colon = list.find(':');
    if (colon != 0) paths.emplace_back(list.substr(0, colon));
    if (colon == std::string_view::npos) break;
    list.remove_prefix(colon + 1);
  }
  return paths;
}

std::string HostAndPort(std::string_view host, std::string_view port) {
  const bool ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  return (ipv6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::string(port);
}

}  // namespace

base::Result<ClusterConfig> InClusterConfig(std::string_view host, std::string_view port, const std::string& directory) {
  if (host.empty() || port.empty()) {
    return base::NotFound("not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  ClusterConfig config;
  config.server = "https://" + HostAndPort(host, port);
  config.token_file = directory + "/token";
  auto token = ReadToken(config.token_file);
  if (!token) return std::move(token).error().Wrap("service account token");
  config.token = std::move(token).value();
  auto ca = ReadSmallFile(directory + "/ca.crt");
  if (!ca) return std::move(ca).error().Wrap("service account CA");
  config.tls.ca_pem = std::move(ca).value();
  config.default_namespace = ReadToken(directory + "/namespace").value_or("default");
  return config;
}

base::Result<ClusterConfig> LoadConfig(const ConfigSources& sources) {
  const KubeconfigPolicy policy{.as = sources.as, .run_plugin = sources.run_plugin};
  if (!sources.kubeconfig_flag.empty()) return LoadKubeconfig(sources.kubeconfig_flag, sources.context_flag, policy);
  if (std::vector<std::string> paths = SplitPaths(sources.kubeconfig_env); !paths.empty())
    return FromFiles(paths, sources.context_flag, policy);
  if (!sources.service_host.empty()) {
    TRY(ClusterConfig config, InClusterConfig(sources.service_host, sources.service_port));
    TRY(CheckOnBehalf(sources.as, "--as"));
    config.as = sources.as;
    return config;
  }
  const std::string own = sources.home + "/.kube/config";
  auto config = LoadKubeconfig(own, sources.context_flag, policy);
  if (config || config.error().reason != base::Reason::NotFound) return config;
  return base::NotFound("no cluster: neither --kubeconfig nor $KUBECONFIG is set, this is not a pod, and ~/.kube/config does not exist");
}

std::vector<std::string> ContextNames(const ConfigSources& sources) {
  std::vector<std::string> paths = SplitPaths(sources.kubeconfig_env);
  if (!sources.kubeconfig_flag.empty()) paths = {sources.kubeconfig_flag};
  if (paths.empty() && sources.service_host.empty()) paths = {sources.home + "/.kube/config"};
  Kubeconfig merged;
  for (const std::string& path : paths) {
    const base::Result<std::string> text = ReadSmallFile(path);
    base::Result<Kubeconfig> one = text ? ReadKubeconfig(*text, path) : text.error();
    if (one) merged.Merge(std::move(*one));
  }
  return merged.ContextNames();
}

}  // namespace sluice::kube
