// cli/migrate.h: manifests of older Flux versions become those that are served now, the text around the changes kept as it is. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::cli {

struct Migration {
  std::string text;                   ///< equal to the input where there was nothing to do
  std::vector<std::string> changes;   ///< `line: Kind/name: what was done`, in order
  std::vector<std::string> warnings;  ///< `line: Kind/name: what a person has to do`
};

/// `text` is a stream of YAML documents; those of other kinds are passed over. Documents that are no YAML before a template engine has seen them are
/// changed by their `apiVersion` line alone. `file` is named in errors. Errors: TooLarge.
base::Result<Migration> Migrate(std::string_view text, std::string_view file);

}  // namespace sluice::cli
