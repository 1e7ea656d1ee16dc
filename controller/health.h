// controller/health.h: is what a Kustomization or HelmRelease waits for healthy, and if not, what is missing? Nothing is polled: owned objects are
// judged from the index, others from a watch of their own, and while a workload is stuck its pods are watched to name the cause.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/index.h"
#include "kube/observe.h"
#include "rollout/custom_status.h"
#include "rollout/status.h"

namespace sluice::controller {

struct Awaited {
  kube::ObjectRef ref;
  std::string pod_selector;  ///< of the pods it makes, "" if it makes none or that is not known
  bool owned = true;         ///< applied by the one who waits, so the index knows it; else a watch of its own
  bool vanishes = false;     ///< its absence is its success
};

struct HealthReport {
  struct Entry {
    kube::ObjectRef ref;
    rollout::Status status;
    std::string cause;  ///< why it is stuck, "" while that is not known
  };
  std::vector<Entry> unready;  ///< all that are not Current, in the order they were asked for
  bool AllCurrent() const { return unready.empty(); }
  bool AnyFailed() const;
  bool AllFailed() const;  ///< all that are not Current will not become so
  /// `[Deployment/shop/web status: 'InProgress', …]`, Flux's form; only those that failed if `failed_only`.
  std::string Statuses(bool failed_only) const;
  /// For a person: `Deployment shop/web: 1 of 3 updated replicas available; Pod shop/web-x: container app: ImagePullBackOff: …`
  std::string Details() const;
};

class HealthWatch {
 public:
  /// `changed` is called on the I/O thread when something outside of the index changed; what the index sees its listener hears.
  /// `custom`, if there is one, judges what the index does not know; what it does know it has judged by the same.
  HealthWatch(kube::OwnedIndex& index, kube::Observer& observer, const base::Clock& clock, std::vector<Awaited> awaited,
              kube::Impersonate as, std::shared_ptr<const rollout::CustomStatus> custom, std::function<void()> changed);
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;

  HealthReport Evaluate() const;
  /// From now on looks for the cause: follows the pods of the workloads that are not ready (of some, if there are many).
  void Investigate();

 private:
  struct Object;
  rollout::Status StatusOf(const Object& object) const;
  std::string CauseOf(const Object& object) const;

  kube::OwnedIndex& index_;
  kube::Observer& observer_;
  const base::Clock& clock_;
  kube::Impersonate as_;
  std::shared_ptr<const rollout::CustomStatus> custom_;
  std::function<void()> changed_;
  std::vector<std::unique_ptr<Object>> objects_;
};

}  // namespace sluice::controller
