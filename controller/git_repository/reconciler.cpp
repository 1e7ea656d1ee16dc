#include "controller/git_repository/reconciler.h"

#include "base/digest.h"
#include "controller/object_events.h"
#include "net/await.h"
#include "sources/artifact/ignored_files.h"

namespace sluice::controller::git_repository {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;
using sources::Artifact;
using sources::Repository;

constexpr std::string_view kManager = "source-controller";
constexpr std::size_t kTitleLength = 50;

std::string Title(const std::string& message) {
  std::string line = message.substr(0, message.find('\n'));
  if (line.size() <= kTitleLength) return line;
  std::size_t end = kTitleLength;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return line.substr(0, end) + "…";
}

sources::ArtifactOwner OwnerOf(const Key& key) { return {.kind = "GitRepository", .namespace_ = key.ns, .name = key.name}; }
SourceKey SourceOf(const Key& key) { return {.kind = "GitRepository", .ns = key.ns, .name = key.name}; }

/// The commit in `main@sha1:…` or `sha1:…`; "" for any other form.
std::string CommitOf(std::string_view revision) {
  const std::size_t at = revision.rfind('@');
  std::string_view digest = at == std::string_view::npos ? revision : revision.substr(at + 1);
  return digest.starts_with("sha1:") ? std::string(digest.substr(5)) : std::string();
}

sources::Reference ReferenceOf(const Spec& spec) {
  return {.branch = spec.branch, .tag = spec.tag, .semver = spec.semver, .name = spec.name, .commit = spec.commit};
}

std::optional<std::string> IgnoreOf(const Spec& spec) { return spec.ignore.empty() ? std::nullopt : std::optional(spec.ignore); }

/// Whether somebody asked for this look, and has had no answer yet.
bool IsRequested(const Value& object) {
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  return !requested.empty() && requested != object.StringAt({"status", "lastHandledReconcileAt"});
}

struct Tree {
  std::shared_ptr<const base::Files> files;
  Artifact artifact;
};

/// An earlier process's artifact, if its file and its commit are both still here. Blocking.
Result<Tree> RestoreTree(const Repository& repository, const sources::ArtifactStore& artifacts, Artifact artifact, const Spec& spec) {
  TRY(artifacts.Verify(artifact.path, artifact.digest));
  TRY(std::shared_ptr<const base::Files> whole, repository.OpenTree(CommitOf(artifact.revision)));
  Tree tree;
  TRY(tree.files, sources::WithoutIgnored(std::move(whole), IgnoreOf(spec)));
  artifact.url = artifacts.UrlOf(artifact.path);
  tree.artifact = std::move(artifact);
  return tree;
}

struct Job {
  std::shared_ptr<Repository> repository;
  const sources::ArtifactStore* artifacts;
  sources::Resolution resolution;
  sources::Credentials credentials;
  sources::GitCall call;
  Key key;
  Spec spec;
  std::optional<Artifact> previous;
  base::TimePoint now;
};

struct Made {
  Tree tree;
  Stored stored;
  bool storage_failed = false;  ///< `error` tells of the disk, not of the remote
  std::optional<Error> error;
};

/// Packs the commit unless the artifact that is there is of this commit and these rules, then removes what is too old. Blocking.
Result<void> Pack(const Job& job, const base::Files& files, Made& made) {
  const bool same =
      job.previous && job.previous->revision == job.resolution.revision && job.artifacts->Verify(job.previous->path, job.previous->digest);
  if (same) {
    made.tree.artifact = *job.previous;
    made.tree.artifact.url = job.artifacts->UrlOf(job.previous->path);
  } else {
    TRY(made.tree.artifact, job.artifacts->Store(OwnerOf(job.key), job.resolution.commit, job.resolution.revision, files, job.now));
  }
  TRY(const std::vector<std::string> removed, job.artifacts->GarbageCollect(OwnerOf(job.key), made.tree.artifact.path, job.now));
  made.stored = Stored{.artifact = made.tree.artifact, .collected = removed.size()};
  return {};
}

Result<Made> FetchAndPack(Job job, std::stop_token stop) {
  Made made;
  job.call.stop = std::move(stop);
  TRY(job.repository->Fetch(job.resolution, job.credentials, job.call));
  TRY(std::shared_ptr<const base::Files> whole, job.repository->OpenTree(job.resolution.commit));
  TRY(made.tree.files, sources::WithoutIgnored(std::move(whole), IgnoreOf(job.spec)));
  auto packed = Pack(job, *made.tree.files, made);
  if (!packed) {
    made.storage_failed = true;
    made.error = std::move(packed).error();
    return made;
  }
  if (const auto commit = job.repository->ReadCommit(job.resolution.commit)) made.stored.commit_title = Title(commit->message);
  return made;
}

Result<std::map<std::string, std::string>> DecodeSecret(const Value& secret) {
  std::map<std::string, std::string> out;
  const Value* data = secret.Find("data");
  if (data == nullptr) return out;
  for (const document::Member& member : data->members()) {
    TRY(out[member.key], base::Base64Decode(member.value.AsString().value_or("")));
  }
  return out;
}

}  // namespace

