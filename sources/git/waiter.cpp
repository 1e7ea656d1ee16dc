#include "sources/git/waiter.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>

namespace sluice::sources {

using base::MakeError;
using base::Reason;
using base::Result;

/// A counter in the kernel that a stop makes readable.
struct Waiter::Wake {
  struct Descriptor {
    const int number = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ~Descriptor() {
      if (number >= 0) close(number);
    }
  };
  explicit Wake(const std::stop_token& stop) : callback(stop, [this] { Signal(); }) {}
  void Signal() const {
    const std::uint64_t one = 1;
    if (fd.number >= 0) [[maybe_unused]]
      const auto written = write(fd.number, &one, sizeof one);
  }
  const Descriptor fd;
  std::stop_callback<std::function<void()>> callback;  // goes first, and waits for a Signal under way: afterwards nobody writes to fd
};

Waiter::Waiter(const GitCall& call)
    : timeout_(call.timeout),
      deadline_(std::chrono::steady_clock::now() + call.timeout),
      stop_(call.stop),
      wake_(std::make_unique<Wake>(call.stop)) {}

Waiter::~Waiter() = default;

int Waiter::wake_fd() const { return wake_->fd.number; }

std::chrono::milliseconds Waiter::Remaining() const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

Result<void> Waiter::Check() const {
  if (stop_.stop_requested()) return MakeError(Reason::Canceled, "canceled");
  if (Remaining().count() == 0)
    return MakeError(Reason::Timeout,
                     "no result within " + base::FormatGoDuration(timeout_) + ": see whether the host answers, or raise the timeout");
  return {};
}

Result<void> Waiter::Poll(int fd, short events) const {
  for (;;) {
    TRY(Check());
    pollfd fds[] = {{fd, events, 0}, {wake_fd(), POLLIN, 0}};
    // Without an eventfd (descriptors exhausted) a stop is noticed within a tenth of a second.
    const auto wait = wake_fd() >= 0 ? Remaining() : std::min(Remaining(), std::chrono::milliseconds(100));
    const int ready = poll(fds, 2, static_cast<int>(std::min<std::int64_t>(wait.count(), 3'600'000)));
    if (ready < 0 && errno != EINTR) return MakeError(Reason::Unavailable, "poll failed");
    if (ready > 0 && fds[0].revents != 0) return {};
  }
}

}  // namespace sluice::sources
