#include "releases/actions.h"

#include "base/failpoint.h"
#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "releases/run.h"

namespace sluice::releases {

using base::Reason;
using base::Result;
using document::Value;
using helm::ReleaseStatus;

/// The pending record at the end of `history` failed, with these words.
net::Task<Outcome> Actions::GiveUp(helm::History& history, std::string message) {
  helm::ReleaseRecord& record = history.back();
  record.release.SetStatus(ReleaseStatus::Failed, std::move(message));
  record.progress.event.clear();
  record.progress.since.clear();
  const Result<void> written = co_await env_.storage.Update(record);
  Outcome outcome;
  outcome.record = record;
  if (!written) outcome.error = written.error();
  co_return outcome;
}

net::Task<Outcome> Actions::Unlock(helm::History history) {
  Outcome nothing;
  if (history.empty()) co_return nothing;
  const ReleaseStatus status = history.back().release.info.status;
  if (!helm::IsPending(status)) {
    nothing.record = history.back();
    co_return nothing;
  }
  std::string message = "Release unlocked from stale '" + std::string(helm::ToString(status)) + "' state";
  co_return co_await GiveUp(history, std::move(message));
}

net::Task<Result<void>> Actions::Prune(const helm::History& history, int max) {
  for (const int version : helm::VersionsToPrune(history, max)) {
    const helm::ReleaseRecord* record = helm::FindRevision(history, version);
    CO_TRY(co_await env_.storage.Delete(*record));
  }
  co_return Result<void>();
}

/// Those of `fresh` that are in the cluster already. Unless they are taken, they must be the release's own.
net::Task<Result<std::vector<Value>>> Actions::Adopt(const std::vector<Value>& fresh, std::string name, std::string ns, bool take) {
  std::vector<Value> adopted;
  for (const Value& object : fresh) {
    const bool generated = !object.StringAt({"metadata", "generateName"}).empty();
    if (generated && !document::NameOf(object).empty())
      co_return base::Invalid("metadata.name and metadata.generateName cannot both be set");
    if (generated) continue;
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    const kube::ReadOptions options{.as = env_.as, .metadata_only = true};
    const Result<Value> live = co_await env_.client.Get(ref, options);
    if (!live && live.error().reason == Reason::NotFound) continue;
    if (!live) co_return live.error().Wrap("could not get information about the resource " + helm::ResourceString(object));
    const Result<void> owned = take ? Result<void>() : helm::CheckOwnership(*live, name, ns);
    if (!owned) co_return owned.error().Wrap(helm::ResourceString(object) + " exists and cannot be imported into the current release");
    adopted.push_back(object);
  }
  co_return adopted;
}

net::Task<Result<void>> Actions::CreateNamespace(std::string ns, bool server_side) {
  Value object = Value::Mapping();
  object.Set("apiVersion", "v1");
  object.Set("kind", "Namespace");
  object["metadata"].Set("name", ns);
  document::SetLabel(object, "name", ns);
  const WriterOptions options{.manager = env_.manager, .as = env_.as, .server_side = server_side};
  Writer writer(env_.client, env_.follower, options);
  const Result<void> created = co_await writer.Create(object);
  if (!created && created.error().reason != Reason::AlreadyExists) co_return created;
  co_return Result<void>();
}

net::Task<Outcome> Actions::Resume(ResumeOptions options, helm::History history) {
  Outcome nothing;
  if (history.empty()) co_return nothing;
  const ReleaseStatus status = history.back().release.info.status;
  SLUICE_FAILPOINT("release.resume.before");
  if (status == ReleaseStatus::PendingUpgrade) co_return co_await ResumeUpgrade(std::move(options.upgrade), std::move(history));
  if (status == ReleaseStatus::Uninstalling) co_return co_await PerformUninstall(std::move(options.uninstall), std::move(history));
  helm::ReleaseRecord record = history.back();
  if (status == ReleaseStatus::PendingRollback) {
    history.pop_back();
    co_return co_await PerformRollback(std::move(options.rollback), std::move(history), std::move(record));
  }
  if (status == ReleaseStatus::PendingInstall) {
    std::vector<Value> none, also_none;
    co_return co_await PerformInstall(std::move(options.install), std::move(record), std::move(none), std::move(also_none), true);
  }
  nothing.record = std::move(record);
  co_return nothing;
}

}  // namespace sluice::releases
