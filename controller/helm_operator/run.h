// controller/helm_operator/run.h: what the reconciler remembers of one HelmRelease between runs, which need not survive a restart, and what a run found so far.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/helm_operator/reconciler.h"
#include "releases/follower.h"

namespace sluice::controller::helm_operator {

/// Says whenever it begins or ends to wait, so that others may have the place in the queue.
class WaitingFollower final : public releases::PollingFollower {
 public:
  WaitingFollower(kube::Client& client, const base::Clock& clock, std::function<void(bool)> on_wait)
      : PollingFollower(client, clock), on_wait_(std::move(on_wait)) {}
  net::Task<base::Result<void>> AwaitReady(std::vector<releases::Awaited> objects, releases::AwaitOptions options) override;
  net::Task<base::Result<void>> AwaitGone(std::vector<kube::ObjectRef> objects, base::Duration timeout) override;
  net::Task<base::Result<void>> AwaitHook(std::vector<kube::ObjectRef> objects, base::Duration timeout) override;

 private:
  std::function<void(bool)> on_wait_;
};

struct Reconciler::State {
  std::string uid;  ///< of the HelmRelease; another one starts afresh
  ChartMemory chart;
  unsigned failures = 0;  ///< in a row, before anything was done
  std::string told;       ///< the last failure that there was an event about
};

struct Reconciler::Run {
  explicit Run(const kube::SharedObject& of) : object(of), status(*of), phase_before(status.phase) {}

  Key key;
  kube::SharedObject object;
  base::Logger log = base::Logger::Null();
  Spec spec;
  std::shared_ptr<State> state;
  Triggers why = 0;
  WorkingStatus status;
  Phase phase_before;

  std::shared_ptr<const LoadedChart> loaded;
  std::string revision;  ///< of the chart: the commit, or the version
  bool chart_changed = false;
  std::shared_ptr<const helm::Value> values;

  std::unique_ptr<releases::Storage> storage;
  std::unique_ptr<WaitingFollower> follower;
  std::unique_ptr<releases::Actions> actions;
  helm::History history;
  std::optional<int> current;       ///< the version that there was before an upgrade
  std::vector<std::string> errors;  ///< in the order in which they came
  bool acted = false;               ///< something was done, and is worth an event
  bool at_once = false;             ///< another run is to follow

  const helm::ReleaseRecord* Last() const { return helm::LastOf(history); }
  /// The phase is that of a run that died before its generation was brought to an end.
  bool UnderWay() const { return !status.HasSynced() && IsUnderWay(phase_before); }
};

}  // namespace sluice::controller::helm_operator
