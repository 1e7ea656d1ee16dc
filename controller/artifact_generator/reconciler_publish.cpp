// How a run ends: ExternalArtifacts written and removed, and what is said about it.
#include <algorithm>

#include "controller/artifact_generator/reconciler.h"
#include "controller/artifact_generator/run.h"
#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/object_events.h"
#include "net/await.h"

namespace sluice::controller::artifact_generator {
namespace {

using base::Result;
using document::Value;
using kube::SharedObject;

const document::GroupVersionKind kExternalArtifact{"source.toolkit.fluxcd.io", "v1", "ExternalArtifact"};

bool IsIn(const std::vector<Reference>& list, const Reference& reference) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Reference& item) { return item.name == reference.name && item.ns == reference.ns; });
}

}  // namespace

void Reconciler::Log(const Value& object, std::string_view message, std::string_view detail) {
  parts_.services.log.Info(message, {{"controller", "artifactgenerator"},
                                     {"namespace", document::NamespaceOf(object)},
                                     {"name", document::NameOf(object)},
                                     {"reason", detail}});
}

std::vector<Reference> Reconciler::LabelledWith(const Value& generator) const {
  std::vector<Reference> out;
  for (const SharedObject& object : parts_.external_artifacts.ListNamespace(document::NamespaceOf(generator))) {
    if (document::LabelOf(*object, kGeneratorLabel) != generator.StringAt({"metadata", "uid"})) continue;
    out.push_back(
        {.name = std::string(document::NameOf(*object)), .ns = std::string(document::NamespaceOf(*object)), .digest = "", .filename = ""});
  }
  return out;
}

/// The generator that an ExternalArtifact of this name belongs to, if that is another one that exists.
std::optional<std::string> Reconciler::OtherOwner(const Value& generator, std::string_view name) const {
  const std::string_view ns = document::NamespaceOf(generator);
  const SharedObject live = parts_.external_artifacts.Get({std::string(ns), std::string(name)});
  const std::string_view owner = live ? document::LabelOf(*live, kGeneratorLabel) : std::string_view();
  if (owner.empty() || owner == generator.StringAt({"metadata", "uid"})) return std::nullopt;
  for (const SharedObject& other : parts_.store.ListNamespace(ns)) {
    if (other->StringAt({"metadata", "uid"}) == owner) return std::string(document::NameOf(*other));
  }
  return std::nullopt;
}

net::Task<Result<void>> Reconciler::WriteArtifact(Value wanted, sources::Artifact artifact) {
  const kube::ApplyOptions options{.manager = std::string(kManager)};
  net::Task<Result<Value>> applying = parts_.services.client.Apply(wanted, options);
  Result<Value> applied = co_await std::move(applying);
  if (!applied) co_return std::move(applied).error().Wrap("failed to apply ExternalArtifact");
  const Value status = ExternalArtifactStatus(*applied, artifact, parts_.services.clock.Now());
  const kube::ApplyOptions status_options{.manager = std::string(kManager), .subresource = "status"};
  net::Task<Result<Value>> telling = parts_.services.client.Apply(status, status_options);
  Result<Value> told = co_await std::move(telling);
  if (!told) co_return std::move(told).error().Wrap("failed to patch ExternalArtifact status");
  parts_.external_artifacts.Remember(std::move(*told));  // whoever builds from it begins now
  co_return Result<void>();
}

net::Task<Result<void>> Reconciler::Publish(std::shared_ptr<Run> run, std::size_t index, std::shared_ptr<std::vector<Built>> all) {
  const Built& built = (*all)[index];
  const std::string& name = built.output.name;
  if (const auto other = OtherOwner(*run->object, name)) {
    memory_[run->key].refused = name;
    co_return base::MakeError(base::Reason::Conflict,
                              "ExternalArtifact '" + run->key.ns + "/" + name + "' is made by ArtifactGenerator '" + *other + "'");
  }
  Value wanted = ExternalArtifactFor(*run->object, run->spec, built.output);
  const SourceArtifact handle{
      .revision = built.artifact.revision, .digest = built.artifact.digest, .url = built.artifact.url, .path = built.artifact.path};
  parts_.loader.Keep(handle, built.files, built.bytes);
  memory_[run->key].made[name] = Made{.wanted = wanted, .artifact = built.artifact};
  const SharedObject live = parts_.external_artifacts.Get({run->key.ns, name});
  const bool same_spec = ShowsSuccess(*run->object);  // else a label may have to go, which only the server can tell
  if (live && same_spec && IsUpToDate(*live, wanted, built.artifact)) co_return Result<void>();
  net::Task<Result<void>> writing = WriteArtifact(std::move(wanted), built.artifact);
  co_return co_await std::move(writing);
}

