#include "controller/helm_repository/reconciler.h"

#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/object_events.h"
#include "controller/progress.h"
#include "controller/source_steps.h"
#include "net/await.h"
#include "sources/git/url.h"

namespace sluice::controller::helm_repository {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;
using sources::helm_repository::HttpRepository;
using sources::helm_repository::ReadIndexResult;

constexpr std::string_view kManager = "source-controller";
constexpr std::string_view kUrlInvalid = "invalid Helm repository URL: ";

sources::ArtifactOwner OwnerOf(const Key& key) { return {.kind = "HelmRepository", .namespace_ = key.ns, .name = key.name}; }

}  // namespace

Reconciler::Reconciler(Parts parts) : parts_(std::move(parts)), writer_(parts_.services.client, parts_.store, std::string(kManager)) {}

Reconciler::Trouble Reconciler::FetchFailed(std::string_view reason, const Error& error, std::string_view what) {
  Trouble trouble{.failure = {.type = std::string(condition::kFetchFailed),
                              .reason = std::string(reason),
                              .message = std::string(what) + error.message}};
  trouble.canceled = error.reason == base::Reason::Canceled;
  if (error.retry_after) trouble.again = *error.retry_after;
  return trouble;
}

net::Task<Outcome> Reconciler::Reconcile(Key key, Triggers) {
  SharedObject object = parts_.store.Get(key);
  if (!object) {
    parts_.indexes.meter().Forget(key);
    co_return Outcome{.again_in = {}, .back_off = false, .gone = true};
  }
  Result<Spec> spec = ParseSpec(*object);
  if (spec && spec->oci) {
    if ((spec->suspend && !IsDeleting(*object)) || !NeedsMigration(*object)) co_return Outcome{};
    net::Task<Outcome> task = MakeStatic(object);
    co_return co_await std::move(task);
  }
  if (IsDeleting(*object)) {
    net::Task<Outcome> task = Finalize(object);
    co_return co_await std::move(task);
  }
  if (spec && spec->suspend) {
    net::Task<Outcome> task = EndSuspended(parts_.services, writer_, object, "HelmRepository");
    co_return co_await std::move(task);
  }
  net::Task<SharedObject> marking = Mark(writer_, object);
  object = co_await std::move(marking);
  if (!object) co_return Outcome{.again_in = {}, .back_off = true};
  auto run = std::make_shared<Run>();
  run->key = key;
  run->object = object;
  if (!spec) {
    Trouble trouble = FetchFailed("Failed", spec.error(), "");
    trouble.failure.stalled = true;
    net::Task<Outcome> task = Fail(run, std::move(trouble));
    co_return co_await std::move(task);
  }
  run->spec = std::move(*spec);
  net::Task<Outcome> task = Look(run);
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Look(std::shared_ptr<Run> run) {
  net::Task<void> checking = CheckPrevious(run);
  co_await std::move(checking);
  net::Task<std::optional<Trouble>> preparing = Prepare(run);
  std::optional<Trouble> trouble = co_await std::move(preparing);
  if (trouble) {
    net::Task<Outcome> task = Fail(run, std::move(*trouble));
    co_return co_await std::move(task);
  }
  net::Task<Result<HttpRepository::Download>> downloading =
      Reporting(parts_.services, writer_, ObjectOf(run), ProgressOfLook(*run->object), run->repository->DownloadIndex());
  Result<HttpRepository::Download> download = co_await std::move(downloading);
  if (!download) {
    Trouble failed =
        FetchFailed("Failed", download.error(), "failed to fetch Helm repository index: failed to cache index to temporary file: ");
    net::Task<Outcome> task = Fail(run, std::move(failed));
    co_return co_await std::move(task);
  }
  if (run->previous && run->previous->revision == "sha256:" + download->sha256) {
    sources::Artifact artifact = *run->previous;
    artifact.url = parts_.artifacts.UrlOf(artifact.path);
    net::Task<Outcome> task = Succeed(run, std::move(artifact), false);
    co_return co_await std::move(task);
  }
  sources::Artifact artifact;
  Progress progress{.message = "building artifact: new index revision 'sha256:" + download->sha256 + "'", .drift = true};
  net::Task<std::optional<Trouble>> making =
      Reporting(parts_.services, writer_, ObjectOf(run), std::move(progress), Make(run, *std::move(download), artifact));
  trouble = co_await std::move(making);
  net::Task<Outcome> task = trouble ? Fail(run, std::move(*trouble)) : Succeed(run, std::move(artifact), true);
  co_return co_await std::move(task);
}

/// What is on record counts if its file is in the store, with its digest.
net::Task<void> Reconciler::CheckPrevious(std::shared_ptr<Run> run) {
  net::Task<Recorded> checking = CheckRecorded(parts_.services, parts_.artifacts, parts_.events, run->object);
  Recorded recorded = co_await std::move(checking);
  run->previous = std::move(recorded.artifact);
  run->lost = recorded.lost && recorded.lost->reason != base::Reason::Canceled;
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::Prepare(std::shared_ptr<Run> run) {
  std::optional<Error> wrong;
  const Result<std::string> url = sources::helm_repository::NormalizeUrl(run->spec.url);
  if (run->spec.url.starts_with("oci://")) wrong = base::Invalid("'oci' URL scheme cannot be used with 'default' HelmRepository type");
  if (!wrong && !url) wrong = url.error();
  if (wrong) {
    Trouble trouble = FetchFailed("URLInvalid", *wrong, kUrlInvalid);
    trouble.failure.stalled = true;
    co_return trouble;
  }
  net::Task<Result<Access>> reading = ReadAccess(parts_.services.client, run->key.ns, run->spec);
  const Result<Access> access = co_await std::move(reading);
  if (!access) co_return FetchFailed("AuthenticationFailed", access.error(), "");
  run->repository = OpenHttp(parts_.io, run->spec, *access, parts_.limits);
  co_return std::nullopt;
}

/// Reads the index on a worker, and keeps it as JSON.
net::Task<std::optional<Reconciler::Trouble>> Reconciler::Make(std::shared_ptr<Run> run, HttpRepository::Download download,
                                                               sources::Artifact& artifact) {
  struct Made {
    std::optional<Error> unreadable;  ///< the index; then nothing else is here
    IndexCache::SharedIndex index;
    sources::Artifact artifact;
    std::string uncollected;
  };
  auto shared = std::make_shared<HttpRepository::Download>(std::move(download));
  const sources::ArtifactStore* store = &parts_.artifacts;
  const base::TimePoint now = parts_.services.clock.Now();
  auto job = [run, shared, store, now, max_bytes = parts_.limits.max_index_bytes](std::stop_token stop) -> Result<Made> {
    Made made;
    Result<ReadIndexResult> read = sources::helm_repository::ReadIndex(shared->bytes, {.max_bytes = max_bytes, .with_json = true});
    shared->bytes = std::string();
    if (!read) {
      made.unreadable = std::move(read).error();
      return made;
    }
    TRY(const sources::NamedLocks::Lock lock, store->Lock(OwnerOf(run->key), stop));
    const std::string& hex = shared->sha256;
    TRY(made.artifact, store->StoreBytes(OwnerOf(run->key), "index-" + hex + ".yaml", "index.yaml", "sha256:" + hex, read->json, now));
    made.index = std::make_shared<const sources::helm_repository::Index>(std::move(read->index));
    if (const auto collected = store->GarbageCollect(OwnerOf(run->key), made.artifact.path, now); !collected)
      made.uncollected = collected.error().message;
    return made;
  };
  net::Task<Result<Made>> making = parts_.services.workers.Run(std::move(job));
  Result<Made> made = co_await std::move(making);
  if (!made) {
    Trouble trouble = FetchFailed("ArchiveOperationFailed", made.error(), "unable to save artifact to storage: ");
    trouble.failure.type = condition::kStorageOperationFailed;
    co_return trouble;
  }
  if (made->unreadable)
    co_return FetchFailed("IndexationFailed", *made->unreadable, "failed to load Helm repository from index YAML: failed to load index: ");
  artifact = std::move(made->artifact);
  if (made->index->skipped > 0) {
    LogOf(parts_.services, *run->object)
        .Info("entries of the index that are no charts were left out", {{"skipped", static_cast<std::int64_t>(made->index->skipped)}});
  }
  if (!made->uncollected.empty())
    parts_.events.Record(MakeEvent(*run->object, kube::EventType::Warning, "GarbageCollectionFailed",
                                   "garbage collection of artifacts failed: " + made->uncollected, {}));
  parts_.indexes.Put(artifact.path + " " + artifact.digest, made->index);
  co_return std::nullopt;
}

net::Task<Outcome> Reconciler::Succeed(std::shared_ptr<Run> run, sources::Artifact artifact, bool fresh) {
  const Value& object = *run->object;
  const std::optional<sources::Artifact> recorded = ArtifactIn(object);
  const bool is_new = fresh && (!recorded || recorded->digest != artifact.digest);
  if (is_new || ShowsFailure(object)) {
    const std::string message =
        "stored fetched index of size " + HumanSize(artifact.size) + " from '" + sources::WithoutUserinfo(run->spec.url) + "'";
    parts_.events.Record(MakeEvent(object, kube::EventType::Normal, is_new ? "NewArtifact" : "Succeeded", message,
                                   {{"revision", artifact.revision}, {"digest", artifact.digest}}));
    LogOf(parts_.services, *run->object)
        .Info("artifact stored", {{"revision", artifact.revision}, {"sizeBytes", static_cast<std::int64_t>(artifact.size)}});
  } else if (!fresh && IsRequested(object)) {
    TellUpToDate(parts_.events, object, artifact);
  }
  const std::string latest = parts_.artifacts.UrlOf(artifact.path.substr(0, artifact.path.rfind('/')) + "/index.yaml");
  Value status = StatusAfterSuccess(object, artifact, latest, parts_.services.clock.Now());
  net::Task<Outcome> ending = EndWell(parts_.services, writer_, run->object, std::move(status), run->spec.interval);
  co_return co_await std::move(ending);
}

net::Task<Outcome> Reconciler::Fail(std::shared_ptr<Run> run, Trouble trouble) {
  if (trouble.canceled) co_return Outcome{.again_in = {}, .back_off = true};
  trouble.failure.artifact_gone = run->lost;
  LogOf(parts_.services, *run->object).Error("source not fetched", trouble.failure.message, {});
  parts_.events.Record(MakeEvent(*run->object, kube::EventType::Warning, trouble.failure.reason, trouble.failure.message, {}));
  Value status = StatusAfterFailure(*run->object, trouble.failure, parts_.services.clock.Now());
  net::Task<Outcome> ending = EndBadly(writer_, run->object, std::move(status), trouble.failure.stalled, trouble.again);
  co_return co_await std::move(ending);
}

net::Task<Result<void>> Reconciler::Collect(SharedObject object) {
  net::Task<Result<std::size_t>> removing = RemoveArtifacts(parts_.services, parts_.artifacts, object);
  CO_TRY(const std::size_t count, co_await std::move(removing));
  if (count > 0) TellCollected(parts_.events, *object);
  co_return Result<void>();
}

net::Task<Outcome> Reconciler::Finalize(SharedObject object) {
  if (!HasFinalizer(*object)) co_return Outcome{};
  net::Task<Result<void>> removing = Collect(object);
  const Result<void> removed = co_await std::move(removing);
  if (!removed) co_return Outcome{.again_in = {}, .back_off = true};
  net::Task<Outcome> releasing = ReleaseSource(writer_, object);
  co_return co_await std::move(releasing);
}

/// A repository that was of the other type, or that an older Flux looked at, loses what a static object does not have.
net::Task<Outcome> Reconciler::MakeStatic(SharedObject object) {
  net::Task<Result<void>> removing = Collect(object);
  const Result<void> removed = co_await std::move(removing);
  if (!removed) co_return Outcome{.again_in = {}, .back_off = true};
  const Value* status = object->Find("status");
  if (status != nullptr && !status->empty()) {
    net::Task<Result<SharedObject>> writing = writer_.Write(object, Value::Mapping());
    Result<SharedObject> written = co_await std::move(writing);
    if (!written) co_return Outcome{.again_in = {}, .back_off = true};
    object = std::move(written).value();
  }
  if (!HasFinalizer(*object)) co_return Outcome{};
  net::Task<Outcome> releasing = ReleaseSource(writer_, object);
  co_return co_await std::move(releasing);
}

}  // namespace sluice::controller::helm_repository
