// base/errno_text.h: what the system calls an errno. Needs no descriptor, also not in a build with sanitizers, so that running out of them can be told.
#pragma once

#include <string>

namespace sluice::base {

/// "No such file or directory" for ENOENT; in English whatever the locale.
std::string ErrnoText(int code);

}  // namespace sluice::base
