// After everything is applied: waiting for health without holding anything, saying what is missing, and why.
#include <algorithm>
#include <set>

#include "base/failpoint.h"
#include "controller/conditions.h"
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/state.h"
#include "net/await.h"
#include "rollout/annotations.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using kube::SharedObject;

/// A failure is reported this much later at most, so that its cause can be named along with it.
constexpr base::Duration kCauseGrace = std::chrono::seconds(1);

std::vector<Awaited> AppliedToAwait(const Key& key, const std::vector<AppliedObject>& applied) {
  std::vector<Awaited> out;
  for (const AppliedObject& object : applied) {
    const bool self = object.ref.gvk.kind == "Kustomization" && object.ref.gvk.group == "kustomize.toolkit.fluxcd.io" &&
                      object.ref.ns == key.ns && object.ref.name == key.name;
    if (self || object.effect == Effect::Skipped) continue;
    out.push_back({.ref = object.ref, .pod_selector = object.pod_selector, .owned = true, .vanishes = object.vanishes});
  }
  return out;
}

/// A check names a kind; a version that the server does not have any more stands for the one that it has. What is ours the index follows already.
net::Task<std::vector<Awaited>> ChecksToAwait(const Cluster& cluster, Key key, const std::vector<HealthCheck>& checks) {
  std::vector<Awaited> out;
  for (const HealthCheck& check : checks) {
    const auto [group, version] = document::SplitApiVersion(check.api_version);
    Awaited awaited{.ref = {.gvk = {group, version, check.kind}, .ns = check.ns, .name = check.name}, .pod_selector = "", .owned = false};
    net::Task<Result<kube::ResourcePtr>> finding = cluster.client.mapper().FindServed(awaited.ref.gvk);
    const Result<kube::ResourcePtr> served = co_await std::move(finding);
    if (served) awaited.ref.gvk.version = (*served)->gvk.version;
    const auto known = cluster.index.Lookup(awaited.ref);
    awaited.owned = known && known->owner == key;
    out.push_back(std::move(awaited));
  }
  co_return out;
}

}  // namespace

net::Task<controller::Outcome> Reconciler::BeginHealth(std::shared_ptr<Run> run, std::vector<AppliedObject> applied) {
  State& state = *run->state;
  if (!run->spec.ChecksHealth()) {
    net::Task<controller::Outcome> task = Succeed(run, std::nullopt);
    co_return co_await std::move(task);
  }
  if (run->spec.wait) {
    state.awaited = AppliedToAwait(run->key, applied);
  } else {
    net::Task<std::vector<Awaited>> naming = ChecksToAwait(*run->cluster, run->key, run->spec.health_checks);
    state.awaited = co_await std::move(naming);
  }
  if (state.awaited.empty()) {
    net::Task<controller::Outcome> task = Succeed(run, std::nullopt);
    co_return co_await std::move(task);
  }
  const auto custom = expressions_.Find(run->key.ns, run->key.name);
  if (custom != state.judged_by) {
    std::vector<kube::ObjectRef> refs;
    for (const AppliedObject& object : applied) refs.push_back(object.ref);
    net::Task<Result<void>> judging = JudgeAnew(run, std::move(refs));
    Result<void> judged = co_await std::move(judging);
    if (!judged) {
      net::Task<controller::Outcome> task = Fail(run, reason::kFailed, std::move(judged).error());
      co_return co_await std::move(task);
    }
  }
  net::Task<controller::Outcome> task = AwaitHealth(run);
  co_return co_await std::move(task);
}

/// From now on the health of all that is awaited decides how the run ends.
net::Task<controller::Outcome> Reconciler::AwaitHealth(std::shared_ptr<Run> run) {
  State& state = *run->state;
  const Key key = run->key;
  const std::weak_ptr<State> weak = run->keep;
  auto changed = [this, key, weak] {
    if (!weak.expired()) queue_->Add(key, trigger::kHealth);
  };
  SLUICE_FAILPOINT("health.before");
  state.health = std::make_unique<HealthWatch>(run->cluster->index, run->cluster->observer, parts_.services.clock, state.awaited, run->as,
                                               expressions_.Find(key.ns, key.name), std::move(changed));
  const document::Value* status = run->object->Find("status");
  state.was_healthy = status != nullptr && Conditions::FromStatus(*status).IsTrue(condition::kHealthy);
  state.new_revision = run->object->StringAt({"status", "lastAppliedRevision"}) != run->attempt.revision;
  state.wait_started = parts_.services.clock.Now();
  state.deadline = state.wait_started + std::chrono::duration_cast<base::TimePoint::duration>(run->spec.timeout);
  net::Task<controller::Outcome> task = CheckHealth(run);
  co_return co_await std::move(task);
}

