// controller/kind_queue.h: what each reconciled kind has: its objects, the queue of those that want a run, what the queue counted, and what feeds
// it. Belongs to the I/O thread.
#pragma once

#include <string>
#include <utility>

#include "base/clock.h"
#include "controller/object_events.h"
#include "controller/queue_meter.h"
#include "controller/work_queue.h"
#include "kube/store.h"

namespace sluice::controller {

class KindQueue {
 public:
  struct Place {
    net::Scope& scope;
    net::Timers& timers;
    const base::Clock& clock;
  };
  /// The lane of an object as it is stored (controller/lanes.h); empty: one for all.
  using LaneOf = std::string (*)(const document::Value& object);
  /// `name` is what its metrics call the kind; the options' meter and lane are set here. `changed` as in QueueFeeder. What `place` and `store` name outlives it.
  KindQueue(Place place, std::string name, kube::ObjectStore& store, WorkQueueOptions options, LaneOf lane_of, WorkQueue::Runner run,
            QueueFeeder::Changed changed = {})
      : name_(std::move(name)),
        store_(store),
        meter_(place.clock),
        queue_(place.scope, place.timers, Complete(std::move(options), lane_of), std::move(run)),
        feeder_(queue_, std::move(changed)) {}

  const std::string& name() const { return name_; }
  const kube::ObjectStore& store() const { return store_; }
  WorkQueue& queue() { return queue_; }
  const WorkQueue& queue() const { return queue_; }
  /// From now on a change of an object asks for a run: after the store's listeners of before.
  void Follow() { store_.AddListener(feeder_); }

 private:
  WorkQueueOptions Complete(WorkQueueOptions options, LaneOf lane_of) {
    options.meter = &meter_;
    if (lane_of != nullptr) {
      options.lane = [this, lane_of](const Key& key) {
        const kube::SharedObject object = store_.Get(key);
        return object ? lane_of(*object) : std::string();
      };
    }
    return options;
  }
  std::string name_;
  kube::ObjectStore& store_;
  QueueMeter meter_;
  WorkQueue queue_;
  QueueFeeder feeder_;
};

}  // namespace sluice::controller
