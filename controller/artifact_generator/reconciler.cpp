// The way of one run, and who is woken by what. What is written to the cluster is in reconciler_publish.cpp.
#include "controller/artifact_generator/reconciler.h"

#include "controller/artifact_generator/compose.h"
#include "controller/artifact_generator/run.h"
#include "controller/artifact_value.h"
#include "controller/object_events.h"
#include "net/await.h"

namespace sluice::controller::artifact_generator {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;

/// As the API server names a kind that is not found.
std::string ResourceOf(std::string_view kind) {
  std::string name;
  for (const char c : kind) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  if (name.ends_with('y')) name.replace(name.size() - 1, 1, "ie");
  return name + "s.source.toolkit.fluxcd.io";
}

std::string_view AliasOf(std::string_view reference) { return reference.empty() ? reference : reference.substr(1); }

bool IsRequested(const Value& object) {
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  return !requested.empty() && requested != object.StringAt({"status", "lastHandledReconcileAt"});
}

/// Where the store has what an ExternalArtifact on record names.
std::string PathOf(const Reference& reference) {
  return "externalartifact/" + reference.ns + "/" + reference.name + "/" + reference.filename;
}

}  // namespace

Reconciler::Reconciler(Parts parts, ReconcilerOptions options)
    : parts_(std::move(parts)),
      options_(options),
      writer_(parts_.services.client, parts_.store, std::string(kManager), std::string(artifact_generator::kFinalizer)) {}

Reconciler::~Reconciler() = default;

// ---- News ----------------------------------------------------------------------------------------------------------------------------

void Reconciler::OnSourceChanged(const SourceKey& source) {
  const auto at = by_source_.find(source);
  if (at == by_source_.end()) return;
  for (const Key& key : at->second) queue_->Add(key, trigger::kSource);
}

void Reconciler::OnGeneratorChanged(const SharedObject& before, const SharedObject& after) {
  const Key key = KeyOf(after ? *after : *before);
  Memory& memory = memory_[key];
  for (const SourceKey& source : std::exchange(memory.sources, {})) {
    by_source_[source].erase(key);
    if (by_source_[source].empty()) by_source_.erase(source);
  }
  if (!after) {
    memory_.erase(key);
    return;
  }
  if (const Result<Spec> spec = ParseSpec(*after)) {
    for (const NamedSource& source : spec->sources) memory.sources.insert(source.key);
  }
  for (const SourceKey& source : memory.sources) by_source_[source].insert(key);
  if (before && IsDisabled(*before) && !IsDisabled(*after)) queue_->Add(key, trigger::kSpec);
}

/// Who changes one of our ExternalArtifacts wakes its generator, unless it is now as it should be; and who gives a name up wakes who wants it.
void Reconciler::Wake(const Value& external_artifact, bool deleted) {
  if (external_artifact.StringAt({"spec", "sourceRef", "kind"}) != "ArtifactGenerator" &&
      document::LabelOf(external_artifact, kGeneratorLabel).empty()) {
    return;
  }
  const std::string ns(document::NamespaceOf(external_artifact)), name(document::NameOf(external_artifact));
  for (const auto& [key, memory] : memory_) {
    if (key.ns != ns) continue;
    if (deleted && memory.refused == name) queue_->Add(key, trigger::kDrift);
    const auto made = memory.made.find(name);
    if (made == memory.made.end()) continue;
    if (deleted || !IsUpToDate(external_artifact, made->second.wanted, made->second.artifact)) queue_->Add(key, trigger::kDrift);
  }
}

void Reconciler::OnAdded(const SharedObject& object) { Wake(*object, false); }
void Reconciler::OnUpdated(const SharedObject& before, const SharedObject& after) {
  Wake(*after, false);
  if (document::LabelOf(*before, kGeneratorLabel) != document::LabelOf(*after, kGeneratorLabel)) Wake(*before, true);
}
void Reconciler::OnDeleted(const SharedObject& last) { Wake(*last, true); }

