#include "controller/source_steps.h"

#include "controller/artifact_value.h"
#include "controller/object_events.h"
#include "document/object.h"
#include "net/await.h"

namespace sluice::controller {

using base::Result;
using document::Value;
using kube::SharedObject;

bool IsRequested(const Value& object) {
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  return !requested.empty() && requested != object.StringAt({"status", "lastHandledReconcileAt"});
}

net::Task<Recorded> FindRecorded(const Services& services, const sources::ArtifactStore& store, SharedObject object) {
  Recorded out;
  std::optional<sources::Artifact> recorded = ArtifactIn(*object);
  if (!recorded) co_return out;
  auto verify = [&store, artifact = *recorded] { return store.Verify(artifact.path, artifact.digest); };
  net::Task<Result<void>> verifying = services.workers.Run(std::move(verify));
  const Result<void> verified = co_await std::move(verifying);
  if (verified) {
    out.artifact = std::move(recorded);
  } else {
    out.lost = verified.error();
  }
  co_return out;
}

net::Task<Recorded> CheckRecorded(const Services& services, const sources::ArtifactStore& store, kube::EventRecorder& events,
                                  SharedObject object) {
  net::Task<Recorded> finding = FindRecorded(services, store, object);
  Recorded recorded = co_await std::move(finding);
  if (recorded.lost && recorded.lost->reason == base::Reason::Invalid) {
    events.Record(MakeEvent(*object, kube::EventType::Warning, "ArtifactVerificationFailed",
                            "failed to verify integrity of artifact: " + recorded.lost->message, {}));
  }
  co_return recorded;
}

bool IsSuspended(const Value& object) {
  const Value* suspend = object.At({"spec", "suspend"});
  return suspend != nullptr && suspend->AsBool().value_or(false);
}

net::Task<SharedObject> Mark(StatusWriter& writer, SharedObject object) {
  if (HasFinalizer(*object)) co_return object;
  net::Task<Result<SharedObject>> marking = writer.SetFinalizer(object, true);
  Result<SharedObject> marked = co_await std::move(marking);
  co_return marked ? std::move(marked).value() : nullptr;
}

void TellUpToDate(kube::EventRecorder& events, const Value& object, const sources::Artifact& artifact) {
  events.Record(MakeEvent(object, kube::EventType::Trace, "ArtifactUpToDate",
                          "artifact up-to-date with remote revision: '" + artifact.revision + "'", {}));
}

net::Task<Outcome> EndWell(const Services& services, StatusWriter& writer, SharedObject object, Value status, base::Duration interval) {
  net::Task<Result<SharedObject>> writing = writer.Write(object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  if (!written) co_return Outcome{.again_in = {}, .back_off = true};
  co_return Outcome{.again_in = Period(services, interval), .back_off = false};
}

net::Task<Outcome> EndBadly(StatusWriter& writer, SharedObject object, Value status, bool stalled, std::optional<base::Duration> again) {
  net::Task<Result<SharedObject>> writing = writer.Write(object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  if (stalled) co_return Outcome{.again_in = {}, .back_off = !written};
  if (again) co_return Outcome{.again_in = again, .back_off = false};
  co_return Outcome{.again_in = {}, .back_off = true};
}

net::Task<Result<std::size_t>> RemoveArtifacts(const Services& services, const sources::ArtifactStore& store, SharedObject object) {
  const Key key = KeyOf(*object);
  const sources::ArtifactOwner owner{.kind = document::GvkOf(*object).kind, .namespace_ = key.ns, .name = key.name};
  auto work = [&store, owner](std::stop_token stop) -> Result<std::size_t> {
    TRY(const sources::NamedLocks::Lock lock, store.Lock(owner, stop));
    return store.RemoveAll(owner);
  };
  net::Task<Result<std::size_t>> removing = services.workers.Run(std::move(work));
  co_return co_await std::move(removing);
}

net::Task<Outcome> ReleaseSource(StatusWriter& writer, SharedObject object) {
  net::Task<Result<SharedObject>> releasing = writer.SetFinalizer(object, false);
  const Result<SharedObject> released = co_await std::move(releasing);
  co_return Outcome{.again_in = {}, .back_off = !released};
}

net::Task<Outcome> FinalizeSource(const Services& services, const sources::ArtifactStore& store, kube::EventRecorder& events,
                                  StatusWriter& writer, SharedObject object) {
  if (!HasFinalizer(*object)) co_return Outcome{};
  net::Task<Result<std::size_t>> removing = RemoveArtifacts(services, store, object);
  const Result<std::size_t> removed = co_await std::move(removing);
  if (!removed) co_return Outcome{.again_in = {}, .back_off = true};
  TellCollected(events, *object);
  net::Task<Outcome> releasing = ReleaseSource(writer, object);
  co_return co_await std::move(releasing);
}

void TellCollected(kube::EventRecorder& events, const Value& object) {
  events.Record(
      MakeEvent(object, kube::EventType::Trace, "GarbageCollectionSucceeded", "garbage collected artifacts for deleted resource", {}));
}

}  // namespace sluice::controller
