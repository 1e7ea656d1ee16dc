#include "controller/helm_release/follower.h"

#include <algorithm>

#include "net/await.h"
#include "releases/helm_waiter.h"
#include "rollout/diagnose.h"
#include "rollout/fingerprint.h"
#include "rollout/normalize.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using document::Value;

/// A failure is reported this much later at most, so that its cause can be named along with it.
constexpr base::Duration kCauseGrace = std::chrono::seconds(1);
constexpr auto kSyncTimeout = std::chrono::seconds(30);

/// Says so for as long as it lives.
class Waiting {
 public:
  explicit Waiting(const std::function<void(bool)>& say) : say_(say) { Say(true); }
  ~Waiting() { Say(false); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  void Say(bool waiting) const {
    if (say_) say_(waiting);
  }
  const std::function<void(bool)>& say_;
};

/// A Job that runs is enough unless Jobs are waited for.
void LeaveJobs(HealthReport& report) {
  std::erase_if(report.unready, [](const HealthReport::Entry& entry) {
    return entry.ref.gvk.group == "batch" && entry.ref.gvk.kind == "Job" && entry.status.phase == rollout::Phase::InProgress &&
           entry.status.reason != "JobNotStarted";
  });
}

}  // namespace

std::uint64_t FingerprintOf(const Value& desired) {
  Value copy = desired;
  const Result<void> normal = rollout::NormalizeObject(copy);
  return rollout::FingerprintDesired(normal ? copy : desired);
}

IndexFollower::IndexFollower(Parts parts)
    : releases::PollingFollower(parts.cluster->client, parts.clock, parts.as), parts_(std::move(parts)) {}

releases::Follower::Written IndexFollower::BeginWrite(const kube::ObjectRef& ref, const Value& desired) {
  pod_selectors_[ref] = rollout::PodSelector(desired);
  auto guard = std::make_shared<kube::OwnedIndex::WriteGuard>(parts_.cluster->index.BeginWrite(ref));
  return [guard, fingerprint = FingerprintOf(desired)](const Value* stored) mutable {
    if (stored != nullptr && guard) guard->Applied(*stored, fingerprint);
    guard.reset();
  };
}

releases::Follower::Written IndexFollower::BeginDelete(const kube::ObjectRef& ref, const std::string& uid) {
  auto guard = std::make_shared<kube::OwnedIndex::WriteGuard>(parts_.cluster->index.BeginWrite(ref));
  guard->Deleted(uid);
  return [guard](const Value*) mutable { guard.reset(); };
}

net::Task<Result<void>> IndexFollower::AwaitReady(std::vector<releases::Awaited> objects, releases::AwaitOptions options) {
  if (parts_.legacy) {
    const Waiting place(parts_.on_wait);
    net::Task<Result<void>> waiting = releases::AwaitReadyAsHelm(parts_.cluster->client, parts_.as, std::move(objects), options);
    co_return co_await std::move(waiting);
  }
  std::vector<Awaited> awaited;
  for (releases::Awaited& each : objects) {
    net::Task<Result<void>> following = parts_.cluster->index.EnsureWatched(each.ref.gvk, kSyncTimeout);
    const Result<void> followed = co_await std::move(following);  // what cannot be followed gets a watch of its own
    if (!followed && followed.error().reason == base::Reason::Canceled) co_return followed.error();
    const auto selector = pod_selectors_.find(each.ref);
    awaited.push_back({.ref = each.ref,
                       .pod_selector = selector == pod_selectors_.end() ? std::string() : selector->second,
                       .owned = true,
                       .vanishes = each.vanishes});
  }
  const Waiting place(parts_.on_wait);
  HealthWatch watch(parts_.cluster->index, parts_.cluster->observer, parts_.clock, std::move(awaited), parts_.as, parts_.custom,
                    [this] { parts_.woken.Set(); });
  const base::TimePoint begun = parts_.clock.Now();
  const base::TimePoint deadline = begun + std::chrono::duration_cast<base::TimePoint::duration>(options.timeout);
  std::optional<base::TimePoint> failed_since;
  std::string told;
  for (;;) {
    const base::TimePoint now = parts_.clock.Now();
    HealthReport report = watch.Evaluate();
    if (!options.jobs) LeaveJobs(report);
    if (report.AllCurrent()) co_return Result<void>();
    const bool failed = report.AnyFailed(), late = now >= deadline, slow = now - begun >= parts_.progress_after;
    if (failed || slow) {
      watch.Investigate();
      report = watch.Evaluate();
      if (!options.jobs) LeaveJobs(report);
    }
    if (!failed) failed_since.reset();
    if (failed && !failed_since) failed_since = now;
    if (late || (failed_since && now - *failed_since >= kCauseGrace)) {
      std::string message =
          failed ? "failed early due to stalled resources: " + report.Statuses(true) : "timeout waiting for: " + report.Statuses(false);
      message += "\n" + report.Details();
      co_return base::MakeError(failed ? base::Reason::Invalid : base::Reason::Timeout, std::move(message));
    }
    if (slow && parts_.on_progress) {
      std::string details = report.Details();
      if (details != told) {
        told = details;
        net::Task<void> telling = parts_.on_progress(std::move(details));
        co_await std::move(telling);
      }
    }
    base::Duration pause = deadline - now;
    if (failed_since) pause = std::min<base::Duration>(pause, kCauseGrace - (now - *failed_since));
    if (!slow) pause = std::min<base::Duration>(pause, parts_.progress_after - (now - begun));
    net::Task<Result<void>> waiting = parts_.woken.Wait(std::max<base::Duration>(pause, std::chrono::milliseconds(10)));
    const Result<void> woke = co_await std::move(waiting);
    if (!woke && woke.error().reason == base::Reason::Canceled) co_return woke.error();
  }
}

net::Task<Result<void>> IndexFollower::AwaitGone(std::vector<kube::ObjectRef> objects, base::Duration timeout) {
  const Waiting place(parts_.on_wait);
  net::Task<Result<void>> waiting = releases::PollingFollower::AwaitGone(std::move(objects), timeout);
  co_return co_await std::move(waiting);
}

net::Task<Result<void>> IndexFollower::AwaitHook(std::vector<kube::ObjectRef> objects, base::Duration timeout) {
  const Waiting place(parts_.on_wait);
  net::Task<Result<void>> waiting = releases::PollingFollower::AwaitHook(std::move(objects), timeout);
  co_return co_await std::move(waiting);
}

}  // namespace sluice::controller::helm_release
