// base/late_library.h: a shared library that is loaded when one of its functions is first called, not when the program starts.
// libcurl, RNP, libgit2 and libssh bring forty others with them, which cost every `sluice build` 8 ms that needs none of them; OpenSSL costs 1 ms and 2 MiB.
// sluice_late_library (cmake/LateLibrary.cmake) writes a small entry for each function that is called; callers use the library's own header
// and notice nothing.
#pragma once

#include <cstddef>

namespace sluice::base {

/// One such library; the generated code owns it. The addresses lie on pages of their own, which are read-only but for the moment in which they
/// are filled, so that they are as safe as those of a library that is bound at start (full RELRO).
struct LateLibrary {
  const char* soname;
  const char* const* names;  ///< of its functions
  void** addresses;          ///< as many; null until the library is loaded
  std::size_t count;
  std::size_t bytes;  ///< of the pages that hold the addresses
};

}  // namespace sluice::base

/// Loads `library` and fills in the addresses; called by the generated entries, from any thread. Does not return when the library or one of the
/// functions is missing: it says so on standard error and ends the process with 127, as the dynamic linker does at start.
extern "C" void SluiceLoadLate(const sluice::base::LateLibrary* library);
