// controller/queue_meter.h: what a work queue did, counted as controller-runtime counts it (controller_runtime_*, workqueue_*), and how long the
// runs of each object took, as Flux does (gotk_reconcile_duration_seconds). A queue tells its meter; /metrics reads it. Belongs to the I/O thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/prometheus.h"
#include "document/object.h"

namespace sluice::controller {

/// How a run ended, in controller-runtime's words: `error` backs off, `requeue_after` looks again at its time, `success` waits for news.
enum class RunResult { Success, RequeueAfter, Requeue, Error };
std::string_view ToString(RunResult result);
inline constexpr std::array kRunResults = {RunResult::Error, RunResult::RequeueAfter, RunResult::Requeue, RunResult::Success};

class QueueMeter {
 public:
  using Key = document::NamespacedName;
  /// `clock` outlives it.
  explicit QueueMeter(const base::Clock& clock);
  QueueMeter(const QueueMeter&) = delete;
  QueueMeter& operator=(const QueueMeter&) = delete;

  void Listed(const Key& key);  ///< wants a place; again while it waits counts for nothing
  void Begun(const Key& key);
  void Ended(const Key& key, RunResult result);
  void Threw() { ++exceptions_; }  ///< a run ended in an exception
  void Forgotten(const Key& key);  ///< the object is gone: so are its series

  std::uint64_t results(RunResult result) const { return results_.at(static_cast<std::size_t>(result)); }
  std::uint64_t exceptions() const { return exceptions_; }
  const base::Histogram& waited() const { return waited_; }  ///< seconds from the first wish to the beginning
  const base::Histogram& worked() const { return worked_; }  ///< seconds of each run, in workqueue's ranges
  const base::Histogram& ran() const { return ran_; }        ///< the same in controller_runtime_reconcile_time_seconds' ranges
  double Unfinished() const;                                 ///< seconds that the runs under way have taken so far, added up
  double Longest() const;                                    ///< of them the longest
  const std::map<Key, base::Histogram>& durations() const { return durations_; }

 private:
  double Since(base::TimePoint then) const;
  const base::Clock& clock_;
  const std::vector<double> duration_bounds_;
  std::array<std::uint64_t, 4> results_{};
  std::uint64_t exceptions_ = 0;
  base::Histogram waited_, worked_, ran_;
  std::map<Key, base::TimePoint> listed_, begun_;
  std::map<Key, base::Histogram> durations_;
};

}  // namespace sluice::controller
