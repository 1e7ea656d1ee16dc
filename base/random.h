// base/random.h: chance comes in through an interface, as time does, so that a test can replay it. For jitter and names, never for secrets.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

namespace sluice::base {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t Next() = 0;  ///< any 64 bits, evenly
  /// Evenly in [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  /// `duration` changed by at most `fraction` of itself, evenly: Jitter(1min, 0.05) lies in [57s, 63s).
  Duration Jitter(Duration duration, double fraction);
};

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same numbers, everywhere. Thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() override;

 private:
  Mutex mutex_;
  std::uint64_t state_ GUARDED_BY(mutex_);
};

/// A seed from the operating system, for production.
std::uint64_t SystemSeed();

}  // namespace sluice::base
