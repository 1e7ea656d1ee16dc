#include "releases/helm_waiter.h"

#include <chrono>

#include "net/await.h"
#include "rollout/diagnose.h"
#include "rollout/helm_ready.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;
using rollout::Phase;
using rollout::Status;

constexpr base::Duration kPause = std::chrono::seconds(2);

bool MayPass(const base::Error& error) { return error.reason == Reason::Unavailable || error.reason == Reason::Timeout; }

/// The objects of `kind` that the selector of `live` selects; none for a kind without one.
net::Task<Result<std::vector<Value>>> Selected(kube::Client& client, kube::Impersonate as, const Value& live,
                                               document::GroupVersionKind kind) {
  kube::ListOptions options{.ns = std::string(document::NamespaceOf(live)), .as = std::move(as)};
  options.label_selector = rollout::PodSelector(live);
  if (const Value* pairs = live.At({"spec", "selector"});
      options.label_selector.empty() && pairs != nullptr) {  // of a ReplicationController
    for (const document::Member& each : pairs->members())
      options.label_selector +=
          (options.label_selector.empty() ? "" : ",") + each.key + "=" + std::string(each.value.AsString().value_or(""));
  }
  if (options.label_selector.empty()) co_return std::vector<Value>();
  net::Task<Result<std::vector<Value>>> listing = client.ListAll(kind, options);
  co_return co_await std::move(listing);
}

net::Task<Result<Status>> Look(kube::Client& client, kube::Impersonate as, const Awaited& awaited, bool jobs) {
  const kube::ReadOptions options{.as = as};
  Result<Value> live = co_await client.Get(awaited.ref, options);
  const bool absent = !live && live.error().reason == Reason::NotFound;
  if (absent) co_return awaited.vanishes ? Status{Phase::Current, "", "gone"} : rollout::NotFoundStatus();
  if (!live && MayPass(live.error())) co_return Status{Phase::Unknown, "", live.error().message};
  if (!live) co_return std::move(live).error();
  const std::string& kind = awaited.ref.gvk.kind;
  std::vector<Value> replica_sets, pods;
  if (kind == "Deployment") {
    const document::GroupVersionKind of{"apps", "v1", "ReplicaSet"};
    CO_TRY(replica_sets, co_await Selected(client, as, *live, of));
  }
  if (kind == "ReplicaSet" || kind == "ReplicationController") {
    const document::GroupVersionKind of{"", "v1", "Pod"};
    CO_TRY(pods, co_await Selected(client, as, *live, of));
  }
  co_return rollout::HelmStatus(*live, {.jobs = jobs, .replica_sets = replica_sets, .pods = pods});
}

struct Report {
  std::string unready, failed, details;
};

void Add(Report& report, const kube::ObjectRef& ref, const Status& status) {
  if (status.phase == Phase::Current) return;
  const std::string entry = ref.Id().ToString() + " status: '" + std::string(ToString(status.phase)) + "'";
  report.unready += (report.unready.empty() ? "" : ", ") + entry;
  if (status.phase == Phase::Failed) report.failed += (report.failed.empty() ? "" : ", ") + entry;
  report.details += "\n" + ref.gvk.kind + " " + (ref.ns.empty() ? "" : ref.ns + "/") + ref.name + ": " + status.message;
}

}  // namespace

net::Task<Result<void>> AwaitReadyAsHelm(kube::Client& client, kube::Impersonate as, std::vector<Awaited> objects, AwaitOptions options) {
  const auto end = std::chrono::steady_clock::now() + options.timeout;
  while (true) {
    Report report;
    for (const Awaited& awaited : objects) {
      CO_TRY(const Status status, co_await Look(client, as, awaited, options.jobs));
      Add(report, awaited.ref, status);
    }
    if (report.unready.empty()) co_return Result<void>();
    if (!report.failed.empty()) co_return base::Invalid("failed early due to stalled resources: [" + report.failed + "]" + report.details);
    const base::Duration left = end - std::chrono::steady_clock::now();
    if (left <= base::Duration(0))
      co_return base::MakeError(Reason::Timeout, "timeout waiting for: [" + report.unready + "]" + report.details);
    const base::Duration pause = std::min(kPause, left);
    CO_TRY(co_await net::SleepFor(pause));
  }
}

}  // namespace sluice::releases
