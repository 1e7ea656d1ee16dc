// kube/events.h: core/v1 Events, written beside the work and never in its way. Like client-go's recorder (tools/record): a repeat patches
// the count of the first, ten of a kind that differ only in their message become one "(combined from similar events)", and an object that
// talks too much (25 at once, then one in 5 minutes) is silenced. Beyond that: while many wait, those of one object wait as one, which says all that
// they say, a line each. Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document/value.h"
#include "kube/client.h"

namespace sluice::kube {

class EventPoster;

/// Trace: for those who look at the object, a Normal one there; nobody else is notified.
enum class EventType { Normal, Warning, Trace };

struct Event {
  document::Value involved;  ///< an ObjectReference: kind, namespace, name, uid, apiVersion, resourceVersion
  EventType type = EventType::Normal;
  std::string reason;                                            ///< "ReconciliationSucceeded"
  std::string message;                                           ///< cut to 39,000 bytes, on a character, ending in "..."
  std::vector<std::pair<std::string, std::string>> annotations;  ///< of the Event itself
};

/// The reference of `object`, as an Event needs it.
document::Value ReferenceTo(const document::Value& object);

struct EventOptions {
  std::string component;  ///< source.component and reportingComponent: "kustomize-controller"
  std::string instance;   ///< reportingInstance and source.host: the pod's name
  /// More than this waiting: the oldest is dropped and counted. Up to half of it they give way to other requests.
  std::size_t queue = 4000;
  /// From so many waiting on, a Normal event joins one of its object that waits: the messages one under the other, the newer reason, if none of
  /// the older's annotations says something else.
  std::size_t join_from = 32;
  std::size_t memory = 4096;      ///< repeats remembered, as in client-go
  EventPoster* poster = nullptr;  ///< gets every event as well, before any are combined; outlives the recorder
};

struct EventStats {
  std::uint64_t created = 0, patched = 0, joined = 0, dropped = 0, limited = 0, failed = 0;
};

class EventRecorder {
 public:
  EventRecorder(Client& client, EventOptions options);
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void Record(Event event);  ///< returns at once; what fails is logged and counted
  /// Waits until all that was recorded is written or given up, at most `timeout`.
  net::Task<void> Flush(std::chrono::nanoseconds timeout);
  net::Task<void> Close();  ///< drops what waits; Flush first to keep it
  const EventStats& stats() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::kube