net::Task<Outcome> Reconciler::Succeed(std::shared_ptr<Run> run, std::vector<Built> built) {
  auto all = std::make_shared<std::vector<Built>>(std::move(built));
  memory_[run->key].refused.clear();
  std::vector<Reference> inventory;
  std::string changed;
  for (std::size_t i = 0; i < all->size(); ++i) {
    const Built& one = (*all)[i];
    net::Task<Result<void>> publishing = Publish(run, i, all);
    const Result<void> published = co_await std::move(publishing);
    if (!published) {
      Failure failure{
          .reason = "ReconciliationFailed", .message = one.output.name + " reconcile failed: " + published.error().message, .again = {}};
      net::Task<Outcome> task = Fail(run, std::move(failure));
      co_return co_await std::move(task);
    }
    Reference reference{.name = one.output.name,
                        .ns = run->key.ns,
                        .digest = one.artifact.digest,
                        .filename = one.artifact.path.substr(one.artifact.path.rfind('/') + 1)};
    const bool known = std::any_of(run->inventory.begin(), run->inventory.end(), [&](const Reference& item) {
      return item.name == reference.name && item.ns == reference.ns && item.digest == reference.digest;
    });
    if (!known) changed += (changed.empty() ? "" : "\n") + reference.ns + "/" + reference.name + " (" + reference.digest + ")";
    inventory.push_back(std::move(reference));
  }
  const sources::ArtifactStore* store = &parts_.artifacts;
  auto collect = [run, all, store, now = parts_.services.clock.Now()](std::stop_token stop) -> Result<void> {
    for (const Built& one : *all) Collect(*run, one.output.name, one.artifact.path, *store, now, stop);
    return {};
  };
  net::Task<Result<void>> collecting = parts_.services.workers.Run(std::move(collect));
  [[maybe_unused]] const Result<void> collected = co_await std::move(collecting);
  std::vector<Reference> orphans;
  for (const Reference& reference : run->inventory) {
    if (!IsIn(inventory, reference)) orphans.push_back(reference);
  }
  for (const Reference& reference : LabelledWith(*run->object)) {
    if (!IsIn(inventory, reference) && !IsIn(orphans, reference)) orphans.push_back(reference);
  }
  net::Task<std::vector<Reference>> removing = Remove(run->object, std::move(orphans));
  const std::vector<Reference> left = co_await std::move(removing);
  Value status = StatusSucceeded(*run->object, inventory, run->sources_digest, parts_.services.clock.Now());
  if (!left.empty()) {  // they stay on record, and the next run tries again
    for (const Reference& reference : left) {
      Value item = Value::Mapping();
      for (const auto& [field, text] : {std::pair("digest", &reference.digest), std::pair("filename", &reference.filename),
                                        std::pair("name", &reference.name), std::pair("namespace", &reference.ns)}) {
        item.Set(field, *text);
      }
      status.Find("inventory")->Append(std::move(item));
    }
  }
  if (!changed.empty()) {
    parts_.events.Record(MakeEvent(*run->object, kube::EventType::Normal, "Ready", "external artifacts reconciled: " + changed, {}));
    Log(*run->object, "external artifacts reconciled", changed);
  }
  const Outcome outcome{.again_in = parts_.services.random.Jitter(options_.interval, parts_.services.interval_jitter), .back_off = false};
  const Outcome retry{.again_in = {}, .back_off = true};
  net::Task<Outcome> task = WriteAndGo(run->object, std::move(status), left.empty() ? outcome : retry);
  co_return co_await std::move(task);
}

net::Task<std::vector<Reference>> Reconciler::Remove(SharedObject generator, std::vector<Reference> references) {
  std::vector<Reference> left;
  for (const Reference& reference : references) {
    net::Task<Result<void>> removing = RemoveOne(generator, reference);
    const Result<void> removed = co_await std::move(removing);
    if (removed) {
      Log(*generator, "external artifact deleted", reference.ns + "/" + reference.name);
      continue;
    }
    parts_.services.log.Error("external artifact not deleted", removed.error().message,
                              {{"controller", "artifactgenerator"}, {"namespace", reference.ns}, {"name", reference.name}});
    left.push_back(reference);
  }
  co_return left;
}

