#include "sources/artifact/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "base/errno_text.h"
#include "base/failpoint.h"
#include "base/files.h"

namespace sluice::sources {

using base::MakeError;
using base::Reason;
using base::Result;

namespace {

base::Error SystemError(const std::string& path, std::string_view step, int code) {
  return MakeError(Reason::Unavailable, path + ": cannot " + std::string(step) + ": " + base::ErrnoText(code));
}

/// A rename is on the disk once its directory is.
bool SyncDirectoryOf(const std::string& path) {
  const int fd = open(std::string(base::DirName(path)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = fsync(fd) == 0;
  close(fd);
  return ok;
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), aside_(path_ + std::string(kUnfinished)) {}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(aside_.c_str());
}

base::Error AtomicFile::Failed(std::string_view step) const { return SystemError(path_, step, errno); }

Result<void> AtomicFile::Open() {
  unlink(aside_.c_str());
  fd_ = open(aside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd_ < 0) return Failed("create the file");
  SLUICE_FAILPOINT("file.create.after");
  return {};
}

Result<void> AtomicFile::Append(std::string_view bytes) {
  SLUICE_FAILPOINT("file.write.before");
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> AtomicFile::Commit(base::TimePoint time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
  const timespec stamp{static_cast<time_t>(seconds.count()), 0};
  const timespec times[] = {stamp, stamp};
  if (futimens(fd_, times) != 0) return Failed("set the time");
  SLUICE_FAILPOINT("file.sync.before");
  if (fsync(fd_) != 0) return Failed("sync");
  SLUICE_FAILPOINT("file.rename.before");
  if (std::rename(aside_.c_str(), path_.c_str()) != 0) return Failed("rename");
  SLUICE_FAILPOINT("file.rename.after");
  close(fd_);
  fd_ = -1;
  if (!SyncDirectoryOf(path_)) return Failed("sync the directory");
  return {};
}

Result<void> ReplaceLink(const std::string& link, const std::string& target) {
  const std::string aside = link + std::string(kUnfinished);
  unlink(aside.c_str());
  if (symlink(target.c_str(), aside.c_str()) != 0) return SystemError(link, "create the link", errno);
  SLUICE_FAILPOINT("link.rename.before");
  if (std::rename(aside.c_str(), link.c_str()) != 0) return SystemError(link, "rename", errno);
  SLUICE_FAILPOINT("link.rename.after");
  return {};
}

}  // namespace sluice::sources
