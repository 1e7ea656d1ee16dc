// kube/observe.h: single objects that we follow but do not own: what `healthChecks` names, the pods of a stuck workload. One watch an
// object and identity, shared by all who ask, ended when the last has gone. Belongs to the I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kube/client.h"
#include "kube/store.h"
#include "kube/watch.h"

namespace sluice::kube {

class Observer {
  struct Impl;

 public:
  /// `client` outlives it.
  Observer(Client& client, ReflectorOptions options);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  net::Task<void> Close();

  /// Somebody's interest in one object, or in the objects that a selector names. Ends with its last copy; may outlive the Observer.
  class Subscription {
   public:
    Subscription() = default;
    bool synced() const;                     ///< what Get and List answer is the server's word, not ignorance
    SharedObject Get() const;                ///< nullptr: absent, or not synced
    std::vector<SharedObject> List() const;  ///< sorted by namespace and name
    /// Why it is not synced (Forbidden, NotFound kind ...); no error while it is still on its way.
    std::optional<base::Error> trouble() const;
    /// Ok once synced, else as Reflector::WaitSynced.
    net::Task<base::Result<void>> WaitSynced(std::chrono::nanoseconds timeout);

   private:
    friend class Observer;
    struct State;
    explicit Subscription(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  /// `changed` is called on the I/O thread after each change, and once when synced; it must not wait. It may be called until the
  /// Subscription is destroyed, never after.
  Subscription Watch(ObjectRef ref, Impersonate as, std::function<void()> changed);
  /// The objects of `gvk` in `ns` that `label_selector` names.
  Subscription WatchSelected(document::GroupVersionKind gvk, std::string ns, std::string label_selector, Impersonate as,
                             std::function<void()> changed);
  std::size_t watches() const;

 private:
  struct Shared;
  Subscription Subscribe(std::shared_ptr<Shared> shared, std::function<void()> changed);
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::kube
