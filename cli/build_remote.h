// cli/build_remote.h: what `sluice build` fetches from elsewhere: Git repositories through sources/, and single files over http(s).
// The controller has no such resolver: it refuses remote bases before any name is looked up.
#pragma once

#include <memory>

#include "kustomize/build.h"

namespace sluice::cli {

/// Fetches what a kustomization names, once a build; repositories land in a temporary directory that goes with the resolver. No program is run, so no
/// credential helper either: https takes the userinfo of the URL, ssh the first of ~/.ssh/{id_ed25519,id_ecdsa,id_rsa} with ~/.ssh/known_hosts.
/// Heard of the environment: GIT_SSL_CAINFO or SSL_CERT_FILE, https_proxy, http_proxy, all_proxy and no_proxy (either case), HOME, TMPDIR.
/// Errors: as sources::Repository and net::HttpClient have them; Unsupported for file:// repositories; NotFound for a status that is no success.
std::unique_ptr<kustomize::RemoteResolver> MakeRemoteResolver();

}  // namespace sluice::cli
