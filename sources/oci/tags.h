// sources/oci/tags.h: which tag a range of versions means. The rules are Flux's (OCIRepository `ref.semver`, `ref.semverFilter`). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sources::oci {

/// The highest of `tags` in `range` (and matching `filter`, a Go regular expression, "" for all). With `chart`, `_` in a tag stands for the version's `+`, as
/// Helm has it. Invalid: a range or filter that is none. NotFound: no tag fits.
base::Result<std::string> HighestTag(const std::vector<std::string>& tags, std::string_view range, std::string_view filter, bool chart);

}  // namespace sluice::sources::oci
