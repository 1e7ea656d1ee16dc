// kube/small_file.h: certificates, tokens and kubeconfigs from disk, internal to kube/.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::kube {

/// The bytes of the regular file at `path`. NotFound, Invalid (a directory, unreadable), TooLarge (over 1 MiB). The message names the path.
base::Result<std::string> ReadSmallFile(const std::string& path);
/// The same without white space at the end, as tokens are kept.
base::Result<std::string> ReadToken(const std::string& path);

}  // namespace sluice::kube
