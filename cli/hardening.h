// cli/hardening.h: what keeps the secrets in a process's memory out of files.
#pragma once

namespace sluice::cli {

/// No core file and no other process of the user may look inside (/proc/<pid>/mem, environ), and whatever is written from here on is for its owner alone.
/// Returns whether it is closed to others: under sanitizers, which trace their own process, it is not.
bool KeepSecretsInside();

}  // namespace sluice::cli
