// tests/base/failing_new.h: memory runs out at any one moment (threats R32). For one file of a test binary, whose operator new it replaces.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>

namespace sluice::testing {

inline thread_local long fail_at = 0;  ///< the allocation of this thread that fails, counted from now; 0: none
inline thread_local bool has_failed = false;

inline void* Allocate(std::size_t size, std::size_t alignment) {
  if (fail_at > 0 && --fail_at == 0) {
    has_failed = true;
    throw std::bad_alloc();
  }
  void* memory = alignment > alignof(std::max_align_t) ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                                                       : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

/// Runs `work` again and again, each time with another allocation that fails, until none is left to fail; how many there were. It may end in
/// std::bad_alloc, or say `error: …`; what it says otherwise is what it says with all the memory there is. Beyond the first `every` it is one in a hundred of what was before.
inline long FailEachAllocation(const std::function<std::string()>& work, long every = 3000) {
  const std::string want = work();
  for (long at = 1;; at += at < every ? 1 : at / 100) {
    std::string said = "error: ";
    has_failed = false;
    fail_at = at;
    try {
      said = work();
    } catch (const std::bad_alloc&) {
    }
    fail_at = 0;
    if (!said.starts_with("error: ")) EXPECT_EQ(said, want) << "allocation " << at;
    if (!has_failed) {
      EXPECT_EQ(work(), want);
      return at - 1;
    }
  }
}

}  // namespace sluice::testing

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
/// RE2 loses what it holds when one of its own allocations throws. That is its leak, and one of a process whose memory has run out.
extern "C" const char* __lsan_default_suppressions() { return "leak:libre2.so\n"; }
#endif
#endif

// All forms, since a sanitizer has its own of those that are left out, and they must not be mixed.
namespace sluice::testing {

inline void* AllocateOrNull(std::size_t size, std::size_t alignment) noexcept {
  try {
    return Allocate(size, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace sluice::testing

void* operator new(std::size_t size) { return sluice::testing::Allocate(size, 0); }
void* operator new[](std::size_t size) { return sluice::testing::Allocate(size, 0); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return sluice::testing::AllocateOrNull(size, 0); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return sluice::testing::AllocateOrNull(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return sluice::testing::Allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return sluice::testing::Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
