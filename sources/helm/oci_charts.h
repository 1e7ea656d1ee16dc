// sources/helm/oci_charts.h: charts in a registry (helm-contract 17.3): versions are tags, `_` for `+`; the archive is a layer. Belongs to the I/O thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "sources/oci/client.h"

namespace sluice::sources::helm_repository {

/// The tag of a version, and the other way.
std::string TagOf(std::string_view version);
std::string VersionOf(std::string_view tag);
/// Whether `text` is a whole version (with or without v), so that no list of tags is needed to know which one it means.
bool IsVersion(std::string_view text);

/// The versions among the tags: only whole ones. Errors: those of oci::Client::ListTags. `client` outlives the call.
net::Task<base::Result<std::vector<std::string>>> ListVersions(sources::oci::Client& client);

/// The archive in the image at `reference` (a tag or digest). Errors: those of oci::Client; Invalid for an image that holds no chart; TooLarge.
net::Task<base::Result<std::string>> PullChart(sources::oci::Client& client, std::string reference, std::size_t max_bytes);

}  // namespace sluice::sources::helm_repository