net::Task<Result<void>> Reconciler::RemoveOne(SharedObject generator, Reference reference) {
  if (const auto at = memory_.find(KeyOf(*generator)); at != memory_.end()) at->second.made.erase(reference.name);
  const kube::ObjectRef ref{.gvk = kExternalArtifact, .ns = reference.ns, .name = reference.name};
  net::Task<Result<Value>> reading = parts_.services.client.Get(ref);
  const Result<Value> live = co_await std::move(reading);
  if (!live && live.error().reason != base::Reason::NotFound) co_return live.error();
  if (live && document::LabelOf(*live, kGeneratorLabel) != generator->StringAt({"metadata", "uid"}))
    co_return Result<void>();  // somebody else's by now
  // The files first: once the object is gone, another generator may have files of that name.
  const sources::ArtifactStore* store = &parts_.artifacts;
  auto work = [store, reference](std::stop_token stop) -> Result<void> {
    const sources::ArtifactOwner owner{.kind = "ExternalArtifact", .namespace_ = reference.ns, .name = reference.name};
    TRY(const sources::NamedLocks::Lock lock, store->Lock(owner, stop));
    TRY(store->RemoveAll(owner));
    return {};
  };
  net::Task<Result<void>> cleaning = parts_.services.workers.Run(std::move(work));
  CO_TRY(co_await std::move(cleaning));
  if (!live) co_return Result<void>();
  const kube::DeleteOptions options{.uid = std::string(live->StringAt({"metadata", "uid"}))};
  net::Task<Result<void>> deleting = parts_.services.client.Delete(ref, options);
  Result<void> deleted = co_await std::move(deleting);
  if (!deleted && deleted.error().reason != base::Reason::NotFound) co_return deleted;
  co_return Result<void>();
}

net::Task<Outcome> Reconciler::WriteAndGo(SharedObject object, Value status, Outcome outcome) {
  net::Task<Result<SharedObject>> writing = writer_.Write(object, std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  if (!written) co_return Outcome{.again_in = {}, .back_off = true};
  co_return outcome;
}

net::Task<Outcome> Reconciler::Fail(std::shared_ptr<Run> run, Failure failure) {
  parts_.services.log.Error(
      "artifacts not generated", failure.message,
      {{"controller", "artifactgenerator"}, {"namespace", run->key.ns}, {"name", run->key.name}, {"reason", failure.reason}});
  parts_.events.Record(MakeEvent(*run->object, kube::EventType::Warning, failure.reason, failure.message, {}));
  Value status = StatusFailed(*run->object, failure.reason, failure.message, parts_.services.clock.Now());
  const Outcome outcome{.again_in = failure.again, .back_off = !failure.again};
  net::Task<Outcome> task = WriteAndGo(run->object, std::move(status), outcome);
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Stall(SharedObject object, std::string reason, std::string message) {
  Value status = StatusStalled(*object, reason, message, parts_.services.clock.Now());
  const bool news = object->Find("status") == nullptr || *object->Find("status") != status;
  if (news) parts_.events.Record(MakeEvent(*object, kube::EventType::Warning, reason, message, {}));
  net::Task<Outcome> task = WriteAndGo(object, std::move(status), Outcome{});
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Finalize(SharedObject object) {
  if (!HasFinalizer(*object, artifact_generator::kFinalizer)) co_return Outcome{};
  std::vector<Reference> references = InventoryOf(*object);
  for (const Reference& reference : LabelledWith(*object)) {
    if (!IsIn(references, reference)) references.push_back(reference);
  }
  net::Task<std::vector<Reference>> removing = Remove(object, std::move(references));
  const std::vector<Reference> left = co_await std::move(removing);
  if (!left.empty()) co_return Outcome{.again_in = {}, .back_off = true};
  net::Task<Result<SharedObject>> releasing = writer_.SetFinalizer(object, false);
  const Result<SharedObject> released = co_await std::move(releasing);
  co_return Outcome{.again_in = {}, .back_off = !released};
}

}  // namespace sluice::controller::artifact_generator
