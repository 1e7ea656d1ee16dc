#include "sources/git/turns.h"

#include <algorithm>

namespace sluice::sources {

using base::Result;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t kMostTimes = 4;                  // as many as usual, where all take long
constexpr auto kLook = std::chrono::milliseconds(50);  // whether somebody's turn has become a long one: nobody says so

}  // namespace

Turns::Turns(std::size_t usual, std::chrono::milliseconds patience) : usual_(std::max<std::size_t>(usual, 1)), patience_(patience) {}

Turns::Turn::~Turn() {
  if (turns_ == nullptr) return;
  {
    const base::MutexLock lock(turns_->mutex_);
    turns_->taken_.erase(at_);
  }
  turns_->freed_.notify_one();
}

bool Turns::IsFree() const {
  const Steady::time_point before = Steady::now() - patience_;
  const auto long_ones = static_cast<std::size_t>(std::ranges::count_if(taken_, [&](Steady::time_point begun) { return begun <= before; }));
  return taken_.size() < std::min(usual_ + long_ones, usual_ * kMostTimes);
}

Result<Turns::Turn> Turns::Take(const Waiter& waiter) {
  const base::MutexLock lock(mutex_);
  const auto is_free = [this]() REQUIRES(mutex_) { return IsFree(); };
  while (!freed_.wait_until(mutex_, waiter.stop(), std::min(waiter.deadline(), Steady::now() + kLook), is_free)) TRY(waiter.Check());
  return Turn(*this, taken_.insert(taken_.end(), Steady::now()));
}

std::size_t Turns::taken() const {
  const base::MutexLock lock(mutex_);
  return taken_.size();
}

}  // namespace sluice::sources
