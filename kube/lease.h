// kube/lease.h: one leader among replicas, by a coordination.k8s.io/v1 Lease, in step with client-go's leader election
// (tools/leaderelection), so that a replica of Flux and one of ours could not both hold it. A leader that cannot renew stops before
// another may begin: `leads()` looks at the clock, so it is false in time even if this process was frozen (threats R33, R35), and `MayWrite` looks
// at the Lease where the clock alone may deceive (R36).
// Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "kube/client.h"

namespace sluice::kube {

struct LeaseOptions {
  std::string ns, name;                              ///< "flux", "kustomize-controller-leader-election"
  std::string identity;                              ///< ours alone: "<pod name>_<uuid>"
  std::chrono::milliseconds lease_duration{35'000};  ///< others wait so long after the last renewal they saw
  std::chrono::milliseconds renew_deadline{30'000};  ///< we stop so long after our last renewal; < lease_duration
  std::chrono::milliseconds retry_period{5'000};     ///< between tries, jittered up to 1.2 times while waiting
  bool release_on_close = true;                      ///< a successor may begin at once
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;  ///< what terms are measured with
};

class LeaderElector {
 public:
  struct Callbacks {
    std::function<void()> gained;                               ///< we lead, from now on
    std::function<void()> lost;                                 ///< we lead no more: stop all writers before returning
    std::function<void(const std::string& identity)> observed;  ///< somebody holds it now, perhaps we
  };
  LeaderElector(Client& client, LeaseOptions options, Callbacks callbacks);
  ~LeaderElector();
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  void Start();
  /// Calls `lost` if we lead, then gives the lease back (if so set), waiting for the answer at most the renew deadline.
  net::Task<void> Close();
  /// Now, by the clock: held, and renewed less than `renew_deadline` ago.
  bool leads() const;
  /// For Transport::SetWriteGate. Within half a lease after a renewal the clock is believed, which is right at half its speed as well; later the
  /// Lease is read first. Errors: Canceled (`not the leader: nothing is written`), Unavailable (the Lease is gone or cannot be read).
  net::Task<base::Result<void>> MayWrite() const;
  const std::string& holder() const;  ///< as last seen; "" if nobody or not known yet

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::kube
