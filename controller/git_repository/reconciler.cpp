#include "controller/git_repository/reconciler.h"

#include <utility>

#include "base/failpoint.h"
#include "controller/conditions.h"
#include "controller/git_hosts.h"
#include "controller/object_events.h"
#include "controller/progress.h"
#include "controller/source_steps.h"
#include "net/await.h"

namespace sluice::controller::git_repository {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;
using sources::Artifact;
using sources::Repository;

constexpr std::string_view kManager = "source-controller";

SourceKey SourceOf(const Key& key) { return {.kind = "GitRepository", .ns = key.ns, .name = key.name}; }

sources::Reference ReferenceOf(const Spec& spec) {
  return {.branch = spec.branch, .tag = spec.tag, .semver = spec.semver, .name = spec.name, .commit = spec.commit};
}

sources::GitCall CallOf(const Spec& spec) {
  return {.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(spec.timeout), .stop = {}};
}

Failure Stalling(std::string_view reason, std::string message) {
  return Failure{.step = Step::Credentials,
                 .type = std::string(condition::kFetchFailed),
                 .reason = std::string(reason),
                 .message = std::move(message),
                 .stalled = true};
}

}  // namespace

std::vector<Artifact> Reconciler::Run::IncludedArtifacts() const {
  std::vector<Artifact> out;
  for (const IncludedTree& tree : included) out.push_back(tree.artifact);
  return out;
}

Reconciler::Reconciler(Parts parts) : parts_(parts), writer_(parts.services.client, parts.store, std::string(kManager)) {}

void Reconciler::OnObjectChanged(const SharedObject& before, const SharedObject& after) {
  const Key key = KeyOf(after ? *after : *before);
  if (!after) {
    links_.Remove(key);
  } else if (!before || GenerationOf(*before) != GenerationOf(*after)) {
    links_.Update(*after);
  }
  const auto old = before ? ArtifactOf(*before) : std::nullopt, now = after ? ArtifactOf(*after) : std::nullopt;
  if (before && after && old == now) return;
  for (const Key& includer : links_.IncludersOf(key))
    if (!links_.Reaches(key, includer)) queue_->Add(includer, trigger::kSource);
}

