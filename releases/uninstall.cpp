// Uninstall (helm-contract 13.5).
#include <functional>
#include <string>
#include <vector>

#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "net/gather.h"
#include "releases/actions.h"
#include "releases/located.h"
#include "releases/run.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;
using helm::ReleaseStatus;

struct Owned {
  kube::ObjectRef ref;
  std::string uid;
};

/// What there is of a release's objects, and what is said of the others.
struct Found {
  std::vector<Owned> owned;
  std::vector<std::string> foreign, unsure;  ///< `[Kind] name`
  bool canceled = false;
};

net::Task<Found> Find(const Actions::Environment& env, std::vector<Value> objects, std::string name, std::string ns) {
  Found found;
  for (const Value& object : objects) {
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    const kube::ReadOptions options{.as = env.as, .metadata_only = true};
    const Result<Value> live = co_await env.client.Get(ref, options);
    const std::string shown = "[" + ref.gvk.kind + "] " + ref.name;
    if (!live && live.error().reason == Reason::NotFound) continue;
    if (!live) {
      found.canceled = found.canceled || live.error().reason == Reason::Canceled;
      found.unsure.push_back(shown + ": " + live.error().message);
    } else if (!helm::CheckOwnership(*live, name, ns)) {
      found.foreign.push_back(shown);
    } else {
      found.owned.push_back({ref, std::string(live->StringAt({"metadata", "uid"}))});
    }
  }
  co_return found;
}

void Tell(std::string& info, const std::vector<std::string>& lines, const std::string& what) {
  if (lines.empty()) return;
  if (!info.empty()) info += "\n";
  info += what;
  for (const std::string& line : lines) info += line + "\n";
}

std::string Told(const std::vector<std::string>& kept, const Found& found) {
  std::string info;
  Tell(info, kept, "These resources were kept due to the resource policy:\n");
  Tell(info, found.foreign,
       std::to_string(found.foreign.size()) + " resource(s) were not deleted because they are not owned by this release:\n");
  Tell(info, found.unsure,
       std::to_string(found.unsure.size()) + " resource(s) were not deleted because their ownership could not be verified:\n");
  return info;
}

/// Kinds in order, those of one kind side by side. Ok if all went.
net::Task<Result<void>> DeleteAll(const Actions::Environment& env, const std::vector<Owned>& owned, kube::Propagation propagation,
                                  WriterOptions writing) {
  Writer writer(env.client, env.follower, std::move(writing));
  std::vector<base::Error> errors;
  for (std::size_t begin = 0; begin < owned.size();) {
    std::size_t end = begin;
    while (end < owned.size() && owned[end].ref.gvk.kind == owned[begin].ref.gvk.kind) ++end;
    const std::function<net::Task<void>(std::size_t)> each = [&, begin](std::size_t i) -> net::Task<void> {
      const Owned& one = owned[begin + i];
      Result<void> deleted = co_await writer.Delete(one.ref, one.uid, propagation);
      if (!deleted) errors.push_back(std::move(deleted).error());
    };
    CO_TRY(co_await net::ForEach(env.client.transport().environment().io, end - begin, env.concurrent, each));
    begin = end;
  }
  if (!errors.empty()) co_return errors.front();
  co_return Result<void>();
}

/// Objects of kinds that the server no longer has are gone with them; one whose API version alone is gone is called by another.
net::Task<std::vector<Value>> KnownKinds(kube::Client& client, std::vector<Value> objects) {
  std::vector<Value> known;
  for (Value& object : objects) {
    const document::GroupVersionKind gvk = document::GvkOf(object);
    const Result<kube::ResourcePtr> resource = co_await client.mapper().FindServed(gvk);
    if (resource) object.Set("apiVersion", (*resource)->gvk.ApiVersion());
    if (resource || resource.error().reason != Reason::NotFound) known.push_back(std::move(object));
  }
  co_return known;
}

std::string Joined(const std::vector<std::string>& errors) {
  std::string all;
  for (const std::string& error : errors) all += (all.empty() ? "" : "; ") + error;
  return all;
}

}  // namespace

