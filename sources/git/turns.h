// sources/git/turns.h: who computes on a thread that mostly waits for a host. There are many such threads (net::HostPool); were all of them to index packs at once, they
// would take the processors from everything else. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "sources/git/waiter.h"

namespace sluice::sources {

class Turns {
 public:
  /// `usual` at a time (at least 1), up to four times as many while some take longer than `patience`, so that a large pack holds up no small one.
  explicit Turns(std::size_t usual, std::chrono::milliseconds patience = std::chrono::seconds(1));

  /// Gives itself back on destruction; the Turns outlive it.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), at_(other.at_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend class Turns;
    using At = std::list<std::chrono::steady_clock::time_point>::iterator;
    Turn(Turns& turns, At at) : turns_(&turns), at_(at) {}
    Turns* turns_;
    At at_;
  };

  /// Waits for one. Errors: Timeout, Canceled, as `waiter` says.
  base::Result<Turn> Take(const Waiter& waiter);
  std::size_t taken() const;

 private:
  bool IsFree() const REQUIRES(mutex_);

  const std::size_t usual_;
  const std::chrono::milliseconds patience_;
  mutable base::Mutex mutex_;
  std::condition_variable_any freed_;
  std::list<std::chrono::steady_clock::time_point> taken_ GUARDED_BY(mutex_);  ///< when each began
};

}  // namespace sluice::sources
