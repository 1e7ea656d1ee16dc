// cli/environment.h: what the command reads of its surroundings: variables, the kubeconfig, addresses to listen on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/config.h"

namespace sluice::cli {

std::string EnvironmentOr(const char* name, std::string_view fallback);

/// --kubeconfig and --context, $KUBECONFIG, the pod's service account, ~/.kube/config: the first there is. Programs that it names are refused.
base::Result<kube::ClusterConfig> LoadClusterConfig(const std::string& kubeconfig, const std::string& context);
/// The same of somebody at a terminal, as kubectl reads it: the programs that it names are theirs, and are run, for `login` at most: a plugin may send
/// somebody to a browser.
base::Result<kube::ClusterConfig> LoadUserConfig(const std::string& kubeconfig, const std::string& context, const kube::OnBehalf& as,
                                                 std::chrono::milliseconds login = std::chrono::minutes(5));
/// The contexts in the same files, sorted; none where they cannot be read.
std::vector<std::string> ContextNames(const std::string& kubeconfig);

struct Listen {
  std::string host;
  std::uint16_t port = 0;
};
/// ":9090" (every address), "127.0.0.1:9090", "[::1]:9090". Invalid names the flag.
base::Result<Listen> ParseListen(std::string_view flag, std::string_view address);

/// The first 8 hex digits of SHA-256, as sharded leases are named.
std::string ShortHash(std::string_view text);

}  // namespace sluice::cli
