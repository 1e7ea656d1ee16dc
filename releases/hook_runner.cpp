#include "releases/hook_runner.h"

#include <algorithm>
#include <vector>

#include "base/failpoint.h"
#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "releases/actions.h"
#include "releases/located.h"
#include "rollout/conditions.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;

constexpr std::string_view kRunning = "Running", kSucceeded = "Succeeded", kFailed = "Failed";
constexpr std::size_t kMaxLog = 256 << 10;

bool IsCanceled(const base::Error& error) { return error.reason == Reason::Canceled; }

std::vector<kube::ObjectRef> RefsOf(const std::vector<Value>& objects) {
  std::vector<kube::ObjectRef> refs;
  for (const Value& object : objects) refs.push_back(kube::ObjectRef::Of(object));
  return refs;
}

}  // namespace

bool HookRunner::InThisEvent(const helm::HookRun& run) const {
  if (!resumed_) return false;
  const auto started = base::ParseRfc3339(run.started_at), since = base::ParseRfc3339(record_.progress.since);
  return started && since && *started >= *since;
}

net::Task<Result<std::vector<Value>>> HookRunner::ObjectsOf(const helm::ReleaseHook& hook, std::string what) {
  net::Task<Result<std::vector<Value>>> building = Build(parts_.client, hook.manifest, parts_.ns, std::move(what));
  co_return co_await std::move(building);
}

net::Task<Result<void>> HookRunner::Run(std::string event) {
  std::vector<std::size_t> indices = helm::HooksFor(record_.release.hooks, event);
  if (parts_.selected) std::erase_if(indices, [&](std::size_t i) { return !parts_.selected(record_.release.hooks[i]); });
  if (indices.empty()) co_return Result<void>();
  // Gone on with behind them.
  if (event.starts_with("pre-") && record_.progress.event.starts_with("post-")) co_return Result<void>();
  resumed_ = record_.progress.event == event;
  if (!resumed_) {
    record_.progress.event = event;
    record_.progress.since = helm::ReleaseTimeOf(parts_.clock.Now());
  }
  bool written = true;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Result<void> ran = co_await RunOne(indices[i], event, written);
    if (ran) continue;
    if (!IsCanceled(ran.error())) co_await OnFailure(indices, i);
    co_return ran;
  }
  // Before their objects go, since an absent object of a hook that is Running is created.
  if (!written) CO_TRY(co_await parts_.storage.Update(record_));
  SLUICE_FAILPOINT("release.hooks.after");
  co_return co_await Settle(std::move(indices));
}

net::Task<Result<void>> HookRunner::RunOne(std::size_t index, std::string event, bool& written) {
  helm::ReleaseHook& hook = record_.release.hooks[index];
  const bool seen = InThisEvent(hook.last_run);
  if (seen && hook.last_run.phase == kSucceeded) co_return Result<void>();
  if (seen && hook.last_run.phase == kFailed) co_return base::Invalid("hook " + hook.name + " failed");
  if (hook.delete_policies.empty()) hook.delete_policies = {"before-hook-creation"};
  const bool running = seen && hook.last_run.phase == kRunning;
  const std::string what = running ? "unable to build kubernetes object for resuming hook " + hook.path
                                   : "unable to build kubernetes object for " + event + " hook " + hook.path;
  if (!running) CO_TRY(co_await DeleteBy(hook, "before-hook-creation"));
  CO_TRY(std::vector<Value> objects, co_await ObjectsOf(hook, what));
  if (!running) CO_TRY(co_await Begin(hook, event));
  written = false;
  bool there = false;
  if (running) {
    CO_TRY(there, co_await IsThere(objects, hook.last_run.started_at));
  }
  Result<void> done;
  std::vector<kube::ObjectRef> refs = RefsOf(objects);
  if (!there) {
    done = co_await CreateObjects(std::move(objects), hook.last_run.started_at);
    if (!done && !IsCanceled(done.error())) done = done.error().Wrap("warning: Hook " + event + " " + hook.path + " failed");
  }
  if (done) done = co_await parts_.follower.AwaitHook(std::move(refs), parts_.timeout);
  if (!done && IsCanceled(done.error())) co_return done;
  hook.last_run.completed_at = helm::ReleaseTimeOf(parts_.clock.Now());
  hook.last_run.phase = done ? kSucceeded : kFailed;
  SLUICE_FAILPOINT("release.hook.done");
  co_return done;
}

/// Its run goes on record, and with it how the one before it ended.
net::Task<Result<void>> HookRunner::Begin(helm::ReleaseHook& hook, std::string event) {
  (void)event;
  hook.last_run = {.started_at = helm::ReleaseTimeOf(parts_.clock.Now()), .completed_at = "", .phase = std::string(kRunning)};
  co_return co_await parts_.storage.Update(record_);
}

/// Whether the objects of that very run are in the cluster.
net::Task<Result<bool>> HookRunner::IsThere(const std::vector<Value>& objects, std::string run) {
  for (const Value& object : objects) {
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    const kube::ReadOptions options{.as = parts_.writer.as, .metadata_only = true};
    const Result<Value> live = co_await parts_.client.Get(ref, options);
    if (!live && live.error().reason != Reason::NotFound) co_return live.error();
    if (!live || document::AnnotationOf(*live, kHookRunAnnotation) != run) co_return false;
  }
  co_return true;
}

