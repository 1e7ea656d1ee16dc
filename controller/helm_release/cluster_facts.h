// controller/helm_release/cluster_facts.h: what templates may know of the cluster they are rendered for: its version and kinds (.Capabilities), and what `lookup`
// asks it while they are rendered. Belongs to the I/O thread, what MakeLookup returns to a worker.
#pragma once

#include <map>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "controller/clusters.h"
#include "helm/render/capabilities.h"
#include "helm/render/engine.h"
#include "kube/client.h"
#include "net/executor.h"

namespace sluice::controller::helm_release {

class ClusterFacts {
 public:
  explicit ClusterFacts(const base::Clock& clock) : clock_(clock) {}
  /// Asked anew after ten minutes, and when the server has other kinds. `client` is one of few. Errors: those of discovery.
  net::Task<base::Result<helm::Capabilities>> CapabilitiesOf(kube::Client& client);

 private:
  struct Known {
    helm::Capabilities capabilities;
    std::uint64_t refreshes = 0;
    base::TimePoint asked;
  };
  const base::Clock& clock_;
  std::map<const kube::Client*, Known> known_;
};

/// Asks `cluster` on the I/O thread, in tasks of `scope`, while the worker that calls it waits. `runtime` and `scope` outlive every call; nobody is asked behind the
/// last holder of the cluster. Errors of a call: those of the client, Canceled; what is not there is an empty map.
helm::LookupFunction MakeLookup(net::Runtime& runtime, net::Scope& scope, std::weak_ptr<const Cluster> cluster, kube::Impersonate as);

}  // namespace sluice::controller::helm_release
