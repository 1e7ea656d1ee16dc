// sources/oci/name.h: where an artifact is: registry and repository of `oci://…` URLs, tags, digests. The rules are go-containerregistry's (pkg/name),
// which Flux reads them with. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::sources::oci {

struct Repository {
  std::string registry;    ///< host[:port]; `docker.io` and none become `index.docker.io`
  std::string repository;  ///< path; one name of Docker Hub gets its `library/`
  /// `registry/repository`, as messages have it.
  std::string ToString() const { return registry + "/" + repository; }
  bool operator==(const Repository&) const = default;
};

/// `oci://host[:port]/path`, no longer than 2 KiB. Invalid: another scheme, a tag or digest, characters that no registry takes, a path that is none.
base::Result<Repository> ParseRepositoryUrl(std::string_view url);

bool IsTag(std::string_view text);     ///< `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`
bool IsDigest(std::string_view text);  ///< `sha256:` and 64 lower-case hex digits

/// Whether plain http is tried where https does not answer, without being asked: for registries on this machine and in private networks.
bool IsLocalRegistry(std::string_view registry);

}  // namespace sluice::sources::oci
