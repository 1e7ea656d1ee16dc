// How a look ends.
#include "controller/artifact_value.h"
#include "controller/bucket/reconciler.h"
#include "controller/source_steps.h"
#include "net/await.h"

namespace sluice::controller::bucket {

using base::Result;
using document::Value;
using kube::SharedObject;

net::Task<Outcome> Reconciler::Succeed(std::shared_ptr<Run> run, sources::Artifact artifact, bool fresh) {
  const Value& object = *run->object;
  const std::optional<sources::Artifact> recorded = ArtifactIn(object);
  if (fresh && (!recorded || recorded->digest != artifact.digest)) {
    const std::string message =
        "stored artifact with " + std::to_string(run->index.size()) + " fetched files from '" + run->spec.bucket_name + "' bucket";
    parts_.events.Record(
        MakeEvent(object, kube::EventType::Normal, "NewArtifact", message, {{"revision", artifact.revision}, {"digest", artifact.digest}}));
    LogOf(parts_.services, object)
        .Info("artifact stored", {{"revision", artifact.revision}, {"sizeBytes", static_cast<std::int64_t>(artifact.size)}});
  } else if (!fresh && IsRequested(object)) {
    TellUpToDate(parts_.events, object, artifact);
  }
  const std::string latest = parts_.artifacts.UrlOf(artifact.path.substr(0, artifact.path.rfind('/')) + "/latest.tar.gz");
  Value status = StatusAfterSuccess(object, run->spec, artifact, latest, parts_.services.clock.Now());
  net::Task<Outcome> ending = EndWell(parts_.services, writer_, run->object, std::move(status), run->spec.interval);
  co_return co_await std::move(ending);
}

net::Task<Outcome> Reconciler::Fail(SharedObject object, Trouble trouble) {
  if (trouble.canceled) co_return Outcome{.again_in = {}, .back_off = true};
  parts_.services.log.Error("source not fetched", trouble.failure.message,
                            {{"controller", "bucket"}, {"namespace", document::NamespaceOf(*object)}, {"name", document::NameOf(*object)}});
  parts_.events.Record(MakeEvent(*object, kube::EventType::Warning, trouble.failure.reason, trouble.failure.message, {}));
  const base::TimePoint now = parts_.services.clock.Now();
  Value status = trouble.stalled ? StatusStalled(*object, trouble.failure, now) : StatusAfterFailure(*object, trouble.failure, now);
  net::Task<Outcome> ending = EndBadly(writer_, object, std::move(status), trouble.stalled, trouble.again);
  co_return co_await std::move(ending);
}

}  // namespace sluice::controller::bucket