// ---- One run -------------------------------------------------------------------------------------------------------------------------

net::Task<Outcome> Reconciler::Reconcile(Key key, Triggers) {
  SharedObject object = parts_.store.Get(key);
  if (!object) co_return Outcome{};
  if (IsDeleting(*object)) {
    net::Task<Outcome> task = Finalize(object);
    co_return co_await std::move(task);
  }
  const bool fresh = !HasFinalizer(*object, artifact_generator::kFinalizer);
  if (fresh) {
    net::Task<Result<SharedObject>> marking = writer_.SetFinalizer(object, true);
    Result<SharedObject> marked = co_await std::move(marking);
    if (!marked) co_return Outcome{.again_in = {}, .back_off = true};
    object = std::move(marked).value();
  }
  if (IsDisabled(*object)) {
    Value status = fresh ? StatusDisabled(*object, parts_.services.clock.Now()) : StatusAnswered(*object);
    if (IsRequested(*object))
      parts_.events.Record(MakeEvent(*object, kube::EventType::Normal, "ReconciliationDisabled", "Reconciliation is disabled", {}));
    net::Task<Outcome> task = WriteAndGo(object, std::move(status), Outcome{});
    co_return co_await std::move(task);
  }
  Result<Spec> spec = ParseSpec(*object);
  std::optional<Refusal> refusal =
      spec ? Refused(*spec, key.ns, options_.no_cross_namespace_refs) : Refusal{"ValidationFailed", spec.error().message};
  if (refusal) {
    net::Task<Outcome> task = Stall(object, std::move(refusal->reason), std::move(refusal->message));
    co_return co_await std::move(task);
  }
  auto run = std::make_shared<Run>();
  run->key = key;
  run->object = object;
  run->spec = std::move(*spec);
  net::Task<Outcome> task = Make(run);
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Make(std::shared_ptr<Run> run) {
  bool not_yet = false;
  net::Task<std::optional<Failure>> observing = Observe(run, not_yet);
  if (std::optional<Failure> failure = co_await std::move(observing)) {
    if (not_yet) co_return Outcome{.again_in = failure->again, .back_off = false};
    net::Task<Outcome> task = Fail(run, std::move(*failure));
    co_return co_await std::move(task);
  }
  net::Task<bool> comparing = IsAsItWas(run);
  const bool as_it_was = co_await std::move(comparing);
  if (as_it_was) {
    if (IsRequested(*run->object)) {
      const std::string message = "No drift detected, " + std::to_string(run->inventory.size()) + " artifact(s) up to date";
      parts_.events.Record(MakeEvent(*run->object, kube::EventType::Normal, "Ready", message, {}));
    }
    const Outcome outcome{.again_in = parts_.services.random.Jitter(options_.interval, parts_.services.interval_jitter), .back_off = false};
    net::Task<Outcome> task = WriteAndGo(run->object, StatusAnswered(*run->object), outcome);
    co_return co_await std::move(task);
  }
  std::optional<base::Duration> too_early;
  net::Task<std::optional<Failure>> loading = LoadTrees(run, too_early);
  if (std::optional<Failure> failure = co_await std::move(loading)) {
    if (too_early) co_return Outcome{.again_in = too_early, .back_off = false};
    net::Task<Outcome> task = Fail(run, std::move(*failure));
    co_return co_await std::move(task);
  }
  net::Task<Result<BuildOutcome>> building = Build(run);
  Result<BuildOutcome> outcome = co_await std::move(building);
  if (!outcome) co_return Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
  const std::optional<Failure>& failure = outcome->failure;
  net::Task<Outcome> task = !failure            ? Succeed(run, std::move(outcome->built))
                            : failure->terminal ? Stall(run->object, failure->reason, failure->message)
                                                : Fail(run, *failure);
  co_return co_await std::move(task);
}

/// What the sources are. `not_yet`: somebody is about to say it.
net::Task<std::optional<Reconciler::Failure>> Reconciler::Observe(std::shared_ptr<Run> run, bool& not_yet) {
  for (const NamedSource& source : run->spec.sources) {
    const SourceKey& key = source.key;
    const std::string shown = key.ns + "/" + key.name;
    Failure failure{.reason = "SourceFetchFailed", .message = "get sources failed: ", .again = parts_.services.requeue_dependency};
    const auto store = parts_.sources.find(key.kind);
    if (store == parts_.sources.end()) {
      failure.message += "source `" + key.name + "` kind '" + key.kind + "' not supported";
      co_return failure;
    }
    if (key.kind != "GitRepository" && parts_.services.gates.Enabled(Gate::DirectSourceFetch)) {
      net::Task<void> reading = ReadSourceLive(parts_.services.client, *store->second, {key.ns, key.name});
      co_await std::move(reading);
    }
    const std::shared_ptr<const SourceArtifact> artifact = parts_.registry.Find(key);
    if (artifact) {
      run->sources[source.alias] = artifact;
      run->observed[source.alias] = ObservedSource{artifact->digest, artifact->revision, artifact->origin_revision, artifact->url};
      continue;
    }
    const SharedObject object = store->second->Get({key.ns, key.name});
    not_yet = (object && ArtifactIn(*object)) || (!object && !store->second->synced());  // being restored, or not heard of yet
    failure.message +=
        !object ? ResourceOf(key.kind) + " \"" + key.name + "\" not found" : "source '" + key.kind + "/" + shown + "' is not ready";
    co_return failure;
  }
  run->sources_digest = SourcesDigest(run->observed);
  co_return std::nullopt;
}

/// Whether everything that was made is still there and still what is asked for.
net::Task<bool> Reconciler::IsAsItWas(std::shared_ptr<Run> run) {
  const Value& object = *run->object;
  run->inventory = InventoryOf(object);
  if (!ShowsSuccess(object) || object.StringAt({"status", "observedSourcesDigest"}) != run->sources_digest) co_return false;
  if (run->spec.path_pattern.empty() && run->inventory.size() != run->spec.artifacts.size()) co_return false;
  if (LabelledWith(object).size() != run->inventory.size()) co_return false;
  const Memory& memory = memory_[run->key];
  for (const Reference& reference : run->inventory) {
    const SharedObject live = parts_.external_artifacts.Get({reference.ns, reference.name});
    const std::optional<sources::Artifact> shown = live ? ArtifactIn(*live) : std::nullopt;
    if (!shown || shown->digest != reference.digest || document::LabelOf(*live, kGeneratorLabel) != object.StringAt({"metadata", "uid"}))
      co_return false;
    const auto made = memory.made.find(reference.name);
    if (made != memory.made.end() ? !IsUpToDate(*live, made->second.wanted, made->second.artifact)
                                  : shown->url != parts_.artifacts.UrlOf(shown->path)) {
      co_return false;
    }
  }
  const sources::ArtifactStore* store = &parts_.artifacts;
  auto verify = [store, run]() -> Result<void> {
    for (const Reference& reference : run->inventory) TRY(store->Verify(PathOf(reference), reference.digest));
    return {};
  };
  net::Task<Result<void>> verifying = parts_.services.workers.Run(std::move(verify));
  const Result<void> verified = co_await std::move(verifying);
  co_return verified.has_value();
}

net::Task<std::optional<Reconciler::Failure>> Reconciler::LoadTrees(std::shared_ptr<Run> run, std::optional<base::Duration>& not_yet) {
  for (const auto& [alias, source] : run->sources) {
    if (source->files) {
      run->trees[alias] = source->files;
      continue;
    }
    net::Task<ArtifactLoader::Answer> loading = parts_.loader.Load(source);
    ArtifactLoader::Answer answer = co_await std::move(loading);
    if (answer.files) {
      run->trees[alias] = std::move(answer.files);
      continue;
    }
    if (answer.error.reason == base::Reason::Canceled) not_yet = std::chrono::seconds(1);
    if (answer.again && answer.quiet) not_yet = answer.again;
    co_return Failure{.reason = "SourceFetchFailed",
                      .message = "fetch sources failed: " + answer.error.message,
                      .again = answer.again.value_or(parts_.services.requeue_dependency)};
  }
  co_return std::nullopt;
}

net::Task<Result<Reconciler::BuildOutcome>> Reconciler::Build(std::shared_ptr<Run> run) {
  const sources::ArtifactStore* store = &parts_.artifacts;
  const base::TimePoint now = parts_.services.clock.Now();
  auto build = [run, store, now](std::stop_token stop) -> Result<BuildOutcome> {
    BuildOutcome outcome;
    auto artifacts = ExpandArtifacts(run->spec, run->trees);
    if (!artifacts) {
      outcome.failure = Failure{.reason = "BuildFailed",
                                .message = "failed to expand path pattern: " + artifacts.error().message,
                                .again = {},
                                .terminal = artifacts.error().reason == base::Reason::Invalid};
      return outcome;
    }
    for (OutputArtifact& artifact : *artifacts) {
      if (stop.stop_requested()) return base::MakeError(base::Reason::Canceled, "canceled");
      const std::string name = artifact.name;
      auto one = BuildOne(*run, std::move(artifact), *store, now, stop);
      if (!one) {
        if (one.error().reason == base::Reason::Canceled) return std::move(one).error();
        outcome.failure = Failure{.reason = "BuildFailed", .message = name + " build failed: " + one.error().message, .again = {}};
        for (const Reference& shown : run->inventory) Collect(*run, shown.name, PathOf(shown), *store, now, stop);
        return outcome;
      }
      outcome.built.push_back(*std::move(one));
    }
    return outcome;
  };
  net::Task<Result<BuildOutcome>> building = parts_.services.workers.Run(std::move(build));
  co_return co_await std::move(building);
}

/// Composes one artifact and puts it into the store, unless the very file is there. Blocking.
Result<Reconciler::Built> Reconciler::BuildOne(const Run& run, OutputArtifact output, const sources::ArtifactStore& store,
                                               base::TimePoint now, const std::stop_token& stop) {
  TRY(Composed composed, Compose(output.copy, run.trees));
  const sources::ArtifactOwner owner{.kind = "ExternalArtifact", .namespace_ = run.key.ns, .name = output.name};
  TRY(const sources::NamedLocks::Lock lock, store.Lock(owner, stop));
  auto stored = store.Store(owner, composed.id, "", *composed.files, now);
  if (!stored) return std::move(stored).error().Wrap("failed to create artifact");
  Built built{.output = std::move(output), .artifact = std::move(*stored), .files = std::move(composed.files), .bytes = composed.bytes};
  built.artifact.revision = "latest@" + built.artifact.digest;
  if (const auto at = run.observed.find(std::string(AliasOf(built.output.revision))); at != run.observed.end())
    built.artifact.revision = at->second.revision;
  if (const auto at = run.observed.find(std::string(AliasOf(built.output.origin_revision))); at != run.observed.end()) {
    const ObservedSource& source = at->second;
    built.artifact.metadata[std::string(kOriginRevision)] = source.origin_revision.empty() ? source.revision : source.origin_revision;
  }
  return built;
}

/// Removes older files of `name`, which no ExternalArtifact names any more once `current` is published. Blocking. What cannot be removed goes another time.
void Reconciler::Collect(const Run& run, const std::string& name, const std::string& current, const sources::ArtifactStore& store,
                         base::TimePoint now, const std::stop_token& stop) {
  const sources::ArtifactOwner owner{.kind = "ExternalArtifact", .namespace_ = run.key.ns, .name = name};
  if (const auto lock = store.Lock(owner, stop)) (void)store.GarbageCollect(owner, current, now);
}

}  // namespace sluice::controller::artifact_generator
