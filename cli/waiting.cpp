#include "cli/waiting.h"

#include <iostream>

#include "cli/table.h"
#include "controller/conditions.h"
#include "controller/services.h"
#include "kube/observe.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

using base::Result;
using controller::ConditionStatus;
using document::Value;

Verdict ReadyVerdict(const Value& status) {
  const controller::Conditions conditions = controller::Conditions::FromStatus(status);
  if (conditions.IsTrue(controller::condition::kReconciling) && !conditions.IsFalse(controller::condition::kReady)) return std::nullopt;
  const controller::Condition* ready = conditions.Find(controller::condition::kReady);
  if (ready == nullptr || ready->status == ConditionStatus::Unknown) return std::nullopt;
  if (ready->status == ConditionStatus::False) return Result<std::string>(base::Invalid(ready->message));
  return Result<std::string>(ready->message);
}

net::Task<Result<std::string>> AwaitTask(Session& session, kube::ObjectRef ref, base::Duration timeout,
                                         const std::function<Verdict(const Value&)>& judge) {
  const base::TimePoint deadline = session.clock.Now() + std::chrono::duration_cast<base::TimePoint::duration>(timeout);
  net::Event changed;
  kube::Observer observer(*session.client, {});
  Verdict verdict;
  {
    const kube::Observer::Subscription watch = observer.Watch(ref, {}, [&changed] { changed.Set(); });
    std::string seen = "it is not there";
    while (!verdict) {
      if (const kube::SharedObject live = watch.Get()) {
        verdict = judge(*live);
        seen = ReadinessOf(*live).message;
      }
      if (verdict) break;
      if (const std::optional<base::Error> trouble = watch.trouble()) seen = trouble->message;
      const base::Duration left = deadline - session.clock.Now();
      if (left.count() <= 0) {
        verdict = Result<std::string>(base::MakeError(
            base::Reason::Timeout, ref.Id().ToString() + " was not done after " + base::FormatGoDuration(timeout) + ": " + seen));
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

}  // namespace

Verdict VerdictOfRequest(const Value& object, std::string_view requested) {
  if (object.StringAt({"status", "lastHandledReconcileAt"}) != requested) return std::nullopt;
  return ReadyVerdict(*object.Find("status"));
}

Verdict VerdictOfGeneration(const Value& object) {
  const Value* status = object.Find("status");
  const Value* observed = object.At({"status", "observedGeneration"});
  if (observed == nullptr) return std::nullopt;
  const controller::Conditions conditions = controller::Conditions::FromStatus(*status);
  const controller::Condition* ready = conditions.Find(controller::condition::kReady);
  const std::int64_t generation = controller::GenerationOf(object);
  if (ready == nullptr || ready->observed_generation != generation) return std::nullopt;
  if (ready->status != ConditionStatus::False && observed->AsInt() != generation) return std::nullopt;
  return ReadyVerdict(*status);
}

Result<std::string> Await(Session& session, const kube::ObjectRef& ref, base::Duration timeout,
                          const std::function<Verdict(const Value&)>& judge) {
  return session.Wait(AwaitTask(session, ref, timeout, judge));
}

Result<void> ReconcileNow(Session& session, const kube::ObjectRef& ref, base::Duration timeout, const std::vector<std::string>& more) {
  TRY(const Value object, session.Get(ref));
  const std::string what = ref.Id().ToString();
  if (IsStatic(object)) {
    std::cout << "✔ " << what << ": reconciliation not supported by the object" << std::endl;
    return {};
  }
  if (IsSuspended(object)) return base::Invalid(what + ": resource is suspended");
  const std::string requested = base::FormatRfc3339Micro(session.clock.Now());
  Value patch = Value::Mapping();
  patch["metadata"]["annotations"].Set(controller::kRequestedAt, requested);
  for (const std::string& annotation : more) patch["metadata"]["annotations"].Set(annotation, requested);
  std::cout << "► reconciling " << what << std::endl;
  TRY(session.Wait(session.client->Patch(ref, kube::PatchType::Merge, patch, {.manager = "flux"})));
  TRY(const std::string message, Await(session, ref, timeout, [&](const Value& live) { return VerdictOfRequest(live, requested); }));
  std::cout << "✔ " << message << std::endl;
  return {};
}

}  // namespace sluice::cli
