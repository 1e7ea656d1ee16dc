// sources/git/library.h: starts and stops libgit2 for the process. cli/ (or a test's main) builds one before the first GitCache
// and destroys it after the last; nothing here is kept in a global of ours.
#pragma once

#include <cstdint>

namespace sluice::sources {

/// Sets what libgit2 keeps process-wide: no object cache of its own (ours is bounded), small mapping windows, strict hash checks, no configuration
/// from files outside a repository, the size that one object may have.
class GitLibrary {
 public:
  explicit GitLibrary(std::uint64_t max_object_bytes = 128u << 20);
  ~GitLibrary();
  GitLibrary(const GitLibrary&) = delete;
  GitLibrary& operator=(const GitLibrary&) = delete;
};

}  // namespace sluice::sources
