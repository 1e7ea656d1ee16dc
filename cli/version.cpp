#include "cli/version.h"

namespace sluice::cli {

std::string Version() { return "v" SLUICE_VERSION; }
std::string VersionText() { return "sluice " + Version(); }

}  // namespace sluice::cli