/// The index keeps no whole objects: those whose status was, or is to be, told by expressions are read once more, a list a kind.
net::Task<Result<void>> Reconciler::JudgeAnew(std::shared_ptr<Run> run, std::vector<kube::ObjectRef> refs) {
  State& state = *run->state;
  const auto custom = expressions_.Find(run->key.ns, run->key.name);
  std::set<document::GroupVersionKind> kinds;
  for (const kube::ObjectRef& ref : refs) {
    const auto concerned = [&ref](const auto& by) { return by && by->Concerns(ref.gvk.group, ref.gvk.kind); };
    if (run->cluster->index.IsWatched(ref.gvk) && (concerned(custom) || concerned(state.judged_by))) kinds.insert(ref.gvk);
  }
  const std::string prefix(rollout::kKustomizePrefix);
  const kube::ListOptions options{.label_selector = prefix + "/name=" + run->key.name + "," + prefix + "/namespace=" + run->key.ns};
  kube::ListSink sink;
  sink.item = [cluster = run->cluster](const document::Value& object) { cluster->index.Rejudge(object); };
  sink.restart = [] {};
  for (const document::GroupVersionKind& gvk : kinds) {
    net::Task<Result<std::string>> listing = run->cluster->client.List(gvk, options, sink);
    CO_TRY(co_await std::move(listing));
  }
  state.judged_by = custom;
  co_return Result<void>();
}

net::Task<controller::Outcome> Reconciler::CheckHealth(std::shared_ptr<Run> run) {
  State& state = *run->state;
  const base::TimePoint now = parts_.services.clock.Now();
  const base::Duration waited = now - state.wait_started;
  HealthReport report = state.health->Evaluate();
  if (report.AllCurrent()) {
    SLUICE_FAILPOINT("health.after");
    state.health.reset();
    state.investigation.reset();
    state.unhealthy = false;
    net::Task<controller::Outcome> task = Succeed(run, waited);
    co_return co_await std::move(task);
  }
  if (state.unhealthy) co_return controller::Outcome{.again_in = Left(state), .back_off = false};  // reported; a recovery would show
  const bool patient = parts_.services.gates.Enabled(Gate::DisableFailFastBehavior);
  const bool failed = patient ? report.AllFailed() : report.AnyFailed();
  const bool late = now >= state.deadline;
  if ((failed || late || waited >= options_.progress_after)) {
    if (Investigate(state) && !late) co_return Next(state, std::min<base::Duration>(kCauseGrace, state.deadline - now));
    report = state.health->Evaluate();
  }
  if (failed || late) {
    state.unhealthy = true;
    state.was_healthy = false;
    std::string message = "health check failed after " + base::FormatGoDuration(waited) + ": ";
    message +=
        failed ? "failed early due to stalled resources: " + report.Statuses(true) : "timeout waiting for: " + report.Statuses(false);
    message += "\n" + report.Details();
    run->attempt.duration = now - state.started;
    net::Task<controller::Outcome> task = Fail(run, reason::kHealthCheckFailed, base::MakeError(base::Reason::Timeout, std::move(message)));
    co_return co_await std::move(task);
  }
  if (waited < options_.progress_after)
    co_return Next(state, std::min<base::Duration>(options_.progress_after - waited, state.deadline - now));
  net::Task<controller::Outcome> task = ReportProgress(run, std::move(report));
  co_return co_await std::move(task);
}

bool Reconciler::Investigate(State& state) {
  const bool begins = !state.investigation;
  if (begins) {
    if (*investigations_ >= options_.max_investigations) return false;
    ++*investigations_;
    state.investigation = std::shared_ptr<void>(investigations_.get(), [places = investigations_](void*) { --*places; });
  }
  state.health->Investigate();
  return begins;
}

net::Task<controller::Outcome> Reconciler::ReportProgress(std::shared_ptr<Run> run, HealthReport report) {
  State& state = *run->state;
  const base::TimePoint now = parts_.services.clock.Now();
  const base::Duration left = state.deadline - now;
  const std::string details = report.Details();
  std::string told = run->attempt.revision + ": " + details;
  if (told == state.reported) co_return Next(state, left);
  const base::Duration since = now - state.reported_at;
  if (since < options_.progress_every) co_return Next(state, std::min<base::Duration>(options_.progress_every - since, left));
  const std::string message = ProgressMessage("Running health checks", run->attempt);
  document::Value status = StatusChecking(*run->object, run->attempt, message, details, now);
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  state.reported_at = now;
  if (written) {
    state.reported = std::move(told);
    NoteRecorded(*run);
  }
  co_return Next(state, written ? left : std::min<base::Duration>(options_.progress_every, left));
}

}  // namespace sluice::controller::kustomization
