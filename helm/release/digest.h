// helm/release/digest.h: the digest by which a HelmRelease's status.history recognises a release (flux-contract 7.8). It covers the JSON that Flux's Go
// code makes of what it observed, to the letter, so that a history that Flux wrote holds for us and ours for Flux.
#pragma once

#include <string>
#include <string_view>

#include "helm/release/record.h"

namespace sluice::helm {

/// The observation's JSON with its final newline; test hooks left out. `oci_digest` may be "".
std::string ObservationJson(const Release& release, std::string_view oci_digest);
/// `sha256:…`; `algorithm` as base::NamedDigestHex knows it, "sha256" for an unknown one.
std::string SnapshotDigest(const Release& release, std::string_view oci_digest, std::string_view algorithm = "sha256");

}  // namespace sluice::helm
