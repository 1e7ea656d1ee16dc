// sources/artifact/atomic_file.h: a file that appears under its name whole, synced to the disk, or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::sources {

/// The end of the names of files that are being written; whatever carries it at rest is a leftover.
inline constexpr std::string_view kUnfinished = ".unfinished";

/// Written beside its final place; gone without Commit. Errors: Unavailable, with the system's words and the path.
class AtomicFile {
 public:
  /// `path`'s directory exists. Nobody else writes to the same path meanwhile (ArtifactStore::Lock).
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  base::Result<void> Open();
  base::Result<void> Append(std::string_view bytes);
  /// Syncs, sets the time of change, and gives it its name, replacing what had it.
  base::Result<void> Commit(base::TimePoint time);

 private:
  base::Error Failed(std::string_view step) const;
  const std::string path_, aside_;
  int fd_ = -1;
};

/// Makes `link` point at `target` (a name in the same directory), replacing it at once.
base::Result<void> ReplaceLink(const std::string& link, const std::string& target);

}  // namespace sluice::sources
