// controller/helm_release/follower.h: how an action of a HelmRelease learns what became of its objects: from the owned-object index, which also learns from the
// action what it wrote, so that our own writes are no drift. Hooks and deletions are asked for (releases::PollingFollower). Belongs to the I/O thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "controller/clusters.h"
#include "controller/health.h"
#include "net/executor.h"
#include "releases/follower.h"
#include "rollout/custom_status.h"

namespace sluice::controller::helm_release {

class IndexFollower final : public releases::PollingFollower {
 public:
  struct Parts {
    std::shared_ptr<const Cluster> cluster;
    const base::Clock& clock;
    kube::Impersonate as;
    net::Event& woken;                                    ///< set whenever the index saw a change of an object of this owner
    std::shared_ptr<const rollout::CustomStatus> custom;  ///< healthCheckExprs; may be null
    std::function<void(bool waiting)> on_wait;
    /// Told of what is missing, once it has been for `progress_after`, and when it is something else; awaited. May be empty.
    std::function<net::Task<void>(std::string details)> on_progress;
    base::Duration progress_after = std::chrono::seconds(2);
    bool legacy = false;  ///< waits by Helm's own rules (releases/helm_waiter.h), without `custom` and `on_progress`
  };
  explicit IndexFollower(Parts parts);

  Written BeginWrite(const kube::ObjectRef& ref, const document::Value& desired) override;
  Written BeginDelete(const kube::ObjectRef& ref, const std::string& uid) override;
  /// The errors also say what is stuck and why, on a line of its own.
  net::Task<base::Result<void>> AwaitReady(std::vector<releases::Awaited> objects, releases::AwaitOptions options) override;
  net::Task<base::Result<void>> AwaitGone(std::vector<kube::ObjectRef> objects, base::Duration timeout) override;
  net::Task<base::Result<void>> AwaitHook(std::vector<kube::ObjectRef> objects, base::Duration timeout) override;

 private:
  Parts parts_;
  std::map<kube::ObjectRef, std::string> pod_selectors_;  ///< of what was written
};

/// The hash of `desired` that the index compares with what is live.
std::uint64_t FingerprintOf(const document::Value& desired);

}  // namespace sluice::controller::helm_release
