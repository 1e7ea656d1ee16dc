#include "releases/follower.h"

#include <algorithm>

#include "net/await.h"
#include "rollout/conditions.h"
#include "rollout/status.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;
using rollout::Phase;

constexpr base::Duration kFirstPause = std::chrono::milliseconds(100), kLongestPause = std::chrono::seconds(2);

/// The pauses between looks, and the end of looking.
class Pauses {
 public:
  explicit Pauses(base::Duration timeout) : end_(std::chrono::steady_clock::now() + timeout) {}
  bool over() const { return std::chrono::steady_clock::now() >= end_; }
  base::Duration Next() {
    const base::Duration left = end_ - std::chrono::steady_clock::now();
    const base::Duration pause = std::min(pause_, std::max(left, base::Duration(0)));
    pause_ = std::min(pause_ * 2, kLongestPause);
    return pause;
  }

 private:
  std::chrono::steady_clock::time_point end_;
  base::Duration pause_ = kFirstPause;
};

struct Watched {
  Awaited awaited;
  rollout::Status status = rollout::NotFoundStatus();
};

std::string Listed(const std::vector<Watched>& objects, bool failed_only) {
  std::string text;
  for (const Watched& object : objects) {
    if (object.status.phase == Phase::Current || (failed_only && object.status.phase != Phase::Failed)) continue;
    text +=
        (text.empty() ? "" : ", ") + object.awaited.ref.Id().ToString() + " status: '" + std::string(ToString(object.status.phase)) + "'";
  }
  return "[" + text + "]";
}

bool Any(const std::vector<Watched>& objects, Phase phase) {
  return std::any_of(objects.begin(), objects.end(), [&](const Watched& object) { return object.status.phase == phase; });
}
bool AllCurrent(const std::vector<Watched>& objects) {
  return std::all_of(objects.begin(), objects.end(), [](const Watched& object) { return object.status.phase == Phase::Current; });
}

bool IsJob(const kube::ObjectRef& ref) { return ref.gvk.group == "batch" && ref.gvk.kind == "Job"; }

rollout::Status StatusOf(const Value& live, bool jobs, base::TimePoint now) {
  rollout::Status status = rollout::ComputeStatus(live, now);
  const bool started = !live.StringAt({"status", "startTime"}).empty();
  if (!jobs && status.phase == Phase::InProgress && started && IsJob(kube::ObjectRef::Of(live)))
    status = {Phase::Current, "", "Job in progress"};
  return status;
}

/// Helm's rule for hooks: Jobs and Pods run to their end, all else is done once it is there.
rollout::Status HookStatusOf(const Value& live, base::TimePoint now) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(live);
  if (IsJob(ref)) return rollout::ComputeStatus(live, now);
  if (!ref.gvk.group.empty() || ref.gvk.kind != "Pod") return {Phase::Current, "", "Resource is current"};
  const std::string_view phase = live.StringAt({"status", "phase"});
  if (phase == "Succeeded") return {Phase::Current, "", "pod " + ref.name + " succeeded"};
  if (phase == "Failed") return {Phase::Failed, "PodFailed", "pod " + ref.name + " failed"};
  return {Phase::InProgress, "PodInProgress", "Pod in progress"};
}

/// Looks at each that is not Current yet. Errors that may pass are looked over.
net::Task<Result<void>> LookAtAll(kube::Client& client, const base::Clock& clock, kube::Impersonate as, std::vector<Watched>& objects,
                                  std::function<rollout::Status(const Value&, base::TimePoint)> judge) {
  const kube::ReadOptions options{.as = as};
  for (Watched& object : objects) {
    if (object.status.phase == Phase::Current) continue;
    const Result<Value> live = co_await client.Get(object.awaited.ref, options);
    if (live) {
      object.status = judge(*live, clock.Now());
      object.awaited.vanishes = object.awaited.vanishes || rollout::VanishesWhenDone(*live);
    } else if (live.error().reason == Reason::NotFound) {
      object.status = object.awaited.vanishes ? rollout::Status{Phase::Current, "", "gone"} : rollout::NotFoundStatus();
    } else if (live.error().reason != Reason::Unavailable && live.error().reason != Reason::Timeout) {
      co_return live.error();
    }
  }
  co_return Result<void>();
}

base::Error Stalled(const std::vector<Watched>& objects) {
  return base::Invalid("failed early due to stalled resources: " + Listed(objects, true));
}
base::Error TimedOut(const std::vector<Watched>& objects) {
  return base::MakeError(Reason::Timeout, "timeout waiting for: " + Listed(objects, false));
}

}  // namespace

net::Task<Result<void>> PollingFollower::AwaitReady(std::vector<Awaited> awaited, AwaitOptions options) {
  std::vector<Watched> objects;
  for (Awaited& one : awaited) objects.push_back({.awaited = std::move(one)});
  Pauses pauses(options.timeout);
  const bool jobs = options.jobs;
  const std::function<rollout::Status(const Value&, base::TimePoint)> judge = [jobs](const Value& live, base::TimePoint now) {
    return StatusOf(live, jobs, now);
  };
  while (true) {
    CO_TRY(co_await LookAtAll(client_, clock_, as_, objects, judge));
    if (AllCurrent(objects)) co_return Result<void>();
    if (Any(objects, Phase::Failed)) co_return Stalled(objects);
    if (pauses.over()) co_return TimedOut(objects);
    const base::Duration pause = pauses.Next();
    CO_TRY(co_await net::SleepFor(pause));
  }
}

net::Task<Result<void>> PollingFollower::AwaitGone(std::vector<kube::ObjectRef> objects, base::Duration timeout) {
  Pauses pauses(timeout);
  const kube::ReadOptions options{.as = as_, .metadata_only = true};
  while (true) {
    std::vector<kube::ObjectRef> left;
    for (const kube::ObjectRef& ref : objects) {
      const Result<Value> live = co_await client_.Get(ref, options);
      if (!live && live.error().reason == Reason::NotFound) continue;
      const bool passes = live || live.error().reason == Reason::Unavailable || live.error().reason == Reason::Timeout;
      if (!passes) co_return live.error();
      left.push_back(ref);
    }
    if (left.empty()) co_return Result<void>();
    objects = std::move(left);
    if (pauses.over())
      co_return base::MakeError(Reason::Timeout, "timeout waiting for: [" + objects.front().Id().ToString() + " status: 'Terminating']");
    const base::Duration pause = pauses.Next();
    CO_TRY(co_await net::SleepFor(pause));
  }
}

net::Task<Result<void>> PollingFollower::AwaitHook(std::vector<kube::ObjectRef> refs, base::Duration timeout) {
  std::vector<Watched> objects;
  for (kube::ObjectRef& ref : refs) objects.push_back({.awaited = {.ref = std::move(ref)}});
  Pauses pauses(timeout);
  const std::function<rollout::Status(const Value&, base::TimePoint)> judge = HookStatusOf;
  while (true) {
    CO_TRY(co_await LookAtAll(client_, clock_, as_, objects, judge));
    if (AllCurrent(objects)) co_return Result<void>();
    // A migration that runs beside one that failed is let come to its end.
    if (Any(objects, Phase::Failed) && !Any(objects, Phase::InProgress)) co_return Stalled(objects);
    if (pauses.over()) co_return TimedOut(objects);
    const base::Duration pause = pauses.Next();
    CO_TRY(co_await net::SleepFor(pause));
  }
}

}  // namespace sluice::releases
