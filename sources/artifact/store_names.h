// sources/artifact/store_names.h: which names and paths the store uses and serves. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sources/artifact/store.h"

namespace sluice::sources {

/// One name in a path: letters, digits, `.`, `_`, `-`, `:`, `+`; at most 255 bytes; not hidden and not an unfinished file.
bool IsStoreName(std::string_view name);

/// `<kind>/<namespace>/<name>/<file>` of such names.
bool IsArtifactPath(std::string_view path);

/// `<kind, lower-case>/<namespace>/<name>`. Invalid: a name that is not allowed.
base::Result<std::string> OwnerPath(const ArtifactOwner& owner);

/// The artifact path of an HTTP request target, percent-decoded, without its query; nullopt for all else.
std::optional<std::string> PathOfTarget(std::string_view target);

}  // namespace sluice::sources
