// controller/services.h: what every reconciler is handed. References only: cli/ builds the parts and keeps them alive.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "controller/feature_gates.h"
#include "controller/limits.h"
#include "kube/client.h"
#include "kube/events.h"
#include "kube/store.h"
#include "net/executor.h"

namespace sluice::controller {

struct Services {
  kube::Client& client;
  net::WorkerPool& workers;
  const base::Clock& clock;
  base::Random& random;
  base::Logger log;
  double interval_jitter = 0.05;  ///< share of an interval by which it varies
  base::Duration requeue_dependency = std::chrono::seconds(30);
  FeatureGates gates;
  Limits limits = {};
};

inline constexpr std::string_view kFinalizer = "finalizers.fluxcd.io";
inline constexpr std::string_view kRequestedAt = "reconcile.fluxcd.io/requestedAt";

/// The log of one run over `object`: what it says carries `controller`, `controllerGroup`, `controllerKind`, `namespace`, `name` and a
/// `reconcileID`, the fields by which `flux logs` and people filter.
base::Logger LogOf(const Services& services, const document::Value& object);

/// As good as never: what an interval of 0s means to Flux, after which only news lead to another look.
inline constexpr base::Duration kNever = std::chrono::hours(24 * 365);
/// How long until the next look: the interval, give or take the jitter.
base::Duration Period(const Services& services, base::Duration interval);

std::int64_t GenerationOf(const document::Value& object);
bool IsDeleting(const document::Value& object);
bool HasFinalizer(const document::Value& object, std::string_view finalizer = kFinalizer);

/// An Event about `object`; `metadata` keys get the prefix of its API group (`<group>/revision`), as Flux's consumers expect.
kube::Event MakeEvent(const document::Value& object, kube::EventType type, std::string_view reason, std::string_view message,
                      std::vector<std::pair<std::string, std::string>> metadata);

}  // namespace sluice::controller
