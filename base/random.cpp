#include "base/random.h"

#include <random>

namespace sluice::base {

Duration Random::Jitter(Duration duration, double fraction) {
  const double factor = 1.0 + fraction * (2.0 * Uniform() - 1.0);
  return Duration(static_cast<std::int64_t>(static_cast<double>(duration.count()) * factor));
}

std::uint64_t SeededRandom::Next() {
  MutexLock lock(mutex_);
  std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31;
}

std::uint64_t SystemSeed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace sluice::base
