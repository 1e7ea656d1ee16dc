// cli/helm_lint.h: `sluice lint`, by helm lint's rules (helm-contract 16).
#pragma once

#include "cli/helm_values.h"

namespace sluice::cli {

/// Lints the charts that `flags` name; prints `[SEVERITY] path: text` lines; 1 if one has errors, or with --strict warnings.
int RunLint(const HelmFlags& flags);

}  // namespace sluice::cli
