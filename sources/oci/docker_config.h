// sources/oci/docker_config.h: registry credentials in the format of Docker's config.json, as Secrets of the type kubernetes.io/dockerconfigjson (and
// the older dockercfg) carry them. Which entry is for which registry is decided as kubelet and Flux decide. Secret values: they are neither formatted nor part of any message.
// Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sources::oci {

struct RegistryLogin {
  std::string username, password;
  std::string identity_token;  ///< for an OAuth2 token endpoint, instead of a password
  std::string registry_token;  ///< is the bearer token itself
  bool empty() const { return username.empty() && password.empty() && identity_token.empty() && registry_token.empty(); }
};

class DockerConfig {
 public:
  /// Adds the entries of a Secret's decoded `data`: `.dockerconfigjson`, else `.dockercfg`. Invalid: neither, or malformed; the message holds no values.
  base::Result<void> Add(const std::map<std::string, std::string>& data);
  /// The login for `host[:port]/path`: of the entries whose host (with `*` for a name's part) and path match, that with the longest path; none: empty.
  RegistryLogin LoginFor(std::string_view registry, std::string_view repository) const;
  /// Whether an entry names this host (with port, if it has one) itself: its owner knows it.
  bool Names(std::string_view host) const;
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    std::string host, path;
    RegistryLogin login;
  };
  base::Result<void> AddEntries(std::string_view json, bool with_auths);
  std::vector<Entry> entries_;
};

}  // namespace sluice::sources::oci
