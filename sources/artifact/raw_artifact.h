// sources/artifact/raw_artifact.h: an artifact whose bytes somebody else packed, kept as they are beside those that the store packs.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "sources/artifact/store.h"

namespace sluice::sources {

/// Writes `bytes` as `<file_stem>.tar.gz` of `owner` into `directory`, which is `store`'s own, and links `latest.tar.gz` to it. Errors as ArtifactStore::Store.
base::Result<Artifact> StoreRaw(const ArtifactStore& store, const std::string& directory, const ArtifactOwner& owner,
                                std::string_view file_stem, std::string_view revision, std::string_view bytes, base::TimePoint now);

}  // namespace sluice::sources
