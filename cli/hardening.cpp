#include "cli/hardening.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLUICE_SANITIZED 1
#endif
#endif

namespace sluice::cli {

bool KeepSecretsInside() {
  umask(0077);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
#ifdef SLUICE_SANITIZED
  return false;
#else
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
}

}  // namespace sluice::cli
