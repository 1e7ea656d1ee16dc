// All addresses of a library are filled in at once, so that its pages become writable once. An entry reads its address without a lock: it is null, or final.
#include "base/late_library.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace {

using sluice::base::LateLibrary;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "sluice: error while loading shared libraries: %s\n", what);
  _exit(127);
}

std::vector<void*> Look(const LateLibrary& library) {
  void* const handle = dlopen(library.soname, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) Fail(dlerror());  // NOLINT(concurrency-mt-unsafe): glibc keeps one text a thread
  std::vector<void*> found(library.count);
  for (std::size_t i = 0; i < library.count; ++i) {
    found[i] = dlsym(handle, library.names[i]);
    if (found[i] == nullptr) Fail(dlerror());  // NOLINT(concurrency-mt-unsafe)
  }
  return found;
}

void Protect(const LateLibrary& library, int protection) {
  if (mprotect(library.addresses, library.bytes, protection) != 0) Fail(library.soname);
}

}  // namespace

void SluiceLoadLate(const LateLibrary* library) {
  static std::mutex one_at_a_time;  // the loader is the process's, as the libraries are
  const std::lock_guard lock(one_at_a_time);
  if (std::atomic_ref(library->addresses[library->count - 1]).load(std::memory_order_acquire) != nullptr) return;
  const std::vector<void*> found = Look(*library);
  Protect(*library, PROT_READ | PROT_WRITE);
  for (std::size_t i = 0; i < library->count; ++i) std::atomic_ref(library->addresses[i]).store(found[i], std::memory_order_release);
  Protect(*library, PROT_READ);
}