Reconciler::Reconciler(Parts parts) : parts_(parts), writer_(parts.services.client, parts.store, std::string(kManager)) {}

base::Duration Reconciler::NextLook(const Spec& spec) {
  return parts_.services.random.Jitter(spec.interval, parts_.services.interval_jitter);
}

net::Task<Outcome> Reconciler::Reconcile(Key key, Triggers) {
  SharedObject object = parts_.store.Get(key);
  if (!object) {
    parts_.registry.Remove(SourceOf(key));
    memory_.erase(key);
    co_return Outcome{};
  }
  if (IsDeleting(*object)) {
    net::Task<Outcome> task = Finalize(object);
    co_return co_await std::move(task);
  }
  Result<Spec> spec = ParseSpec(*object);
  if (spec && spec->suspend) co_return Outcome{};
  if (!HasFinalizer(*object)) {
    net::Task<Result<SharedObject>> task = writer_.SetFinalizer(object, true);
    Result<SharedObject> marked = co_await std::move(task);
    if (!marked) co_return Outcome{.again_in = {}, .back_off = true};
    object = std::move(marked).value();
  }
  net::Task<Outcome> task =
      spec ? Look(object, *spec)
           : Stall(object, spec.error().reason == base::Reason::Unsupported ? "FeatureGateDisabled" : "Failed", spec.error().message);
  co_return co_await std::move(task);
}

net::Task<Result<sources::Credentials>> Reconciler::ReadCredentials(const std::string& ns, const Spec& spec, const sources::GitUrl& url) {
  if (spec.secret_name.empty()) co_return sources::AnonymousCredentials(url);
  const kube::ObjectRef ref{.gvk = {"", "v1", "Secret"}, .ns = ns, .name = spec.secret_name};
  net::Task<Result<Value>> call = parts_.services.client.Get(ref);
  Result<Value> secret = co_await std::move(call);
  if (!secret) {
    Error error = std::move(secret).error();
    if (error.reason == base::Reason::NotFound) error.reason = base::Reason::Unauthorized;
    co_return std::move(error).Wrap("spec.secretRef: secret '" + ns + "/" + spec.secret_name + "'");
  }
  CO_TRY(const auto data, DecodeSecret(*secret));
  co_return sources::CredentialsFromSecret(url, data);
}

net::Task<void> Reconciler::Restore(SharedObject object, Spec spec, std::shared_ptr<Repository> repository) {
  const std::optional<Artifact> artifact = ArtifactOf(*object);
  if (!artifact || object->StringAt({"status", "observedIgnore"}) != spec.ignore) co_return;
  const sources::ArtifactStore* artifacts = &parts_.artifacts;
  auto work = [repository, artifacts, artifact = *artifact, spec] { return RestoreTree(*repository, *artifacts, artifact, spec); };
  net::Task<Result<Tree>> task = parts_.services.workers.Run(std::move(work));
  Result<Tree> tree = co_await std::move(task);
  if (tree) Register(*object, spec, tree->artifact, tree->files);
}

