// How a run ends: synchronized, failed, refused, or with the HelmRelease itself.
#include <algorithm>

#include "base/failpoint.h"
#include "controller/helm_operator/antecedent.h"
#include "controller/helm_operator/run.h"
#include "helm/release/record.h"
#include "net/await.h"

namespace sluice::controller::helm_operator {
namespace {

using base::Error;
using base::Result;
using kube::SharedObject;

constexpr unsigned kMaxDoublings = 12;

/// The newest first, as the operator tells them.
std::string Joined(const std::vector<std::string>& errors) {
  std::string out;
  for (auto at = errors.rbegin(); at != errors.rend(); ++at) out += (out.empty() ? "" : ", previous error: ") + *at;
  return out;
}

}  // namespace

void Reconciler::OpenStorage(const RunPtr& run) {
  Run* const raw = run.get();  // owns what is made here
  const auto observe = [raw](const helm::ReleaseRecord& record, bool deleted) {
    std::erase_if(raw->history, [&](const helm::ReleaseRecord& each) { return each.release.version == record.release.version; });
    if (deleted) return;
    raw->history.push_back(record);
    helm::SortHistory(raw->history);
  };
  const Services& services = parts_.services;
  releases::Storage::Options storage{
      .ns = run->spec.ns, .manager = std::string(kFieldManager), .as = {}, .owner = ResourceIdOf(*run->object), .observer = observe};
  run->storage = std::make_unique<releases::Storage>(services.client, services.clock, pool_, std::move(storage));
  auto on_wait = [this, key = run->key](bool waiting) { queue_->SetWaiting(key, waiting); };
  run->follower = std::make_unique<WaitingFollower>(services.client, services.clock, std::move(on_wait));
  releases::Actions::Environment environment{.client = services.client,
                                             .clock = services.clock,
                                             .storage = *run->storage,
                                             .follower = *run->follower,
                                             .log = run->log,
                                             .as = {},
                                             .manager = std::string(kFieldManager)};
  run->actions = std::make_unique<releases::Actions>(std::move(environment));
}

net::Task<Result<void>> Reconciler::ReadStorage(RunPtr run) {
  net::Task<Result<helm::History>> reading = run->storage->LoadHistory(run->spec.release_name);
  Result<helm::History> history = co_await std::move(reading);
  if (!history) co_return std::move(history).error().Wrap("failed to retrieve Helm release");
  run->history = std::move(*history);
  co_return Result<void>();
}

net::Task<Result<void>> Reconciler::Write(RunPtr run) {
  if (run->storage) {
    const helm::ReleaseRecord* last = run->Last();
    run->status.release_name = run->spec.release_name;
    run->status.release_status = last == nullptr ? std::string() : std::string(ToString(last->release.info.status));
  }
  SLUICE_FAILPOINT("release.status.before");
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, run->status.ToValue());
  Result<SharedObject> written = co_await std::move(writing);
  SLUICE_FAILPOINT("release.status.after");
  if (!written) co_return std::move(written).error();
  run->object = std::move(*written);
  co_return Result<void>();
}

/// Shows a step that begins or has ended, before the next one.
net::Task<Result<void>> Reconciler::Enter(RunPtr run, Phase phase, std::string cause) {
  run->status.Enter(phase, cause, run->spec.test.ignore_failures, Now());
  net::Task<Result<void>> writing = Write(run);
  const Result<void> written = co_await std::move(writing);
  if (written) co_return written;
  // What cannot be shown is not begun: it would not be known to have been.
  co_return base::MakeError(base::Reason::Canceled, written.error().message);
}

void Reconciler::Tell(const Run& run, kube::EventType type, std::string_view reason, const std::string& message) const {
  std::vector<std::pair<std::string, std::string>> metadata;
  if (!run.revision.empty()) metadata.emplace_back("revision", run.revision);
  parts_.events.Record(MakeEvent(*run.object, type, reason, message, std::move(metadata)));
}

