// controller/artifact_value.h: `status.artifact` of a source object (flux-contract 4.1) as a value and back. Pure.
#pragma once

#include <optional>
#include <string>

#include "document/value.h"
#include "sources/artifact/store.h"

namespace sluice::controller {

/// The key under which an artifact's metadata names the revision of what it was made of (`lastAppliedOriginRevision` of a Kustomization).
inline constexpr std::string_view kOriginRevision = "org.opencontainers.image.revision";

/// `object.status.artifact`; nullopt if there is none, or none that can be told apart (no revision).
std::optional<sources::Artifact> ArtifactIn(const document::Value& object);
/// What `value` says, whole or not; a field that is absent or of another type is empty.
sources::Artifact ArtifactFrom(const document::Value& value);
document::Value ArtifactValue(const sources::Artifact& artifact);
/// "" if its metadata names none.
std::string OriginRevisionOf(const sources::Artifact& artifact);

}  // namespace sluice::controller
