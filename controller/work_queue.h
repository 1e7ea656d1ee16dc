// controller/work_queue.h: which objects want to be reconciled, and why. One run per object at a time; a newer intent cancels the run that is
// under way; failures back off. A run never waits for a rollout: it returns and is woken, so thousands of waiting objects hold no place. What a run
// may have to wait for (a registry, another cluster) is its lane: however many wait for one that never answers, those of other lanes have places.
// Belongs to the I/O thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "document/object.h"
#include "net/executor.h"

namespace sluice::controller {

class QueueMeter;

using Key = document::NamespacedName;

/// Why an object is looked at; a run gets all that have gathered.
using Triggers = std::uint32_t;
namespace trigger {
inline constexpr Triggers kSpec = 1;        ///< created, or its generation changed
inline constexpr Triggers kRequested = 2;   ///< reconcile.fluxcd.io/requestedAt changed
inline constexpr Triggers kSource = 4;      ///< the source has another revision
inline constexpr Triggers kDependency = 8;  ///< something it depends on changed
inline constexpr Triggers kDrift = 16;      ///< an owned object was changed or deleted by somebody else
inline constexpr Triggers kHealth = 32;     ///< the readiness of an owned object changed
inline constexpr Triggers kTimer = 64;      ///< interval, retry or a deadline
inline constexpr Triggers kDeleted = 128;   ///< the object is being, or has been, deleted
inline constexpr Triggers kConfig = 256;    ///< a ConfigMap or Secret that it names changed
inline constexpr Triggers kRest = 512;      ///< a run that let others go first goes on
/// These are newer intent: they cancel what is under way.
inline constexpr Triggers kIntent = kSpec | kRequested | kSource | kDeleted | kConfig;
}  // namespace trigger

/// What a run asks of the queue.
struct Outcome {
  std::optional<base::Duration> again_in;  ///< look again then (unless something comes first); none: only when something happens
  bool back_off = false;                   ///< failed: look again after an exponentially growing delay instead
  bool gone = false;                       ///< there is no such object any more: nothing of it is kept
  bool failed = false;                     ///< counts as an error even if nothing is tried again (back_off always does)
};

/// A run that ended in an exception.
struct Bug {
  std::string what;
  bool last = false;  ///< the third in a row: nothing but newer intent leads to another run
};

struct WorkQueueOptions {
  std::size_t concurrent = 64;  ///< runs at a time, in each lane. Those of all lanes but the empty one are limited too: see work_queue.cpp
  /// On whose answers, other than our own cluster's, a run of `key` waits: any text that is equal for those who wait for the same, empty for none. Asked when
  /// the key is listed.
  std::function<std::string(const Key&)> lane = nullptr;
  base::Duration min_retry = std::chrono::milliseconds(750);
  base::Duration max_retry = std::chrono::minutes(15);
  QueueMeter* meter = nullptr;  ///< is told what happens; outlives the queue
  std::function<net::Task<void>(Key, Bug)> on_bug = nullptr;
};

class WorkQueue {
 public:
  using Runner = std::function<net::Task<Outcome>(Key, Triggers)>;
  /// `timers` and `scope` outlive Close().
  WorkQueue(net::Scope& scope, net::Timers& timers, WorkQueueOptions options, Runner run);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// Asks for a run. While one is under way, newer intent cancels it and what it had to do is done again; anything else runs after it.
  void Add(const Key& key, Triggers why);
  /// Called by the run of `key` around a wait inside of it (for a stage to settle, an object to go): it gives its place to others meanwhile. Afterwards it goes
  /// on at once, also if that is one more than there are places.
  void SetWaiting(const Key& key, bool waiting);
  /// The object is gone: no timer and no backoff is kept. A run under way is cancelled.
  void Forget(const Key& key);
  /// Starts nothing more. What runs goes on (cancel the Scope to end it).
  void Stop();

  std::size_t depth() const;                        ///< ready to run, for want of a place
  bool HasNewerIntent(const Key& running) const;    ///< among them, in the lane of `running`
  std::size_t running() const { return running_; }  ///< without those that wait
  std::size_t concurrent() const { return options_.concurrent; }
  const QueueMeter* meter() const { return options_.meter; }
  std::uint64_t adds() const { return adds_; }
  std::uint64_t retries() const { return retries_; }

 private:
  struct Entry;
  struct Ticket {
    std::uint64_t number;  ///< the order in which they came, in all lanes; one that is not its entry's any more is void
    Key key;
  };
  struct Lane {
    std::deque<Ticket> urgent, ready;
    std::size_t running = 0;  ///< without those that wait
  };
  net::Task<void> RunOne(Key key, std::shared_ptr<Entry> entry, Triggers why);
  net::Task<Outcome> AfterBug(Key key, std::shared_ptr<Entry> entry, std::string what);
  void Finish(const Key& key, Entry& entry, Triggers why, const Outcome& outcome);
  void Pump();
  std::deque<Ticket>* NextLine();
  bool HasRoom(const std::string& name, const Lane& lane) const;
  void DropVoid(std::deque<Ticket>& line) const;
  void Release(const Entry& entry);
  void Enlist(const Key& key, Entry& entry);
  void Schedule(const Key& key, Entry& entry, base::Duration delay);

  net::Scope& scope_;
  net::Timers& timers_;
  WorkQueueOptions options_;
  Runner run_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  std::map<std::string, Lane> lanes_;  ///< those that somebody runs or waits in
  std::size_t running_ = 0;
  std::uint64_t adds_ = 0, retries_ = 0, tickets_ = 0;
  bool stopped_ = false;
  std::shared_ptr<bool> alive_;
};

}  // namespace sluice::controller
