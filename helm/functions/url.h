// helm/functions/url.h: Go's net/url, as far as others than urlParse ask for it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::helm {

struct UrlParts {
  std::string scheme, host, path;
};
/// url.Parse. Errors: Invalid `parse "x": ...`.
base::Result<UrlParts> SplitUrl(std::string_view text);

/// The scheme of what url.ParseRequestURI takes (no fragment is split off); "" for a path. Errors as above.
base::Result<std::string> RequestScheme(std::string_view text);

}  // namespace sluice::helm