net::Task<Result<void>> HookRunner::CreateObjects(std::vector<Value> objects, std::string run) {
  Writer writer(parts_.client, parts_.follower, parts_.writer);
  for (Value& object : objects) {
    document::SetAnnotation(object, kHookRunAnnotation, run);
    SLUICE_FAILPOINT("release.hook_create.before");
    CO_TRY(co_await writer.Create(object));
    SLUICE_FAILPOINT("release.hook_create.after");
  }
  co_return Result<void>();
}

net::Task<Result<void>> HookRunner::DeleteBy(const helm::ReleaseHook& hook, std::string policy) {
  // What hangs on a definition would go with it.
  if (!hook.DeletesOn(policy) || hook.kind == "CustomResourceDefinition") co_return Result<void>();
  const std::string what = "unable to build kubernetes object for deleting hook " + hook.path;
  CO_TRY(const std::vector<Value> objects, co_await ObjectsOf(hook, what));
  const std::vector<kube::ObjectRef> refs = RefsOf(objects);
  std::vector<kube::ObjectRef> deleted;
  for (const kube::ObjectRef& ref : refs) {
    const kube::DeleteOptions options{.propagation = kube::Propagation::Background, .as = parts_.writer.as};
    SLUICE_FAILPOINT("release.hook_delete.before");
    const Result<void> gone = co_await parts_.client.Delete(ref, options);
    SLUICE_FAILPOINT("release.hook_delete.after");
    if (!gone && gone.error().reason != Reason::NotFound) co_return gone.error();
    if (gone) deleted.push_back(ref);
  }
  if (deleted.empty()) co_return Result<void>();
  co_return co_await parts_.follower.AwaitGone(std::move(deleted), parts_.timeout);
}

/// After the last one: logs and deletions, from the last to the first.
net::Task<Result<void>> HookRunner::Settle(std::vector<std::size_t> succeeded) {
  for (auto i = succeeded.rbegin(); i != succeeded.rend(); ++i) {
    const helm::ReleaseHook& hook = record_.release.hooks[*i];
    co_await TakeLogs(hook, "hook-succeeded");
    CO_TRY(co_await DeleteBy(hook, "hook-succeeded"));
  }
  co_return Result<void>();
}

net::Task<void> HookRunner::OnFailure(std::vector<std::size_t> indices, std::size_t failed) {
  const helm::ReleaseHook& hook = record_.release.hooks[indices[failed]];
  co_await TakeLogs(hook, "hook-failed");
  // On record before the object goes, as in Run. What fails here must not hide why the hook did.
  if (hook.DeletesOn("hook-failed") && hook.last_run.phase == kFailed) {
    (void)co_await parts_.storage.Update(record_);
    (void)co_await DeleteBy(hook, "hook-failed");
  }
  for (std::size_t i = 0; i < failed; ++i) (void)co_await DeleteBy(record_.release.hooks[indices[i]], "hook-succeeded");
}

net::Task<void> HookRunner::TakeLogs(const helm::ReleaseHook& hook, std::string policy) {
  if (!hook.LogsOn(policy) || (hook.kind != "Job" && hook.kind != "Pod")) co_return;
  const std::string what = "logs";
  const Result<std::vector<Value>> objects = co_await ObjectsOf(hook, what);
  if (!objects || objects->empty()) co_return;
  kube::ListOptions options{.ns = std::string(document::NamespaceOf(objects->front())), .as = parts_.writer.as};
  (hook.kind == "Job" ? options.label_selector : options.field_selector) =
      (hook.kind == "Job" ? "job-name=" : "metadata.name=") + hook.name;
  const document::GroupVersionKind pod_kind{"", "v1", "Pod"};
  Result<std::vector<Value>> pods = co_await parts_.client.ListAll(pod_kind, options);
  if (!pods) {
    parts_.log.Error("the logs of a hook cannot be read", pods.error().message, {{"hook", hook.name}});
    co_return;
  }
  for (Value& pod : *pods) co_await TakePodLogs(std::move(pod));
}

net::Task<void> HookRunner::TakePodLogs(Value pod) {
  for (const Value& container : rollout::ItemsAt(pod, {"spec", "containers"})) {
    const std::string path = "/api/v1/namespaces/" + std::string(document::NamespaceOf(pod)) + "/pods/" +
                             std::string(document::NameOf(pod)) + "/log?container=" + std::string(container.StringAt({"name"})) +
                             "&limitBytes=" + std::to_string(kMaxLog);
    const Result<std::string> text = co_await parts_.client.GetText(path, parts_.writer.as, kMaxLog + 1024);
    if (text) logs_ += *text;
    if (!text) parts_.log.Error("the logs of a hook cannot be read", text.error().message, {{"pod", document::NameOf(pod)}});
  }
}

}  // namespace sluice::releases
