#include "controller/time_limit.h"

#include <time.h>

namespace sluice::controller {
namespace {

using base::Duration;

Duration Read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// The coarse clock is read without a call of the kernel, that of a thread with one: so it is asked only when so much time has passed that it may matter.
class TimeLimit {
 public:
  TimeLimit(const TimeLimits& limits, std::string what, std::string remedy, std::string flags)
      : limits_(limits), what_(std::move(what)), remedy_(std::move(remedy)), flags_(std::move(flags)) {}

  base::Result<void> Check() {
    const Duration wall = Read(CLOCK_MONOTONIC_COARSE) - wall_start_;
    if (wall > limits_.wall) return Passed(limits_.wall, "", "-time");
    if (wall < next_look_) return {};
    const Duration cpu = Read(CLOCK_THREAD_CPUTIME_ID) - cpu_start_;
    if (cpu > limits_.cpu) return Passed(limits_.cpu, " of CPU time", "-cpu-time");
    next_look_ = wall + (limits_.cpu - cpu);  // a thread uses no more time than passes
    return {};
  }

 private:
  base::Error Passed(Duration limit, std::string_view of_what, std::string_view flag) const {
    return base::MakeError(base::Reason::TooLarge, what_ + " takes more than " + base::FormatGoDuration(limit) + std::string(of_what) +
                                                       ": " + remedy_ + ", or raise " + flags_ + std::string(flag));
  }

  TimeLimits limits_;
  std::string what_, remedy_, flags_;
  Duration wall_start_ = Read(CLOCK_MONOTONIC_COARSE), cpu_start_ = Read(CLOCK_THREAD_CPUTIME_ID), next_look_{};
};

}  // namespace

std::function<base::Result<void>()> StopAfter(const TimeLimits& limits, std::string what, std::string remedy, std::string flags) {
  return [limit = TimeLimit(limits, std::move(what), std::move(remedy), std::move(flags))]() mutable { return limit.Check(); };
}

}  // namespace sluice::controller