net::Task<Outcome> Reconciler::Reconcile(Key key, Triggers) {
  SharedObject object = parts_.store.Get(key);
  if (!object) {
    parts_.registry.Remove(SourceOf(key));
    memory_.erase(key);
    parts_.github.meter().Forget(key);
    net::Task<void> dropping = DropUnusedCaches();
    co_await std::move(dropping);
    co_return Outcome{.again_in = {}, .back_off = false, .gone = true};
  }
  if (IsDeleting(*object)) {
    net::Task<Outcome> task = Finalize(object);
    co_return co_await std::move(task);
  }
  Result<Spec> spec = ParseSpec(*object);
  if (spec && spec->suspend) {
    net::Task<Outcome> task = Suspend(object, *std::move(spec));
    co_return co_await std::move(task);
  }
  if (!HasFinalizer(*object)) {
    net::Task<Result<SharedObject>> task = writer_.SetFinalizer(object, true);
    Result<SharedObject> marked = co_await std::move(task);
    if (!marked) co_return Outcome{.again_in = {}, .back_off = true};
    object = std::move(marked).value();
  }
  std::optional<Failure> refused;
  if (!spec) {
    refused = Stalling(spec.error().reason == base::Reason::Unsupported ? "FeatureGateDisabled" : "Failed", spec.error().message);
  } else if (const auto fault = CheckProvider(*spec, parts_.services.gates.Enabled(Gate::ObjectLevelWorkloadIdentity))) {
    refused = Stalling(fault->reason, fault->message);
  }
  const Result<sources::GitUrl> url = sources::ParseGitUrl(spec ? spec->url : "");
  if (!refused && !url) refused = Stalling("URLInvalid", url.error().message);
  if (refused) {
    net::Task<Outcome> task = Stall(object, *std::move(refused));
    co_return co_await std::move(task);
  }
  auto run = std::make_shared<Run>(
      Run{.object = object, .key = key, .spec = *std::move(spec), .url = *url, .repository = parts_.cache.Open(*url)});
  net::Task<Outcome> task = Look(std::move(run));
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Look(std::shared_ptr<Run> run) {
  if (!run->spec.include.empty() && !parts_.store.synced()) {  // what is not listed yet is not absent
    net::Task<Result<void>> listing = parts_.store.WaitSynced(std::chrono::seconds(30));
    const Result<void> listed = co_await std::move(listing);
    if (!listed) co_return Outcome{.again_in = {}, .back_off = true};
  }
  Verdict restoring = Restore(run);
  (void)co_await std::move(restoring);  // what cannot be restored is made anew
  net::Task<Access> reading = ReadAccess(parts_.services.client, parts_.github, parts_.access, run->key, run->spec, run->url);
  Access access = co_await std::move(reading);
  std::optional<Problem> problem;
  if (access.failure) {
    problem = Problem{*std::move(access.failure), std::nullopt};
  } else {
    run->credentials = *std::move(access.credentials);
    run->github = std::move(access.github);
    problem = GatherIncludes(*run);
  }
  if (!problem) {
    Verdict resolving = Resolve(run);
    problem = co_await std::move(resolving);
  }
  if (problem) {
    net::Task<Outcome> task = Fail(run, *std::move(problem));
    co_return co_await std::move(task);
  }
  if (!IsUnchanged(*run)) {
    Verdict reading_keys = ReadKeys(run);
    problem = co_await std::move(reading_keys);
    net::Task<Outcome> task = problem ? Fail(run, *std::move(problem)) : Make(run);
    co_return co_await std::move(task);
  }
  Register(*run, *ArtifactOf(*run->object), parts_.registry.Find(SourceOf(run->key))->files);  // the remote says so, too
  Success same{.artifact = *ArtifactOf(*run->object), .included = run->IncludedArtifacts(), .verified = std::nullopt};
  same.artifact.url = parts_.artifacts.UrlOf(same.artifact.path);
  if (IsRequested(*run->object)) {  // Flux says so after every look; an event a minute and source is a write that tells nobody anything
    Say(*run->object, kube::EventType::Trace, "GitOperationSucceeded",
        "no changes since last reconciliation: observed revision '" + same.artifact.revision + "'");
  }
  net::Task<Outcome> task = Succeed(run, std::move(same));
  co_return co_await std::move(task);
}

/// Puts what an earlier process stored into the registry, and notices where a file is lost.
Reconciler::Verdict Reconciler::Restore(std::shared_ptr<Run> run) {
  const std::optional<Artifact> artifact = ArtifactOf(*run->object);
  Memory& memory = memory_[run->key];
  if (memory.restored) {
    if (artifact && !memory.gone && !parts_.artifacts.Exists(*artifact)) memory.gone = true;
    co_return std::nullopt;
  }
  memory.restored = true;
  if (!artifact) co_return std::nullopt;
  const sources::ArtifactStore* artifacts = &parts_.artifacts;
  const bool plain = !run->spec.recurse_submodules && run->spec.include.empty() && ShowsInputs(*run->object, run->spec, {});
  auto work = [run, artifacts, artifact = *artifact, plain] {
    return git_repository::Restore(*run->repository, *artifacts, artifact, run->spec, plain);
  };
  net::Task<Result<std::shared_ptr<const base::Files>>> task = parts_.services.workers.Run(std::move(work));
  Result<std::shared_ptr<const base::Files>> files = co_await std::move(task);
  if (files) {
    Register(*run, *artifact, *std::move(files), true);
    co_return std::nullopt;
  }
  if (files.error().reason == base::Reason::Invalid) {
    Say(*run->object, kube::EventType::Warning, "ArtifactVerificationFailed",
        "failed to verify integrity of artifact: " + files.error().message);
  }
  memory_[run->key].gone = !parts_.artifacts.Exists(*artifact);
  co_return std::nullopt;
}

net::Task<Outcome> Reconciler::Suspend(SharedObject object, Spec spec) {
  net::Task<void> restoring = RestoreSuspended(object, std::move(spec));
  co_await std::move(restoring);
  net::Task<Outcome> ending = EndSuspended(parts_.services, writer_, object, "GitRepository");
  co_return co_await std::move(ending);
}

/// Nothing newer will come, so what the status names is what is built from: it waits for no look at the remote.
net::Task<void> Reconciler::RestoreSuspended(SharedObject object, Spec spec) {
  const Key key = KeyOf(*object);
  const std::optional<Artifact> artifact = ArtifactOf(*object);
  if (!artifact || memory_[key].restored || parts_.registry.Find(SourceOf(key))) co_return;
  const sources::ArtifactStore* artifacts = &parts_.artifacts;
  auto work = [artifacts, artifact = *artifact]() -> Result<std::shared_ptr<const base::Files>> {
    TRY(artifacts->Verify(artifact.path, artifact.digest));
    return artifacts->Open(artifact);
  };
  net::Task<Result<std::shared_ptr<const base::Files>>> task = parts_.services.workers.Run(std::move(work));
  Result<std::shared_ptr<const base::Files>> files = co_await std::move(task);
  if (!files) co_return;
  memory_[key].restored = true;
  const Run run{.object = object, .key = key, .spec = std::move(spec)};
  Register(run, *artifact, *std::move(files));
}

std::optional<Reconciler::Problem> Reconciler::GatherIncludes(Run& run) const {
  const auto unavailable = [](std::string_view reason, std::string message) {
    return Problem{Failure{.step = Step::Include,
                           .type = std::string(condition::kIncludeUnavailable),
                           .reason = std::string(reason),
                           .message = std::move(message)},
                   std::nullopt};
  };
  for (const Include& include : run.spec.include) {
    const Key key{run.key.ns, include.repository};
    const SharedObject object = parts_.store.Get(key);
    if (!object)
      return unavailable("NotFound", "could not get resource for include '" + include.repository +
                                         "': gitrepositories.source.toolkit.fluxcd.io \"" + include.repository + "\" not found");
    std::optional<Artifact> artifact = ArtifactOf(*object);
    if (!artifact) return unavailable("NoArtifact", "no artifact available for include '" + include.repository + "'");
    const auto held = parts_.registry.Find(SourceOf(key));
    const bool same = held && held->digest == artifact->digest && held->revision == artifact->revision;
    if (!same && !parts_.artifacts.Exists(*artifact))  // it is being made again
      return unavailable("NoArtifact", "no artifact available for include '" + include.repository + "'");
    run.included.push_back({*std::move(artifact), same ? held->files : nullptr});
  }
  return std::nullopt;
}

Reconciler::Verdict Reconciler::Resolve(std::shared_ptr<Run> run) {
  auto look = [run, call = CallOf(run->spec)](std::stop_token stop) mutable {
    call.stop = std::move(stop);
    return run->repository->Resolve(ReferenceOf(run->spec), run->credentials, call);
  };
  net::Task<Result<sources::Resolution>> resolving = AskHost<sources::Resolution>(run, "look", std::move(look));
  net::Task<Result<sources::Resolution>> reporting =
      Reporting(parts_.services, writer_, ObjectOf(run), ProgressOfLook(*run->object), std::move(resolving));
  Result<sources::Resolution> resolution = co_await std::move(reporting);
  if (resolution) {
    run->resolution = *std::move(resolution);
    co_return std::nullopt;
  }
  if (run->github && resolution.error().reason == base::Reason::Unauthorized) parts_.github.Forget(*run->github);
  Failure failure = FetchFailureOf(resolution.error());
  co_return Problem{std::move(failure), std::move(resolution).error()};
}

Reconciler::Verdict Reconciler::ReadKeys(std::shared_ptr<Run> run) {
  if (!run->spec.verify) co_return std::nullopt;
  net::Task<Result<SecretData>> reading = ReadSecret(parts_.services.client, run->key.ns, run->spec.verify->secret_name);
  const Result<SecretData> data = co_await std::move(reading);
  if (!data) co_return Problem{NotVerified("VerificationError", "public keys secret error: " + data.error().message), data.error()};
  run->keys = TrustedKeysOf(*data);
  co_return std::nullopt;
}

bool Reconciler::IsUnchanged(const Run& run) const {
  const std::shared_ptr<const SourceArtifact> held = parts_.registry.Find(SourceOf(run.key));
  const std::optional<Artifact> previous = ArtifactOf(*run.object);
  const Memory& memory = memory_.at(run.key);
  return held && previous && held->revision == run.resolution.revision && previous->revision == held->revision &&
         previous->digest == held->digest && memory.url == run.spec.url && !memory.gone &&
         ShowsInputs(*run.object, run.spec, run.IncludedArtifacts()) && !NeedsVerification(*run.object, run.spec);
}

/// `call` on a thread that may wait as long as the spec lets it: the run gives its place to others meanwhile, and other calls of the same sort to the same
/// host are all that it may hold up.
template <class T>
net::Task<Result<T>> Reconciler::AskHost(std::shared_ptr<Run> run, std::string_view what, std::function<Result<T>(std::stop_token)> call) {
  auto on_wait = [this, key = run->key](bool waiting) { queue_->SetWaiting(key, waiting); };
  net::Task<Result<T>> asking = controller::AskHost<T>(parts_.remotes, HostOf(what, run->url), std::move(on_wait), std::move(call));
  co_return co_await std::move(asking);
}

net::Task<Result<CheckoutOutcome>> Reconciler::FetchAndCheckOut(std::shared_ptr<Run> run, CheckoutJob job) {
  auto shared = std::make_shared<const CheckoutJob>(std::move(job));
  auto fetch = [shared](std::stop_token stop) { return FetchTree(*shared, std::move(stop)); };
  net::Task<Result<FetchedTree>> fetching = AskHost<FetchedTree>(run, "fetch", std::move(fetch));
  Result<FetchedTree> fetched = co_await std::move(fetching);
  if (!fetched) co_return CheckoutOutcome{.done = {}, .failure = FetchFailureOf(fetched.error()), .error = fetched.error()};
  auto tree = std::make_shared<FetchedTree>(*std::move(fetched));
  auto work = [shared, tree](std::stop_token stop) -> Result<CheckoutOutcome> {
    TRY(const sources::NamedLocks::Lock lock, shared->artifacts->Lock(OwnerOf(shared->key), stop));
    return CheckOut(*shared, std::move(*tree));
  };
  net::Task<Result<CheckoutOutcome>> making = parts_.services.workers.Run(std::move(work));
  co_return co_await std::move(making);
}

net::Task<Outcome> Reconciler::Make(std::shared_ptr<Run> run) {
  const std::optional<Artifact> previous = ArtifactOf(*run->object);
  const bool shown = ShowsInputs(*run->object, run->spec, run->IncludedArtifacts());
  const bool include_change = !SameArtifacts(IncludedArtifactsOf(*run->object), run->IncludedArtifacts());
  const bool new_revision = !previous || previous->revision != run->resolution.revision;
  CheckoutJob job{.repository = run->repository,
                  .cache = &parts_.cache,
                  .artifacts = &parts_.artifacts,
                  .resolution = run->resolution,
                  .credentials = run->credentials,
                  .call = CallOf(run->spec),
                  .key = run->key,
                  .spec = run->spec,
                  .included = run->included,
                  .keys = run->keys,
                  .previous = shown && !memory_[run->key].gone ? previous : std::nullopt,
                  .now = parts_.services.clock.Now()};
  net::Task<Result<CheckoutOutcome>> making = FetchAndCheckOut(run, std::move(job));
  std::string building = new_revision     ? "building artifact: new upstream revision '" + run->resolution.revision + "'"
                         : include_change ? "building artifact: included artifacts differ from last observed includes"
                                          : ProgressMessage(*run->object);
  net::Task<Result<CheckoutOutcome>> reporting =
      Reporting(parts_.services, writer_, ObjectOf(run), {.message = std::move(building), .drift = new_revision || include_change},
                std::move(making));
  Result<CheckoutOutcome> made = co_await std::move(reporting);
  SLUICE_FAILPOINT("source.register.before");
  if (!made) co_return Outcome{.again_in = {}, .back_off = true};  // cancelled
  if (!made->done) {
    Problem problem{*std::move(made->failure), std::move(made->error)};
    problem.failure.include_change = include_change && !new_revision;
    net::Task<Outcome> task = Fail(run, std::move(problem));
    co_return co_await std::move(task);
  }
  const bool fresh = !previous || previous->digest != made->done->artifact.digest;
  Register(*run, made->done->artifact, made->done->files);  // who waits for it begins while the status is written
  if (fresh) Announce(*run, *made->done);
  if (!made->done->uncollected.empty())
    Say(*run->object, kube::EventType::Warning, "GarbageCollectionFailed",
        "garbage collection of artifacts failed: " + made->done->uncollected);
  memory_[run->key].gone = false;
  memory_[run->key].submodule_urls = made->done->submodule_urls;
  SLUICE_FAILPOINT("source.register.after");
  Success success{.artifact = made->done->artifact, .included = run->IncludedArtifacts(), .verified = std::nullopt};
  if (run->keys) {
    success.verified = made->done->verified;
    Say(*run->object, kube::EventType::Normal, "Succeeded", made->done->verified);
  }
  net::Task<Outcome> task = Succeed(run, std::move(success));
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Succeed(std::shared_ptr<Run> run, Success success) {
  const std::optional<Artifact> previous = ArtifactOf(*run->object);
  if (ShowsFailure(*run->object) && previous && previous->digest == success.artifact.digest) {
    parts_.events.Record(MakeEvent(*run->object, kube::EventType::Normal, "Succeeded",
                                   "stored artifact for commit '" + success.artifact.revision + "'",
                                   {{"revision", success.artifact.revision}, {"digest", success.artifact.digest}}));
  }
  Value status = StatusAfterSuccess(*run->object, run->spec, success, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> task = writer_.Write(run->object, std::move(status));
  const Result<SharedObject> written = co_await std::move(task);
  if (!written) co_return Outcome{.again_in = {}, .back_off = true};
  co_return Outcome{.again_in = Period(parts_.services, run->spec.interval), .back_off = false};
}

net::Task<Outcome> Reconciler::Fail(std::shared_ptr<Run> run, Problem problem) {
  if (problem.error && problem.error->reason == base::Reason::Canceled) co_return Outcome{.again_in = {}, .back_off = true};
  if (problem.failure.stalled) {
    net::Task<Outcome> task = Stall(run->object, std::move(problem.failure));
    co_return co_await std::move(task);
  }
  Failure& failure = problem.failure;
  failure.artifact_gone = memory_[run->key].gone;
  LogOf(parts_.services, *run->object).Error("source not fetched", failure.message, {{"reason", failure.reason}});
  const bool waiting = failure.step == Step::Include;
  Say(*run->object, waiting ? kube::EventType::Normal : kube::EventType::Warning, failure.reason, failure.message);
  Value status = StatusAfterFailure(*run->object, failure, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> task = writer_.Write(run->object, std::move(status));
  const Result<SharedObject> written = co_await std::move(task);
  (void)written;  // tried again with the next look in any case
  if (waiting) co_return Outcome{.again_in = parts_.services.requeue_dependency, .back_off = false};
  if (problem.error && problem.error->retry_after) co_return Outcome{.again_in = *problem.error->retry_after, .back_off = false};
  co_return Outcome{.again_in = {}, .back_off = true};
}

net::Task<Outcome> Reconciler::Stall(SharedObject object, Failure failure) {
  Value status = StatusAfterFailure(*object, failure, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> task = writer_.Write(object, std::move(status));
  const Result<SharedObject> written = co_await std::move(task);
  if (written && *written != object) Say(*object, kube::EventType::Warning, failure.reason, failure.message);
  co_return Outcome{.again_in = {}, .back_off = !written};
}

net::Task<Outcome> Reconciler::Finalize(SharedObject object) {
  const Key key = KeyOf(*object);
  parts_.registry.Remove(SourceOf(key));
  memory_.erase(key);
  if (!HasFinalizer(*object)) co_return Outcome{};
  const sources::ArtifactStore* artifacts = &parts_.artifacts;
  auto work = [artifacts, key](std::stop_token stop) -> Result<std::size_t> {
    TRY(const sources::NamedLocks::Lock lock, artifacts->Lock(OwnerOf(key), stop));
    return artifacts->RemoveAll(OwnerOf(key));
  };
  SLUICE_FAILPOINT("source.remove.before");
  net::Task<Result<std::size_t>> removing = parts_.services.workers.Run(std::move(work));
  const Result<std::size_t> removed = co_await std::move(removing);
  SLUICE_FAILPOINT("source.remove.after");
  if (!removed) co_return Outcome{.again_in = {}, .back_off = true};
  Say(*object, kube::EventType::Trace, "GarbageCollectionSucceeded", "garbage collected artifacts for deleted resource");
  net::Task<Result<SharedObject>> releasing = writer_.SetFinalizer(object, false);
  const Result<SharedObject> released = co_await std::move(releasing);
  co_return Outcome{.again_in = {}, .back_off = !released};
}

/// The clones of what no object names any more. (Which submodules an object has is known once its artifact was made by this process; others are fetched anew.)
net::Task<void> Reconciler::DropUnusedCaches() {
  std::vector<std::string> keep;
  for (const SharedObject& object : parts_.store.List())
    if (const auto url = sources::ParseGitUrl(object->StringAt({"spec", "url"})); url && !IsDeleting(*object)) keep.push_back(url->text);
  for (const auto& [key, memory] : memory_) keep.insert(keep.end(), memory.submodule_urls.begin(), memory.submodule_urls.end());
  sources::GitCache* cache = &parts_.cache;
  auto work = [cache, keep = std::move(keep)]() -> Result<std::size_t> { return cache->RemoveOthers(keep); };
  net::Task<Result<std::size_t>> removing = parts_.services.workers.Run(std::move(work));
  (void)co_await std::move(removing);
}

// ---- What is said on the way ------------------------------------------------------------------------------------------------------------

void Reconciler::Register(const Run& run, const Artifact& artifact, std::shared_ptr<const base::Files> files, bool restored) {
  memory_[run.key].url = run.spec.url;
  const auto origin = artifact.metadata.find("org.opencontainers.image.revision");
  parts_.registry.Put(SourceOf(run.key), SourceArtifact{.revision = artifact.revision,
                                                        .origin_revision = origin == artifact.metadata.end() ? "" : origin->second,
                                                        .digest = artifact.digest,
                                                        .files = std::move(files),
                                                        .url = artifact.url,
                                                        .path = artifact.path,
                                                        .restored = restored});
}

void Reconciler::Announce(const Run& run, const CheckedOut& made) {
  const std::string& title = made.commit_title.empty() ? made.artifact.revision : made.commit_title;
  parts_.events.Record(MakeEvent(*run.object, kube::EventType::Normal, "NewArtifact", "stored artifact for commit '" + title + "'",
                                 {{"revision", made.artifact.revision}, {"digest", made.artifact.digest}}));
  LogOf(parts_.services, *run.object)
      .Info("artifact stored", {{"revision", made.artifact.revision}, {"sizeBytes", static_cast<std::int64_t>(made.artifact.size)}});
}

void Reconciler::Say(const Value& object, kube::EventType type, std::string_view reason, std::string_view message) {
  parts_.events.Record(MakeEvent(object, type, reason, message, {}));
}

}  // namespace sluice::controller::git_repository
