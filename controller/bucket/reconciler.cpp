// One look, from the credentials to the packed tree. How it ends is in reconciler_end.cpp.
#include "controller/bucket/reconciler.h"

#include "base/files.h"
#include "controller/artifact_value.h"
#include "controller/gather.h"
#include "controller/object_events.h"
#include "controller/progress.h"
#include "controller/source_steps.h"
#include "net/await.h"
#include "sources/artifact/unpack.h"

namespace sluice::controller::bucket {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;
namespace s3 = sources::bucket;

constexpr std::string_view kManager = "source-controller";
constexpr std::string_view kIgnoreFile = ".sourceignore";
constexpr std::size_t kConcurrentFetches = 16;

/// The credentials in a secret. Invalid, in Flux's words.
Result<s3::Credentials> CredentialsFrom(const SecretData& data, const std::string& name) {
  const auto access = data.find("accesskey"), secret = data.find("secretkey");
  if (access == data.end() || secret == data.end())
    return base::Invalid("invalid '" + name + "' secret data: required fields 'accesskey' and 'secretkey'");
  if (access->second.empty() || secret->second.empty()) return s3::Credentials{};
  return s3::Credentials{.access_key = access->second, .secret_key = secret->second};
}

/// Invalid: a key that is no path inside of a tree.
Result<void> CheckKey(const std::string& key) {
  const std::optional<std::string> path = base::NormalizePath(key);
  if (!path || *path != key || key.find('\\') != std::string::npos)
    return base::Invalid("object '" + key + "': its key is no path of a file");
  return {};
}

/// The objects as files; their keys were checked. Invalid: one that is below another.
Result<std::shared_ptr<const base::Files>> TreeOf(std::map<std::string, std::string> objects) {
  for (const auto& entry : objects) {
    for (std::string_view parent = base::DirName(entry.first); parent != "."; parent = base::DirName(parent)) {
      if (objects.contains(std::string(parent)))
        return base::Invalid("object '" + std::string(parent) + "': object '" + entry.first + "' is below it, so it cannot be a file");
    }
  }
  return std::shared_ptr<const base::Files>(base::MemoryFiles(std::move(objects)));
}

}  // namespace

Reconciler::Reconciler(Parts parts, BucketLimits limits)
    : parts_(std::move(parts)), limits_(limits), writer_(parts_.services.client, parts_.store, std::string(kManager)) {}

Reconciler::Trouble Reconciler::FetchFailed(std::string_view reason, const Error& error, std::string_view what) {
  Trouble trouble{.failure = {.type = "FetchFailed", .reason = std::string(reason), .message = std::string(what) + error.message}};
  trouble.canceled = error.reason == base::Reason::Canceled;
  if (error.retry_after) trouble.again = *error.retry_after;
  return trouble;
}