net::Task<Outcome> Reconciler::End(RunPtr run) {
  run->status.ObserveGeneration();
  net::Task<Result<void>> writing = Write(run);
  const Result<void> written = co_await std::move(writing);
  if (!written) co_return Outcome{.again_in = {}, .back_off = true};
  const std::string release = "release '" + run->spec.release_name + "' in namespace '" + run->spec.ns + "'";
  if (!run->errors.empty()) {
    const std::string message = "synchronization of " + release + " failed: " + Joined(run->errors);
    run->log.Error("synchronization failed", Joined(run->errors), {{"reason", std::string(ToString(run->status.phase))}});
    if (run->acted || run->state->told != message) Tell(*run, kube::EventType::Warning, "FailedReleaseSync", message);
    run->state->told = message;
  } else {
    if (run->acted) Tell(*run, kube::EventType::Normal, "ReleaseSynced", "managed " + release + " synchronized");
    run->state->told.clear();
  }
  if (run->at_once) co_return Outcome{.again_in = base::Duration(0), .back_off = false};
  co_return Again(options_.sync_interval);
}

/// Before anything was done: tried again soon, ever less so, and at every interval at the latest.
net::Task<Outcome> Reconciler::Fail(RunPtr run, Phase phase, Error error) {
  if (error.reason == base::Reason::Canceled) co_return Again(std::chrono::seconds(1));
  run->status.Enter(phase, error.message, false, Now());
  run->errors.push_back(std::move(error.message));
  net::Task<Outcome> ending = End(run);
  Outcome outcome = co_await std::move(ending);
  if (!outcome.again_in) co_return outcome;
  const base::Duration soon = std::chrono::seconds(1LL << std::min(run->state->failures++, kMaxDoublings));
  co_return Again(std::min(soon, options_.sync_interval));
}

/// Only another spec can help.
net::Task<Outcome> Reconciler::Refuse(RunPtr run, Error error) {
  run->status.Enter(Phase::Failed, error.message, false, Now());
  run->errors.push_back(std::move(error.message));
  net::Task<Outcome> ending = End(run);
  Outcome outcome = co_await std::move(ending);
  outcome.again_in.reset();
  co_return outcome;
}

// ---- Deletion ------------------------------------------------------------------------------------------------------------------------

/// Uninstalls what is ours. Ok too if it is another's, or not there.
net::Task<Result<void>> Reconciler::RemoveRelease(RunPtr run) {
  OpenStorage(run);
  net::Task<Result<void>> reading = ReadStorage(run);
  CO_TRY(co_await std::move(reading));
  if (run->Last() == nullptr) co_return Result<void>();
  net::Task<Result<void>> checking = CheckOwner(run);
  const Result<void> owned = co_await std::move(checking);
  const bool foreign = !owned && owned.error().reason == base::Reason::Conflict;
  if (foreign) run->log.Info("release left alone", {{"reason", owned.error().message}});
  if (foreign) co_return Result<void>();
  if (!owned) co_return owned;
  SLUICE_FAILPOINT("release.finalize.before");
  net::Task<Result<void>> removing = Uninstall(run);
  co_return co_await std::move(removing);
}

net::Task<Outcome> Reconciler::Finalize(RunPtr run) {
  if (!HasFinalizer(*run->object)) co_return Outcome{};
  Result<void> done;
  if (helm::ValidateReleaseName(run->spec.release_name)) {  // else there never was one
    net::Task<Result<void>> removing = RemoveRelease(run);
    done = co_await std::move(removing);
  }
  if (!done) {
    if (done.error().reason == base::Reason::Canceled) co_return Again(std::chrono::seconds(1));
    run->log.Error("uninstall failed", done.error().message);
    Tell(*run, kube::EventType::Warning, "FailedReleaseSync", "uninstall failed: " + done.error().message);
    co_return Outcome{.again_in = {}, .back_off = true};
  }
  SLUICE_FAILPOINT("release.finalize.after");
  net::Task<Result<SharedObject>> releasing = writer_.SetFinalizer(run->object, false);
  const Result<SharedObject> released = co_await std::move(releasing);
  if (released) states_.erase(run->key);
  co_return Outcome{.again_in = {}, .back_off = !released};
}

}  // namespace sluice::controller::helm_operator
