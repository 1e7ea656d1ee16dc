// How a look ends: the chart is stored, or the failure is told.
#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/helm_chart/reconciler.h"
#include "controller/object_events.h"
#include "controller/source_steps.h"
#include "net/await.h"

namespace sluice::controller::helm_chart {
namespace {

using base::Result;
using document::Value;
using kube::SharedObject;

sources::ArtifactOwner OwnerOf(const Key& key) { return {.kind = "HelmChart", .namespace_ = key.ns, .name = key.name}; }

/// `<name>-<version>.tgz`, of a name with slashes the last part.
std::string FileNameOf(const Build& build) { return build.name.substr(build.name.rfind('/') + 1) + "-" + build.version + ".tgz"; }

}  // namespace

net::Task<Outcome> Reconciler::Store(std::shared_ptr<Run> run, Build build) {
  if (build.unchanged) {
    sources::Artifact artifact = *run->previous;
    artifact.url = parts_.artifacts.UrlOf(artifact.path);
    net::Task<Outcome> task = Succeed(run, std::move(build), std::move(artifact), false);
    co_return co_await std::move(task);
  }
  run->new_chart = build.Summary();
  struct Stored {
    std::optional<base::Error> error;  ///< of `step`; then there is no artifact
    sources::StoreStep step = sources::StoreStep::Directory;
    sources::Artifact artifact;
    std::string uncollected;
  };
  auto archive = std::make_shared<const std::string>(std::move(build.archive));
  const sources::ArtifactStore* store = &parts_.artifacts;
  const base::TimePoint now = parts_.services.clock.Now();
  auto job = [run, archive, store, now, file = FileNameOf(build), revision = build.version](std::stop_token stop) -> Result<Stored> {
    const sources::ArtifactOwner owner = OwnerOf(run->key);
    TRY(const sources::NamedLocks::Lock lock, store->Lock(owner, stop));
    Stored stored;
    auto artifact = store->StoreBytes(owner, file, "latest.tar.gz", revision, *archive, now, &stored.step);
    if (!artifact) {
      stored.error = std::move(artifact).error();
      return stored;
    }
    stored.artifact = *std::move(artifact);
    if (const auto collected = store->GarbageCollect(owner, stored.artifact.path, now); !collected)
      stored.uncollected = collected.error().message;
    return stored;
  };
  net::Task<Result<Stored>> storing = parts_.services.workers.Run(std::move(job));
  Result<Stored> stored = co_await std::move(storing);
  if (!stored || stored->error) {
    const base::Error& error = stored ? *stored->error : stored.error();
    const bool directory = stored && stored->step == sources::StoreStep::Directory;
    Trouble trouble{
        .failure = {
            .type = std::string(condition::kStorageOperationFailed),
            .reason = directory ? "DirectoryCreationFailed" : "ArchiveOperationFailed",
            .message = (directory ? "failed to create artifact directory: " : "unable to copy Helm chart to storage: ") + error.message}};
    trouble.canceled = error.reason == base::Reason::Canceled;
    net::Task<Outcome> task = Fail(run, std::move(trouble));
    co_return co_await std::move(task);
  }
  if (!stored->uncollected.empty())
    parts_.events.Record(MakeEvent(*run->object, kube::EventType::Warning, "GarbageCollectionFailed",
                                   "garbage collection of artifacts failed: " + stored->uncollected, {}));
  net::Task<Outcome> task = Succeed(run, std::move(build), std::move(stored->artifact), true);
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Succeed(std::shared_ptr<Run> run, Build build, sources::Artifact artifact, bool fresh) {
  const Value& object = *run->object;
  const std::optional<sources::Artifact> recorded = ArtifactIn(object);
  const bool is_new = fresh && (!recorded || recorded->digest != artifact.digest);
  if (fresh && build.dependencies > 0) {
    parts_.events.Record(MakeEvent(object, kube::EventType::Trace, "ResolvedDependencies",
                                   "resolved " + std::to_string(build.dependencies) + " chart dependencies", {}));
  }
  if (is_new || ShowsFailure(object)) {
    parts_.events.Record(MakeEvent(object, kube::EventType::Normal, build.reason(), build.Summary(),
                                   {{"revision", artifact.revision}, {"digest", artifact.digest}}));
    LogOf(parts_.services, *run->object)
        .Info(build.Summary(), {{"revision", artifact.revision}, {"sizeBytes", static_cast<std::int64_t>(artifact.size)}});
  } else if (!fresh && IsRequested(object)) {
    TellUpToDate(parts_.events, object, artifact);
  }
  const std::string latest = parts_.artifacts.UrlOf(artifact.path.substr(0, artifact.path.rfind('/')) + "/latest.tar.gz");
  Value status = StatusAfterSuccess(object, run->spec, build, artifact, latest, run->source_revision, fresh, parts_.services.clock.Now());
  net::Task<Outcome> ending = EndWell(parts_.services, writer_, run->object, std::move(status), run->spec.interval);
  co_return co_await std::move(ending);
}

net::Task<Outcome> Reconciler::Fail(std::shared_ptr<Run> run, Trouble trouble) {
  if (trouble.canceled) co_return Outcome{.again_in = {}, .back_off = true};
  if (trouble.quiet) co_return Outcome{.again_in = trouble.again, .back_off = !trouble.again};
  Failure& failure = trouble.failure;
  failure.artifact_gone = run->lost;
  failure.new_chart = run->new_chart;
  const std::string reason = failure.said_reason.empty() ? failure.reason : failure.said_reason;
  const std::string message = failure.said_message.empty() ? failure.message : failure.said_message;
  const bool waits = failure.reason == "NoSourceArtifact";
  LogOf(parts_.services, *run->object).Error(waits ? "source is not ready" : "chart not built", message, {});
  parts_.events.Record(MakeEvent(*run->object, waits ? kube::EventType::Normal : kube::EventType::Warning, reason, message, {}));
  Value status = StatusAfterFailure(*run->object, run->spec.verify, failure, run->source_revision, parts_.services.clock.Now());
  net::Task<Outcome> ending = EndBadly(writer_, run->object, std::move(status), failure.stalled, trouble.again);
  co_return co_await std::move(ending);
}

}  // namespace sluice::controller::helm_chart