net::Task<Outcome> Actions::Uninstall(UninstallOptions options, helm::History history) {
  if (!helm::ValidateReleaseName(options.name)) co_return Failed(base::Invalid("uninstall: Release name is invalid: " + options.name));
  if (history.empty()) co_return Failed(base::NotFound("uninstall: Release not loaded: " + options.name + ": release: not found"));
  helm::ReleaseRecord& last = history.back();
  if (last.release.info.status == ReleaseStatus::Uninstalled) {
    if (options.keep_history) co_return Failed(base::Invalid("the release named \"" + options.name + "\" is already deleted"));
    for (const helm::ReleaseRecord& record : history) {
      const Result<void> deleted = co_await env_.storage.Delete(record);
      if (!deleted) co_return Failed(deleted.error().Wrap("uninstall: Failed to purge the release"));
    }
    Outcome purged;
    purged.record = last;
    co_return purged;
  }
  last.release.SetStatus(ReleaseStatus::Uninstalling, "Deletion in progress (or silently failed)");
  last.release.info.deleted = helm::ReleaseTimeOf(env_.clock.Now());
  last.progress.event.clear();
  last.progress.since.clear();
  const Result<void> begun = co_await env_.storage.Update(last);
  if (!begun) co_return Failed(begun.error());
  co_return co_await PerformUninstall(std::move(options), std::move(history));
}

net::Task<Outcome> Actions::PerformUninstall(UninstallOptions options, helm::History history) {
  const std::string name = history.back().release.name;
  Run run(env_, options, history.back());
  const helm::Release& release = run.record().release;
  Outcome outcome;
  const auto stop = [&](base::Error error) {
    outcome.error = std::move(error);
    outcome.record = run.record();
    return outcome;
  };
  const Result<void> before = co_await run.Hooks("pre-delete", "");
  if (!before) {
    // The next try runs them anew.
    run.record().progress.event.clear();
    if (before.error().reason != Reason::Canceled) (void)co_await env_.storage.Update(run.record());
    co_return stop(before.error());
  }
  Result<helm::UninstallObjects> objects = helm::ObjectsToUninstall(release.manifest_text());
  if (!objects) co_return stop(base::Invalid("failed to delete release: " + name));
  std::vector<Value> remove = co_await KnownKinds(env_.client, std::move(objects->remove));
  const Result<void> located = co_await Locate(env_.client, remove, release.ns);
  if (!located)
    co_return stop(located.error().reason == Reason::Canceled ? located.error() : base::Invalid("failed to delete release: " + name));
  const Found found = co_await Find(env_, std::move(remove), name, release.ns);
  if (found.canceled) co_return stop(Canceled());
  outcome.info = Told(objects->kept, found);
  const Result<void> deleted = co_await DeleteAll(env_, found.owned, options.propagation, run.Writing());
  if (!deleted) {
    env_.log.Error("an object of a release cannot be deleted", deleted.error().message, {{"release", name}});
    if (deleted.error().reason == Reason::Canceled) co_return stop(deleted.error());
    co_return stop(base::MakeError(deleted.error().reason, "failed to delete release: " + name));
  }
  std::vector<std::string> errors;
  if (options.wait && options.propagation != kube::Propagation::Orphan) {
    std::vector<kube::ObjectRef> refs;
    for (const Owned& one : found.owned) refs.push_back(one.ref);
    const Result<void> gone = co_await env_.follower.AwaitGone(std::move(refs), options.timeout);
    if (!gone && gone.error().reason == Reason::Canceled) co_return stop(gone.error());
    if (!gone) errors.push_back(gone.error().message);
  }
  const Result<void> after = co_await run.Hooks("post-delete", "");
  if (!after && after.error().reason == Reason::Canceled) co_return stop(after.error());
  if (!after) errors.push_back(after.error().message);
  outcome.logs = run.logs();

  helm::ReleaseRecord& record = run.record();
  record.release.SetStatus(ReleaseStatus::Uninstalled, options.description.empty() ? "Uninstallation complete" : options.description);
  record.progress.event.clear();
  record.progress.since.clear();
  if (options.keep_history) {
    const Result<void> kept = co_await env_.storage.Update(record);
    if (!kept) co_return stop(kept.error());
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    helm::ReleaseRecord& other = history[i];
    Result<void> done;
    if (!options.keep_history) done = co_await env_.storage.Delete(other);
    const bool supersede = options.keep_history && i + 1 < history.size() && other.release.info.status == ReleaseStatus::Deployed;
    if (supersede) done = co_await env_.storage.Supersede(other);
    if (!done && done.error().reason == Reason::Canceled) co_return stop(done.error());
    if (!done && !options.keep_history) errors.push_back("uninstall: Failed to purge the release: " + done.error().message);
  }
  if (!errors.empty())
    co_return stop(base::Invalid("uninstallation completed with " + std::to_string(errors.size()) + " error(s): " + Joined(errors)));
  outcome.record = record;
  co_return outcome;
}

}  // namespace sluice::releases