net::Task<Outcome> Reconciler::Reconcile(Key key, Triggers) {
  SharedObject object = parts_.store.Get(key);
  if (!object) co_return Outcome{};
  if (IsDeleting(*object)) {
    net::Task<Outcome> task = FinalizeSource(parts_.services, parts_.artifacts, parts_.events, writer_, object);
    co_return co_await std::move(task);
  }
  if (IsSuspended(*object)) {
    net::Task<Outcome> task = EndSuspended(parts_.services, writer_, object, "Bucket");
    co_return co_await std::move(task);
  }
  net::Task<SharedObject> marking = Mark(writer_, object);
  object = co_await std::move(marking);
  if (!object) co_return Outcome{.again_in = {}, .back_off = true};
  Result<Spec> spec = ParseSpec(*object);
  if (!spec) {
    const bool unsupported = spec.error().reason == base::Reason::Unsupported;
    Trouble trouble{
        .failure = {.type = "FetchFailed", .reason = unsupported ? "FeatureGateDisabled" : "Failed", .message = spec.error().message},
        .stalled = true};
    net::Task<Outcome> task = Fail(object, std::move(trouble));
    co_return co_await std::move(task);
  }
  auto run = std::make_shared<Run>();
  run->key = key;
  run->object = object;
  run->spec = std::move(*spec);
  net::Task<Outcome> task = Look(run);
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Look(std::shared_ptr<Run> run) {
  net::Task<Recorded> finding_recorded = FindRecorded(parts_.services, parts_.artifacts, run->object);
  Recorded recorded = co_await std::move(finding_recorded);
  run->previous = std::move(recorded.artifact);
  net::Task<std::optional<Trouble>> preparing = Prepare(run);
  std::optional<Trouble> trouble = co_await std::move(preparing);
  if (!trouble) {
    net::Task<std::optional<Trouble>> listing =
        Reporting(parts_.services, writer_, ObjectOf(run), ProgressOfLook(*run->object), ListObjects(run));
    trouble = co_await std::move(listing);
  }
  const bool fresh = !trouble && (!run->previous || run->previous->revision != RevisionOf(run->index));
  sources::Artifact artifact;
  if (fresh) {
    Progress progress{.message = "building artifact: new upstream revision '" + RevisionOf(run->index) + "'", .drift = true};
    net::Task<std::optional<Trouble>> fetching = Reporting(parts_.services, writer_, ObjectOf(run), std::move(progress), Fetch(run));
    trouble = co_await std::move(fetching);
    if (!trouble) {
      net::Task<std::optional<Trouble>> packing = Pack(run, artifact);
      trouble = co_await std::move(packing);
    }
  } else if (!trouble) {
    artifact = *run->previous;
    artifact.url = parts_.artifacts.UrlOf(artifact.path);
  }
  if (trouble) {
    net::Task<Outcome> task = Fail(run->object, std::move(*trouble));
    co_return co_await std::move(task);
  }
  net::Task<Outcome> task = Succeed(run, std::move(artifact), fresh);
  co_return co_await std::move(task);
}

/// Where the bucket is, who we are to it, and how it is reached.
net::Task<std::optional<Reconciler::Trouble>> Reconciler::Prepare(std::shared_ptr<Run> run) {
  const Spec& spec = run->spec;
  const std::string ns = run->key.ns;
  s3::ClientOptions options{.region = spec.region,
                            .insecure = spec.insecure,
                            .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(spec.timeout),
                            .max_objects = limits_.max_objects,
                            .max_object_bytes = limits_.max_bytes,
                            .max_header_bytes = parts_.services.limits.registry.answers.max_header_bytes};
  if (!spec.secret_name.empty()) {
    net::Task<Result<SecretData>> reading = ReadSecretFor(HostOf(spec.endpoint), parts_.services.client, ns, spec.secret_name);
    const Result<SecretData> data = co_await std::move(reading);
    if (!data) co_return FetchFailed("AuthenticationFailed", data.error(), "");
    Result<s3::Credentials> credentials = CredentialsFrom(*data, spec.secret_name);
    if (!credentials) co_return FetchFailed("AuthenticationFailed", credentials.error(), "");
    options.credentials = std::move(*credentials);
  }
  if (!spec.proxy_secret.empty()) {
    net::Task<Result<SecretData>> reading = ReadSecretData(parts_.services.client, ns, spec.proxy_secret);
    const Result<SecretData> data = co_await std::move(reading);
    if (!data) co_return FetchFailed("AuthenticationFailed", data.error(), "");
    Result<std::string> proxy = ProxyUrlFrom(*data);
    if (!proxy)
      co_return FetchFailed("AuthenticationFailed", proxy.error(), "invalid proxy secret '" + ns + "/" + spec.proxy_secret + "': ");
    options.proxy = std::move(*proxy);
  }
  if (!spec.cert_secret.empty()) {
    net::Task<Result<SecretData>> reading = ReadSecretFor(HostOf(spec.endpoint), parts_.services.client, ns, spec.cert_secret);
    const Result<SecretData> data = co_await std::move(reading);
    if (!data) co_return FetchFailed("AuthenticationFailed", data.error(), "");
    Result<net::TlsOptions> tls = TlsOptionsFrom(*data);
    const std::string what = "failed to create TLS config: secret '" + ns + "/" + spec.cert_secret + "': ";
    if (!tls) co_return FetchFailed("AuthenticationFailed", tls.error(), what);
    options.tls = std::move(*tls);
  }
  Result<std::string> url = s3::BucketUrl(spec.endpoint, spec.bucket_name, spec.insecure);
  if (!url) co_return FetchFailed("ClientError", url.error(), "");
  run->client = std::make_unique<s3::Client>(parts_.io, parts_.services.clock, std::move(*url), std::move(options));
  co_return std::nullopt;
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::ListObjects(std::shared_ptr<Run> run) {
  const std::string& name = run->spec.bucket_name;
  constexpr std::string_view kFailed = "BucketOperationFailed";
  net::Task<Result<bool>> looking = run->client->Exists();
  const Result<bool> exists = co_await std::move(looking);
  if (!exists) co_return FetchFailed(kFailed, exists.error(), "failed to confirm existence of '" + name + "' bucket: ");
  if (!*exists) co_return FetchFailed(kFailed, base::NotFound("bucket '" + name + "' not found"), "");
  net::Task<Result<void>> filling = FillIndex(run);
  const Result<void> filled = co_await std::move(filling);
  if (!filled) co_return FetchFailed(kFailed, filled.error(), "");
  co_return std::nullopt;
}

/// The objects that are neither directories nor ignored. The ignore rules are those of the bucket's root, then the spec's.
net::Task<Result<void>> Reconciler::FillIndex(std::shared_ptr<Run> run) {
  const std::string& name = run->spec.bucket_name;
  std::string patterns, ignore_file(kIgnoreFile);
  net::Task<Result<s3::Client::Object>> reading = run->client->Read(ignore_file);
  Result<s3::Client::Object> rules = co_await std::move(reading);
  if (rules) {
    patterns = rules->bytes + "\n";
    run->files[ignore_file] = std::move(rules->bytes);
  } else if (rules.error().reason != base::Reason::NotFound) {
    co_return rules.error().Wrap("failed to get Etag for '" + ignore_file + "' object");
  }
  const base::IgnoreMatcher matcher = base::IgnoreMatcher::FromText(patterns + run->spec.ignore.value_or(""));
  net::Task<Result<std::vector<s3::Item>>> listing = run->client->List(run->spec.prefix);
  const Result<std::vector<s3::Item>> items = co_await std::move(listing);
  if (!items) {
    co_return items.error().Wrap("indexation of objects from bucket '" + name + "' failed: listing objects from bucket '" + name +
                                 "' failed");
  }
  for (const s3::Item& item : *items) {
    if (item.key.ends_with('/') || item.key == kIgnoreFile || matcher.Ignored(item.key, false)) continue;
    CO_TRY(CheckKey(item.key));
    run->index[item.key] = item.etag;
    run->listed_bytes += item.size;
  }
  if (run->listed_bytes > limits_.max_bytes) {
    co_return base::MakeError(base::Reason::TooLarge, "the objects of bucket '" + name + "' hold " + std::to_string(run->listed_bytes) +
                                                          " bytes, more than the " + std::to_string(limits_.max_bytes) +
                                                          " of --artifact-max-bytes; name a prefix or ignore some");
  }
  co_return Result<void>();
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::Fetch(std::shared_ptr<Run> run) {
  std::vector<std::string> keys;
  for (const auto& [key, etag] : run->index) keys.push_back(key);
  auto failure = std::make_shared<std::optional<Error>>();
  auto bytes = std::make_shared<std::uint64_t>(0);
  auto each = [this, run, failure, bytes, &keys](std::size_t at) -> net::Task<void> {
    if (*failure) co_return;
    const std::string key = keys[at];
    net::Task<Result<s3::Client::Object>> reading = run->client->Read(key);
    Result<s3::Client::Object> object = co_await std::move(reading);
    if (!object && object.error().reason == base::Reason::NotFound) {
      LogOf(parts_.services, *run->object)
          .Info("indexed object disappeared from the bucket", {{"key", key}, {"bucket", run->spec.bucket_name}});
      run->index.erase(key);
    } else if (!object) {
      if (!*failure) *failure = object.error().Wrap("failed to get '" + key + "' object");
    } else if (*bytes += object->bytes.size(); *bytes > limits_.max_bytes) {  // a listing may say less than there is
      *failure = base::MakeError(base::Reason::TooLarge, "its objects hold more than " + std::to_string(limits_.max_bytes) + " bytes");
    } else {
      run->index[key] = object->etag;
      run->files[key] = std::move(object->bytes);
    }
  };
  std::function<net::Task<void>(std::size_t)> fetch = each;
  net::Task<Result<void>> fetching = ForEach(parts_.io, keys.size(), kConcurrentFetches, std::move(fetch));
  const Result<void> done = co_await std::move(fetching);
  const std::string what = "fetch from bucket '" + run->spec.bucket_name + "' failed: ";
  if (!done) co_return FetchFailed("BucketOperationFailed", done.error(), what);
  if (*failure) co_return FetchFailed("BucketOperationFailed", **failure, what);
  co_return std::nullopt;
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::Pack(std::shared_ptr<Run> run, sources::Artifact& artifact) {
  struct Packed {
    std::optional<base::Error> unusable;  ///< what the bucket holds is no tree; then nothing else is here
    std::shared_ptr<const base::Files> files;
    sources::Artifact artifact;
  };
  const sources::ArtifactStore* store = &parts_.artifacts;
  const base::TimePoint now = parts_.services.clock.Now();
  const std::string revision = RevisionOf(run->index);
  std::size_t held = 0;
  for (const auto& [key, bytes] : run->files) held += bytes.size();
  auto work = [run, store, now, revision](std::stop_token stop) -> Result<Packed> {
    const sources::ArtifactOwner owner{.kind = "Bucket", .namespace_ = run->key.ns, .name = run->key.name};
    Packed packed;
    auto tree = TreeOf(std::move(run->files));
    if (!tree) {
      packed.unusable = std::move(tree).error();
      return packed;
    }
    packed.files = *std::move(tree);
    TRY(const sources::NamedLocks::Lock lock, store->Lock(owner, stop));
    TRY(packed.artifact, store->Store(owner, revision.substr(revision.find(':') + 1), revision, *packed.files, now));
    TRY(store->GarbageCollect(owner, packed.artifact.path, now));
    return packed;
  };
  net::Task<Result<Packed>> packing = parts_.services.workers.Run(std::move(work));
  Result<Packed> packed = co_await std::move(packing);
  if (!packed) {
    Trouble trouble = FetchFailed("ArchiveOperationFailed", packed.error(), "unable to archive artifact to storage: ");
    trouble.failure.type = "StorageOperationFailed";
    co_return trouble;
  }
  if (packed->unusable)
    co_return FetchFailed("BucketOperationFailed", *packed->unusable, "fetch from bucket '" + run->spec.bucket_name + "' failed: ");
  artifact = std::move(packed->artifact);
  const SourceArtifact handle{.revision = artifact.revision, .digest = artifact.digest, .url = artifact.url, .path = artifact.path};
  parts_.loader.Keep(handle, packed->files, held);
  co_return std::nullopt;
}

}  // namespace sluice::controller::bucket
