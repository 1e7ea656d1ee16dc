#include "sources/git/fetch_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_text.h"

namespace sluice::sources {

using base::MakeError;
using base::Reason;
using base::Result;

namespace {

constexpr int kRetryMillis = 20;  // between two looks at a file that another process has locked

}  // namespace

Result<void> FetchLock::WaitForTurn(const Waiter& waiter) {
  const base::MutexLock lock(mutex_);
  const auto free = [this]() REQUIRES(mutex_) { return !taken_; };
  if (!freed_.wait_until(mutex_, waiter.stop(), waiter.deadline(), free)) {
    TRY(waiter.Check());
    return MakeError(Reason::Timeout, "no turn within the deadline");  // the deadline's last millisecond
  }
  taken_ = true;
  return {};
}

Result<int> FetchLock::LockFile(const Waiter& waiter) const {
  const int fd = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return MakeError(Reason::Unavailable, "cannot open " + file_ + ": " + base::ErrnoText(errno));
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (auto ok = waiter.Check(); !ok) {
      close(fd);
      return std::move(ok).error();
    }
    pollfd wake{waiter.wake_fd(), POLLIN, 0};
    poll(&wake, 1, kRetryMillis);
  }
  return fd;
}

Result<std::unique_ptr<FetchLock::Holder>> FetchLock::Acquire(const Waiter& waiter) {
  TRY(WaitForTurn(waiter));
  auto fd = LockFile(waiter);
  if (!fd) {
    Release(-1);
    return std::move(fd).error();
  }
  return std::make_unique<Holder>(*this, *fd);
}

void FetchLock::Release(int fd) {
  if (fd >= 0) close(fd);  // closing is unlocking
  {
    const base::MutexLock lock(mutex_);
    taken_ = false;
  }
  freed_.notify_one();
}

}  // namespace sluice::sources