void Reconciler::Register(const Value& object, const Spec& spec, const Artifact& artifact, std::shared_ptr<const base::Files> files) {
  const Key key = KeyOf(object);
  Memory& memory = memory_[key];
  memory.url = spec.url;
  memory.ignore = spec.ignore;
  const auto origin = artifact.metadata.find("org.opencontainers.image.revision");
  parts_.registry.Put(SourceOf(key), SourceArtifact{.revision = artifact.revision,
                                                    .origin_revision = origin == artifact.metadata.end() ? "" : origin->second,
                                                    .digest = artifact.digest,
                                                    .files = std::move(files),
                                                    .url = artifact.url,
                                                    .path = artifact.path});
}

net::Task<Outcome> Reconciler::Look(SharedObject object, Spec spec) {
  const Key key = KeyOf(*object);
  const Result<sources::GitUrl> url = sources::ParseGitUrl(spec.url);
  if (!url) {
    net::Task<Outcome> task = Stall(object, "URLInvalid", url.error().message);
    co_return co_await std::move(task);
  }
  std::shared_ptr<Repository> repository = parts_.cache.Open(*url);
  if (!std::exchange(memory_[key].restored, true)) {
    net::Task<void> task = Restore(object, spec, repository);
    co_await std::move(task);
  }
  net::Task<Result<sources::Credentials>> reading = ReadCredentials(key.ns, spec, *url);
  Result<sources::Credentials> credentials = co_await std::move(reading);
  if (!credentials) {
    Failure failure{"FetchFailed", std::string(sources::FetchFailedReason(credentials.error())), credentials.error()};
    net::Task<Outcome> task = Fail(object, spec, std::move(failure));
    co_return co_await std::move(task);
  }
  const sources::GitCall call{.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(spec.timeout)};
  auto look = [repository, reference = ReferenceOf(spec), credentials = *credentials, call = call](std::stop_token stop) mutable {
    call.stop = std::move(stop);
    return repository->Resolve(reference, credentials, call);
  };
  net::Task<Result<sources::Resolution>> resolving = parts_.services.workers.Run(std::move(look));
  Result<sources::Resolution> resolution = co_await std::move(resolving);
  if (!resolution) {
    Failure failure{"FetchFailed", std::string(sources::FetchFailedReason(resolution.error())), resolution.error()};
    net::Task<Outcome> task = Fail(object, spec, std::move(failure));
    co_return co_await std::move(task);
  }
  const std::shared_ptr<const SourceArtifact> held = parts_.registry.Find(SourceOf(key));
  const Memory& memory = memory_[key];
  const std::optional<Artifact> previous = ArtifactOf(*object);
  if (held && previous && held->revision == resolution->revision && previous->revision == held->revision && memory.url == spec.url &&
      memory.ignore == spec.ignore) {
    Artifact same = *previous;
    same.url = parts_.artifacts.UrlOf(same.path);
    if (IsRequested(*object)) {  // Flux says so after every look; an event a minute and source is a write that tells nobody anything
      parts_.events.Record(MakeEvent(*object, kube::EventType::Normal, "GitOperationSucceeded",
                                     "no changes since last reconciliation: observed revision '" + same.revision + "'", {}));
    }
    net::Task<Outcome> task = Succeed(object, spec, std::move(same));
    co_return co_await std::move(task);
  }
  Job job{.repository = repository,
          .artifacts = &parts_.artifacts,
          .resolution = *resolution,
          .credentials = *credentials,
          .call = call,
          .key = key,
          .spec = spec,
          .previous = object->StringAt({"status", "observedIgnore"}) == spec.ignore ? previous : std::nullopt,
          .now = parts_.services.clock.Now()};
  auto work = [job = std::move(job)](std::stop_token stop) { return FetchAndPack(job, std::move(stop)); };
  net::Task<Result<Made>> making = parts_.services.workers.Run(std::move(work));
  Result<Made> made = co_await std::move(making);
  if (!made || made->error) {
    const Error& error = made ? *made->error : made.error();
    Failure failure{"FetchFailed", std::string(sources::FetchFailedReason(error)), error};
    if (made) failure = Failure{"StorageOperationFailed", "ArchiveOperationFailed", error};
    net::Task<Outcome> task = Fail(object, spec, std::move(failure));
    co_return co_await std::move(task);
  }
  const bool fresh = !previous || previous->digest != made->tree.artifact.digest;
  Register(*object, spec, made->tree.artifact, made->tree.files);  // who waits for it begins while the status is written
  if (fresh) Announce(*object, made->stored);
  net::Task<Outcome> task = Succeed(object, spec, made->tree.artifact);
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Succeed(SharedObject object, Spec spec, Artifact artifact) {
  Value status = StatusAfterSuccess(*object, spec, artifact, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> task = writer_.Write(object, std::move(status));
  const Result<SharedObject> written = co_await std::move(task);
  if (!written) co_return Outcome{.again_in = {}, .back_off = true};
  co_return Outcome{.again_in = NextLook(spec), .back_off = false};
}

void Reconciler::Announce(const Value& object, const Stored& stored) {
  const std::string message = stored.commit_title.empty() ? "stored artifact for revision '" + stored.artifact.revision + "'"
                                                          : "stored artifact for commit '" + stored.commit_title + "'";
  parts_.events.Record(MakeEvent(object, kube::EventType::Normal, "NewArtifact", message,
                                 {{"revision", stored.artifact.revision}, {"digest", stored.artifact.digest}}));
  parts_.services.log.Info("artifact stored", {{"controller", "gitrepository"},
                                               {"namespace", document::NamespaceOf(object)},
                                               {"name", document::NameOf(object)},
                                               {"revision", stored.artifact.revision},
                                               {"sizeBytes", static_cast<std::int64_t>(stored.artifact.size)}});
}

net::Task<Outcome> Reconciler::Fail(SharedObject object, Spec, Failure failure) {
  if (failure.error.reason == base::Reason::Canceled) co_return Outcome{.again_in = {}, .back_off = true};
  parts_.services.log.Error(
      "source not fetched", failure.error.message,
      {{"controller", "gitrepository"}, {"namespace", document::NamespaceOf(*object)}, {"name", document::NameOf(*object)}});
  parts_.events.Record(MakeEvent(*object, kube::EventType::Warning, failure.reason, failure.error.message, {}));
  Value status = StatusAfterFailure(*object, failure.type, failure.reason, failure.error.message, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> task = writer_.Write(object, std::move(status));
  const Result<SharedObject> written = co_await std::move(task);
  (void)written;  // tried again with the next look in any case
  co_return Outcome{.again_in = {}, .back_off = true};
}

net::Task<Outcome> Reconciler::Stall(SharedObject object, std::string reason, std::string message) {
  Value status = StatusStalled(*object, reason, message, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> task = writer_.Write(object, std::move(status));
  const Result<SharedObject> written = co_await std::move(task);
  if (written && *written != object) parts_.events.Record(MakeEvent(*object, kube::EventType::Warning, reason, message, {}));
  co_return Outcome{.again_in = {}, .back_off = !written};
}

net::Task<Outcome> Reconciler::Finalize(SharedObject object) {
  const Key key = KeyOf(*object);
  parts_.registry.Remove(SourceOf(key));
  memory_.erase(key);
  if (!HasFinalizer(*object)) co_return Outcome{};
  const sources::ArtifactStore* artifacts = &parts_.artifacts;
  auto work = [artifacts, key] { return artifacts->RemoveAll(OwnerOf(key)); };
  net::Task<Result<std::size_t>> removing = parts_.services.workers.Run(std::move(work));
  const Result<std::size_t> removed = co_await std::move(removing);
  if (!removed) co_return Outcome{.again_in = {}, .back_off = true};
  parts_.events.Record(
      MakeEvent(*object, kube::EventType::Normal, "GarbageCollectionSucceeded", "garbage collected artifacts for deleted resource", {}));
  net::Task<Result<SharedObject>> releasing = writer_.SetFinalizer(object, false);
  const Result<SharedObject> released = co_await std::move(releasing);
  co_return Outcome{.again_in = {}, .back_off = !released && released.error().reason != base::Reason::NotFound};
}

}  // namespace sluice::controller::git_repository
