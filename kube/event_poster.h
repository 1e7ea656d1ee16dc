// kube/event_poster.h: events as JSON to Flux's notification-controller (`--events-addr`), beside the work and never in its way. What cannot be
// delivered is logged and dropped. Rules: flux-contract 10 (fluxcd/pkg/runtime/events). Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kube/events.h"
#include "kube/transport.h"

namespace sluice::kube {

struct PosterOptions {
  std::string url;                           ///< "http://notification-controller.flux-system.svc.cluster.local./"
  std::chrono::milliseconds timeout{5'000};  ///< of one try
  int max_tries = 5;                         ///< connection errors and 5xx are tried again; whatever else is answered is the answer
  std::chrono::milliseconds first_wait{1'000}, max_wait{30'000};
  std::size_t queue = 1000;   ///< more than this waiting: the oldest is dropped and counted
  std::size_t in_flight = 4;  ///< at a time, so that one that is tried again does not hold up all
};

struct PosterStats {
  std::uint64_t posted = 0, refused = 0, failed = 0, dropped = 0;
};

/// The body of the POST: involvedObject, severity, timestamp, message, reason, metadata, reportingController, reportingInstance. Pure.
document::Value EventBody(const Event& event, const EventOptions& reporter, base::TimePoint now);

class EventPoster {
 public:
  /// `environment`'s parts outlive it.
  EventPoster(Environment environment, PosterOptions options);
  ~EventPoster();
  EventPoster(const EventPoster&) = delete;
  EventPoster& operator=(const EventPoster&) = delete;

  void Post(const Event& event, const EventOptions& reporter);  ///< returns at once
  /// Waits until all is delivered or given up, at most `timeout`.
  net::Task<void> Flush(std::chrono::nanoseconds timeout);
  net::Task<void> Close();  ///< drops what waits
  const PosterStats& stats() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::kube
