// cli/version.h: what this binary calls itself.
#pragma once

#include <string>

namespace sluice::cli {

/// "sluice v0.1.0"
std::string VersionText();
/// "v0.1.0"
std::string Version();

}  // namespace sluice::cli
