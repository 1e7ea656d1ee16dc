// base/clock.h: time comes in through an interface; nothing above reads the clock itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::base {

using TimePoint = std::chrono::system_clock::time_point;  ///< wall time, UTC
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::system_clock::now(); }
};

/// For tests: stands still until told.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint now = {}) : now_(now) {}
  TimePoint Now() const override { return now_; }
  void Advance(Duration by) { now_ += std::chrono::duration_cast<TimePoint::duration>(by); }
  void Set(TimePoint now) { now_ = now; }

 private:
  TimePoint now_;
};

std::string FormatRfc3339(TimePoint time);                     ///< `2026-01-31T12:00:00Z`, as metav1.Time
std::string FormatRfc3339Micro(TimePoint time);                ///< `2026-01-31T12:00:00.123456Z`, as metav1.MicroTime
std::optional<TimePoint> ParseRfc3339(std::string_view text);  ///< with or without fraction, Z or offset
/// Go's time.ParseDuration: "1h30m", "1.5s", "300ms"; nullopt if malformed.
std::optional<Duration> ParseGoDuration(std::string_view text);
/// Go's Duration.String(): "1m30s", "1.5s", "300ms", "0s".
std::string FormatGoDuration(Duration duration);

}  // namespace sluice::base
