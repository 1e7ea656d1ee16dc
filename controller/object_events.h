// controller/object_events.h: what a change of a reconciled object means for its queue: Flux's predicate (the generation changed, the annotation
// requestedAt changed, or a deletion began). Labels, other annotations and status trigger nothing.
#pragma once

#include <functional>

#include "controller/work_queue.h"
#include "kube/store.h"

namespace sluice::controller {

/// The triggers of a change from `before` to `after`; 0 for none. Pure.
Triggers TriggersOf(const document::Value& before, const document::Value& after);

/// Feeds a queue from a store. `queue` outlives it, and it outlives the store or is removed from it.
class QueueFeeder final : public kube::StoreListener {
 public:
  /// `changed` (may be empty) hears of every change first: (before, after), nullptr where there is none.
  using Changed = std::function<void(const kube::SharedObject& before, const kube::SharedObject& after)>;
  QueueFeeder(WorkQueue& queue, Changed changed) : queue_(queue), changed_(std::move(changed)) {}

  void OnAdded(const kube::SharedObject& object) override;
  void OnUpdated(const kube::SharedObject& before, const kube::SharedObject& after) override;
  void OnDeleted(const kube::SharedObject& last) override;

 private:
  WorkQueue& queue_;
  Changed changed_;
};

Key KeyOf(const document::Value& object);

}  // namespace sluice::controller
