// cli/build_remote.h: what `sluice build` and `sluice diff` fetch from elsewhere (controller/kustomization/remote_bases.h), while they wait for it.
#pragma once

#include <memory>

#include "kustomize/build.h"

namespace sluice::cli {

/// Fetches what a kustomization names, once a build; repositories land in a directory of TMPDIR that goes with the resolver.
/// Errors: as FetchRemoteTree and CallForRemoteFile have them.
std::unique_ptr<kustomize::RemoteResolver> MakeRemoteResolver();

}  // namespace sluice::cli
