#include <iostream>

#include "cli/session.h"
#include "controller/conditions.h"
#include "controller/services.h"
#include "kube/observe.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Value;

/// Whether the request was handled and what came of it; nullopt while it is under way.
std::optional<Result<std::string>> Verdict(const Value& object, const std::string& requested) {
  if (object.StringAt({"status", "lastHandledReconcileAt"}) != requested) return std::nullopt;
  const controller::Conditions conditions = controller::Conditions::FromStatus(*object.Find("status"));
  const controller::Condition* ready = conditions.Find(controller::condition::kReady);
  if (ready == nullptr || ready->status == controller::ConditionStatus::Unknown) return std::nullopt;
  if (ready->status == controller::ConditionStatus::False) return Result<std::string>(base::Invalid(ready->message));
  return Result<std::string>(ready->message);
}

net::Task<Result<std::string>> Reconcile(Session& session, kube::ObjectRef ref, base::Duration timeout) {
  const std::string requested = base::FormatRfc3339Micro(session.clock.Now());
  Value patch = Value::Mapping();
  patch["metadata"]["annotations"].Set(controller::kRequestedAt, requested);
  const kube::WriteOptions options{.manager = "flux"};
  net::Task<Result<Value>> asking = session.client->Patch(ref, kube::PatchType::Merge, patch, options);
  CO_TRY(const Value object, co_await std::move(asking));
  const Value* suspend = object.At({"spec", "suspend"});
  if (suspend != nullptr && suspend->AsBool().value_or(false)) co_return base::Invalid(ref.Id().ToString() + " is suspended");
  const base::TimePoint deadline = session.clock.Now() + std::chrono::duration_cast<base::TimePoint::duration>(timeout);
  net::Event changed;
  kube::Observer observer(*session.client, {});
  std::optional<Result<std::string>> verdict;
  {
    const kube::Observer::Subscription watch = observer.Watch(ref, {}, [&changed] { changed.Set(); });
    while (!verdict) {
      if (const kube::SharedObject live = watch.Get()) verdict = Verdict(*live, requested);
      if (verdict) break;
      const base::Duration left = deadline - session.clock.Now();
      if (left.count() <= 0) {
        verdict = Result<std::string>(
            base::MakeError(base::Reason::Timeout, ref.Id().ToString() + " was not done after " + base::FormatGoDuration(timeout)));
        break;
      }
      net::Task<Result<void>> waiting = changed.Wait(left);
      const Result<void> woke = co_await std::move(waiting);
      (void)woke;
    }
  }
  net::Task<void> closing = observer.Close();
  co_await std::move(closing);
  co_return std::move(*verdict);
}

int ReconcileOne(Session& session, const kube::ObjectRef& ref, base::Duration timeout) {
  std::cout << "► reconciling " << ref.Id().ToString() << std::endl;
  const Result<std::string> done = session.runtime.BlockOn(Reconcile(session, ref, timeout));
  if (!done) {
    std::cerr << "✗ " << done.error().message << "\n";
    return 1;
  }
  std::cout << "✔ " << *done << std::endl;
  return 0;
}

}  // namespace

int RunReconcile(const ClusterFlags& flags) {
  const auto kind = KindNamed(flags.kind);
  if (!kind) return PrintError(kind.error(), 1);
  const auto timeout = base::ParseGoDuration(flags.timeout);
  if (!timeout) return PrintError(base::Invalid("--timeout: \"" + flags.timeout + "\" is not a duration such as 5m"), 1);
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  const kube::ObjectRef ref{.gvk = *kind, .ns = flags.ns, .name = flags.name};
  if (flags.with_source && *kind == kKustomizationKind) {
    const Result<Value> object = (*session)->runtime.BlockOn((*session)->client->Get(ref));
    if (!object) return PrintError(object.error(), 1);
    const std::string_view ns = object->StringAt({"spec", "sourceRef", "namespace"});
    const kube::ObjectRef source{.gvk = kGitRepositoryKind,
                                 .ns = ns.empty() ? flags.ns : std::string(ns),
                                 .name = std::string(object->StringAt({"spec", "sourceRef", "name"}))};
    if (const int code = ReconcileOne(**session, source, *timeout); code != 0) return code;
  }
  return ReconcileOne(**session, ref, *timeout);
}

}  // namespace sluice::cli
