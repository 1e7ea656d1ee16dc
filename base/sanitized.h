// base/sanitized.h: SLUICE_SANITIZED is defined in builds with the address or the thread sanitizer, which trace their own process, map terabytes and call what a
// sandbox forbids: what cannot be had there is left out there, and said so where it is.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLUICE_SANITIZED 1
#endif
#endif
