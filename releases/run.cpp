#include "releases/run.h"

#include "document/object.h"
#include "net/await.h"
#include "rollout/status.h"

namespace sluice::releases {

using base::Reason;
using base::Result;
using document::Value;

base::Error Canceled() { return base::MakeError(Reason::Canceled, "context canceled"); }

Outcome Failed(base::Error error) {
  Outcome outcome;
  outcome.error = std::move(error);
  return outcome;
}

WriterOptions Run::Writing() const {
  return {.manager = env_.manager, .as = env_.as, .server_side = record_.release.ServerSide(), .concurrent = env_.concurrent};
}

net::Task<Result<void>> Run::Hooks(std::string event, std::string what) {
  if (options_.disable_hooks) co_return Result<void>();
  HookRunner hooks({.client = env_.client,
                    .clock = env_.clock,
                    .storage = env_.storage,
                    .follower = env_.follower,
                    .log = env_.log,
                    .writer = Writing(),
                    .ns = record_.release.ns,
                    .timeout = options_.timeout,
                    .selected = selected},
                   record_);
  const Result<void> ran = co_await hooks.Run(std::move(event));
  logs_ += hooks.logs();
  if (ran || what.empty() || ran.error().reason == Reason::Canceled) co_return ran;
  co_return ran.error().Wrap(what);
}

net::Task<Result<void>> Run::Ready(const std::vector<Value>& objects) {
  if (!options_.wait) co_return Result<void>();
  std::vector<Awaited> awaited;
  for (const Value& object : objects) {
    const document::GroupVersionKind gvk = document::GvkOf(object);
    const Value* paused = object.At({"spec", "paused"});
    const bool is_paused = gvk.kind == "Deployment" && paused != nullptr && paused->AsBool().value_or(false);
    if (is_paused || document::NameOf(object).empty()) continue;
    awaited.push_back({.ref = kube::ObjectRef::Of(object), .vanishes = rollout::VanishesWhenDone(object)});
  }
  if (awaited.empty()) co_return Result<void>();
  const AwaitOptions waiting{.timeout = options_.timeout, .jobs = options_.wait_for_jobs};
  co_return co_await env_.follower.AwaitReady(std::move(awaited), waiting);
}

net::Task<Outcome> Run::Succeed(std::string description) {
  record_.release.SetStatus(helm::ReleaseStatus::Deployed, options_.description.empty() ? std::move(description) : options_.description);
  record_.progress.event.clear();
  record_.progress.since.clear();
  const Result<void> written = co_await env_.storage.Update(record_);
  Outcome outcome;
  outcome.logs = logs_;
  if (!written) outcome.error = written.error();
  outcome.record = record_;
  co_return outcome;
}

net::Task<Outcome> Run::Fail(base::Error error, std::string description) {
  Outcome outcome;
  outcome.logs = logs_;
  outcome.error = std::move(error);
  if (outcome.error->reason != Reason::Canceled) {
    record_.release.SetStatus(helm::ReleaseStatus::Failed, std::move(description));
    record_.progress.event.clear();
    record_.progress.since.clear();
    const Result<void> written = co_await env_.storage.Update(record_);
    if (!written) env_.log.Error("a failed release cannot be recorded", written.error().message, {{"release", record_.release.name}});
  }
  outcome.record = record_;
  co_return outcome;
}

}  // namespace sluice::releases
