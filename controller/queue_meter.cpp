#include "controller/queue_meter.h"

#include <algorithm>
#include <chrono>

namespace sluice::controller {
namespace {

// workqueue_queue_duration_seconds and workqueue_work_duration_seconds: powers of ten from 10 ns.
constexpr std::array kQueueBounds = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1000.0};
constexpr std::array kReconcileBounds = {0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3,  0.35, 0.4,  0.45, 0.5, 0.6,
                                         0.7,   0.8,  0.9,   1.0,  1.25, 1.5,  1.75, 2.0,  2.5,  3.0,  3.5,  4.0,  4.5, 5.0,
                                         6.0,   7.0,  8.0,   9.0,  10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0};

}  // namespace

std::string_view ToString(RunResult result) {
  switch (result) {
    case RunResult::Success: return "success";
    case RunResult::RequeueAfter: return "requeue_after";
    case RunResult::Requeue: return "requeue";
    case RunResult::Error: break;
  }
  return "error";
}

QueueMeter::QueueMeter(const base::Clock& clock)
    : clock_(clock),
      duration_bounds_(base::ExponentialBounds(0.01, 1800, 10)),
      waited_(kQueueBounds),
      worked_(kQueueBounds),
      ran_(kReconcileBounds) {}

/// A clock that was set back has measured nothing.
double QueueMeter::Since(base::TimePoint then) const { return std::max(0.0, std::chrono::duration<double>(clock_.Now() - then).count()); }

void QueueMeter::Listed(const Key& key) { listed_.try_emplace(key, clock_.Now()); }

void QueueMeter::Begun(const Key& key) {
  if (const auto at = listed_.find(key); at != listed_.end()) {
    waited_.Observe(Since(at->second));
    listed_.erase(at);
  }
  begun_.insert_or_assign(key, clock_.Now());
}

void QueueMeter::Ended(const Key& key, RunResult result) {
  ++results_.at(static_cast<std::size_t>(result));
  const auto at = begun_.find(key);
  if (at == begun_.end()) return;
  const double seconds = Since(at->second);
  begun_.erase(at);
  worked_.Observe(seconds);
  ran_.Observe(seconds);
  durations_.try_emplace(key, base::Histogram(duration_bounds_)).first->second.Observe(seconds);
}

void QueueMeter::Forgotten(const Key& key) {
  listed_.erase(key);
  durations_.erase(key);
}

double QueueMeter::Unfinished() const {
  double sum = 0;
  for (const auto& [key, since] : begun_) sum += Since(since);
  return sum;
}

double QueueMeter::Longest() const {
  double most = 0;
  for (const auto& [key, since] : begun_) most = std::max(most, Since(since));
  return most;
}

}  // namespace sluice::controller
