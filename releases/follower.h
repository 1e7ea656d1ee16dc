// releases/follower.h: how an action learns what became of the objects it wrote. The controller derives its own and answers from the owned-object index;
// PollingFollower asks the server, for the command line and for hooks. Belongs to the I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"
#include "kube/client.h"
#include "net/task.h"

namespace sluice::releases {

struct Awaited {
  kube::ObjectRef ref;
  bool vanishes = false;  ///< rollout::VanishesWhenDone: its absence is its success
};

struct AwaitOptions {
  base::Duration timeout = std::chrono::minutes(5);
  bool jobs = true;  ///< Jobs must be complete; else it is enough that they have started
};

class Follower {
 public:
  virtual ~Follower() = default;
  /// Around every write of a release's object (not of hooks): called before the request; what it returns is called with what the server stored, or
  /// null if it failed or the object was deleted. May be empty. `desired`: what is sent.
  using Written = std::function<void(const document::Value* stored)>;
  virtual Written BeginWrite(const kube::ObjectRef& ref, const document::Value& desired) {
    (void)ref, (void)desired;
    return {};
  }
  virtual Written BeginDelete(const kube::ObjectRef& ref, const std::string& uid) {
    (void)ref, (void)uid;
    return {};
  }
  /// Ok when all are Current by kstatus. Errors: Timeout `timeout waiting for: [Deployment/prod/web status: 'InProgress']`, Invalid as soon as one has
  /// failed and none is in progress any more (`failed early due to stalled resources: […]`), Canceled. Both lists name what is not ready.
  virtual net::Task<base::Result<void>> AwaitReady(std::vector<Awaited> objects, AwaitOptions options) = 0;
  /// Ok when none is there any more. Timeout, Canceled.
  virtual net::Task<base::Result<void>> AwaitGone(std::vector<kube::ObjectRef> objects, base::Duration timeout) = 0;
  /// Of a hook's objects: Jobs complete, Pods succeed, others are done at once. Errors: Invalid (one failed), Timeout, Canceled.
  virtual net::Task<base::Result<void>> AwaitHook(std::vector<kube::ObjectRef> objects, base::Duration timeout) = 0;
};

class PollingFollower : public Follower {
 public:
  /// Both outlive it.
  PollingFollower(kube::Client& client, const base::Clock& clock, kube::Impersonate as = {})
      : client_(client), clock_(clock), as_(std::move(as)) {}
  net::Task<base::Result<void>> AwaitReady(std::vector<Awaited> objects, AwaitOptions options) override;
  net::Task<base::Result<void>> AwaitGone(std::vector<kube::ObjectRef> objects, base::Duration timeout) override;
  net::Task<base::Result<void>> AwaitHook(std::vector<kube::ObjectRef> objects, base::Duration timeout) override;

 protected:
  kube::Client& client_;
  const base::Clock& clock_;
  kube::Impersonate as_;
};

}  // namespace sluice::releases
