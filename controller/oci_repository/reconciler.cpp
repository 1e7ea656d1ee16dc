// One look, from the credentials to the layer. How it ends is in reconciler_end.cpp.
#include "controller/oci_repository/reconciler.h"

#include "base/digest.h"
#include "controller/artifact_value.h"
#include "controller/object_events.h"
#include "controller/progress.h"
#include "controller/secret_data.h"
#include "controller/source_steps.h"
#include "controller/spec_reader.h"
#include "net/await.h"
#include "sources/artifact/ignored_files.h"
#include "sources/artifact/raw_artifact.h"
#include "sources/artifact/unpack.h"
#include "sources/oci/signatures.h"
#include "sources/oci/tags.h"

namespace sluice::controller::oci_repository {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;
namespace oci = sources::oci;

constexpr std::string_view kManager = "source-controller";
constexpr std::string_view kChartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

}  // namespace

Reconciler::Reconciler(Parts parts) : parts_(std::move(parts)), writer_(parts_.services.client, parts_.store, std::string(kManager)) {}

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
    net::Task<Outcome> task = EndSuspended(parts_.services, writer_, object, "OCIRepository");
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
    net::Task<std::optional<Trouble>> finding =
        Reporting(parts_.services, writer_, ObjectOf(run), ProgressOfLook(*run->object), FindRevision(run));
    trouble = co_await std::move(finding);
  }
  if (!trouble && !run->spec.verify_secret.empty() && MustVerify(*run->object, run->revision)) {
    net::Task<std::optional<Trouble>> verifying = Verify(run);
    trouble = co_await std::move(verifying);
  }
  if (trouble) {
    net::Task<Outcome> task = Fail(run->object, std::move(*trouble));
    co_return co_await std::move(task);
  }
  sources::Artifact artifact;
  const bool fresh = !run->previous || run->previous->revision != run->revision || ContentChanged(*run->object, run->spec);
  if (fresh) {
    Progress progress{.message = "building artifact", .drift = true};
    if (!run->previous || run->previous->revision != run->revision)
      progress.message += ": new revision '" + run->revision + "' for '" + run->spec.url + "'";
    net::Task<std::optional<Trouble>> pulling =
        Reporting(parts_.services, writer_, ObjectOf(run), std::move(progress), Pull(run, artifact));
    if (std::optional<Trouble> failed = co_await std::move(pulling)) {
      net::Task<Outcome> task = Fail(run->object, std::move(*failed));
      co_return co_await std::move(task);
    }
  } else {
    artifact = *run->previous;
    artifact.url = parts_.artifacts.UrlOf(artifact.path);
  }
  net::Task<Outcome> task = Succeed(run, std::move(artifact), fresh);
  co_return co_await std::move(task);
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::ReadLogins(std::shared_ptr<Run> run, oci::DockerConfig& logins) {
  std::vector<std::string> names;
  if (!run->spec.secret_name.empty()) names.push_back(run->spec.secret_name);
  if (!run->spec.service_account.empty()) {
    const kube::ObjectRef ref{.gvk = {"", "v1", "ServiceAccount"}, .ns = run->key.ns, .name = run->spec.service_account};
    net::Task<Result<Value>> reading = parts_.services.client.Get(ref);
    const Result<Value> account = co_await std::move(reading);
    if (!account) {
      co_return FetchFailed(
          "AuthenticationFailed", account.error(),
          "failed to get credential: failed to get service account '" + run->key.ns + "/" + run->spec.service_account + "': ");
    }
    if (const Value* secrets = account->Find("imagePullSecrets")) {
      for (const Value& secret : secrets->items()) names.emplace_back(secret.StringAt({"name"}));
    }
  }
  for (const std::string& name : names) {
    net::Task<Result<Data>> reading = ReadSecretFor(HostOf(run->spec.url), parts_.services.client, run->key.ns, name);
    const Result<Data> data = co_await std::move(reading);
    if (!data) co_return FetchFailed("AuthenticationFailed", data.error(), "failed to get credential: ");
    if (auto added = logins.Add(*data); !added) {
      co_return FetchFailed("AuthenticationFailed", added.error(), "failed to get credential: secret '" + run->key.ns + "/" + name + "': ");
    }
  }
  co_return std::nullopt;
}

/// Where the registry is, who we are to it, and how it is reached.
net::Task<std::optional<Reconciler::Trouble>> Reconciler::Prepare(std::shared_ptr<Run> run) {
  const Spec& spec = run->spec;
  Result<oci::Repository> repository = oci::ParseRepositoryUrl(spec.url);
  if (!repository) {
    Trouble trouble = FetchFailed("URLInvalid", repository.error(), "URL validation failed for '" + spec.url + "': ");
    trouble.stalled = true;
    co_return trouble;
  }
  run->repository = std::move(*repository);
  oci::DockerConfig logins;
  net::Task<std::optional<Trouble>> reading = ReadLogins(run, logins);
  if (std::optional<Trouble> trouble = co_await std::move(reading)) co_return trouble;
  if (!spec.provider.empty() && logins.empty()) {  // with pull secrets the provider does not matter, as in Flux
    const std::string message =
        spec.service_account.empty()
            ? RefusedField("spec.provider \"" + spec.provider + "\"").message
            : "to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity "
              "feature gate in the controller; cloud identities are not supported by this version of Sluice";
    co_return Trouble{.failure = {.type = "FetchFailed", .reason = "FeatureGateDisabled", .message = message}, .stalled = true};
  }
  oci::ClientOptions options{.insecure = spec.insecure,
                             .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(spec.timeout),
                             .limits = parts_.services.limits.registry};
  if (!spec.proxy_secret.empty()) {
    net::Task<Result<Data>> reading_proxy = ReadSecretData(parts_.services.client, run->key.ns, spec.proxy_secret);
    const Result<Data> data = co_await std::move(reading_proxy);
    if (!data) co_return FetchFailed("AuthenticationFailed", data.error(), "failed to get proxy address: ");
    Result<std::string> proxy = ProxyUrlFrom(*data);
    const std::string what = "failed to get proxy address: secret '" + run->key.ns + "/" + spec.proxy_secret + "': ";
    if (!proxy) co_return FetchFailed("AuthenticationFailed", proxy.error(), what);
    options.proxy = std::move(*proxy);
  }
  if (!spec.cert_secret.empty()) {
    const std::string what = "failed to generate transport for '" + spec.url + "': ";
    net::Task<Result<Data>> reading_cert = ReadSecretFor(HostOf(spec.url), parts_.services.client, run->key.ns, spec.cert_secret);
    const Result<Data> data = co_await std::move(reading_cert);
    if (!data) co_return FetchFailed("AuthenticationFailed", data.error(), what);
    Result<net::TlsOptions> tls = TlsOptionsFrom(*data);
    if (!tls) co_return FetchFailed("AuthenticationFailed", tls.error(), what + "secret '" + run->key.ns + "/" + spec.cert_secret + "': ");
    options.tls = std::move(*tls);
  } else if (spec.insecure) {
    options.tls.insecure_skip_verify = true;
  }
  run->client = std::make_unique<oci::Client>(parts_.io, run->repository, std::move(logins), std::move(options));
  co_return std::nullopt;
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::FindRevision(std::shared_ptr<Run> run) {
  const Spec& spec = run->spec;
  std::string reference = spec.digest;
  if (reference.empty() && !spec.semver.empty()) {
    const std::string what = "failed to determine the artifact tag for '" + spec.url + "': ";
    net::Task<Result<std::vector<std::string>>> listing = run->client->ListTags();
    const Result<std::vector<std::string>> tags = co_await std::move(listing);
    if (!tags) co_return FetchFailed("ReadOperationFailed", tags.error(), what);
    Result<std::string> tag = oci::HighestTag(*tags, spec.semver, spec.semver_filter, spec.media_type == kChartLayer);
    if (!tag) co_return FetchFailed("ReadOperationFailed", tag.error(), what);
    reference = std::move(*tag);
  }
  if (reference.empty()) reference = spec.tag.empty() ? "latest" : spec.tag;
  net::Task<Result<std::string>> resolving = run->client->Resolve(reference);
  Result<std::string> digest = co_await std::move(resolving);
  if (!digest) co_return FetchFailed("OCIArtifactPullFailed", digest.error(), "failed to determine artifact digest: ");
  run->digest = std::move(*digest);
  run->revision = spec.digest.empty() ? reference + "@" + run->digest : run->digest;
  co_return std::nullopt;
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::Verify(std::shared_ptr<Run> run) {
  const std::string what = "failed to verify the signature using provider 'cosign': ";
  const auto failed = [&what](const Error& error) {
    Trouble trouble = FetchFailed("VerificationError", error, what);
    trouble.failure.type = "SourceVerified";
    return trouble;
  };
  net::Task<Result<Data>> reading = ReadSecretData(parts_.services.client, run->key.ns, run->spec.verify_secret);
  const Result<Data> data = co_await std::move(reading);
  if (!data) co_return failed(data.error());
  std::vector<std::string> keys;
  for (const auto& [name, key] : *data) {
    if (name.ends_with(".pub")) keys.push_back(key);
  }
  net::Task<Result<oci::SignatureCheck>> checking = oci::CheckSignatures(*run->client, run->digest, std::move(keys));
  const Result<oci::SignatureCheck> check = co_await std::move(checking);
  if (!check) co_return failed(check.error());
  if (!check->good)
    co_return failed(
        base::Invalid("no matching signatures were found for '" + run->repository.ToString() + "@" + run->digest + "'" + check->left_out));
  co_return std::nullopt;
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::Pull(std::shared_ptr<Run> run, sources::Artifact& artifact) {
  const Spec& spec = run->spec;
  constexpr std::string_view kLayerFailed = "OCIArtifactLayerOperationFailed";
  net::Task<Result<oci::Manifest>> reading = run->client->ReadImage(run->digest);
  const Result<oci::Manifest> manifest = co_await std::move(reading);
  if (!manifest) co_return FetchFailed("OCIArtifactPullFailed", manifest.error(), "failed to pull artifact from '" + spec.url + "': ");
  if (manifest->layers.empty()) co_return FetchFailed(kLayerFailed, base::Invalid("no layers found in artifact"), "");
  const oci::Descriptor* layer = nullptr;
  for (const oci::Descriptor& candidate : manifest->layers) {
    if (layer == nullptr && (spec.media_type.empty() || candidate.media_type == spec.media_type)) layer = &candidate;
  }
  if (layer == nullptr)
    co_return FetchFailed(kLayerFailed, base::Invalid("failed to find layer with media type '" + spec.media_type + "' in artifact"), "");
  net::Task<Result<std::string>> downloading = run->client->ReadBlob(*layer);
  Result<std::string> blob = co_await std::move(downloading);
  if (!blob) co_return FetchFailed(kLayerFailed, blob.error(), "failed to extract the first layer from artifact: ");

  struct Packed {
    std::optional<Error> unreadable;  ///< the layer; then nothing else is here
    sources::Artifact artifact;
    std::shared_ptr<const base::Files> files;
  };
  auto bytes = std::make_shared<const std::string>(std::move(*blob));
  const sources::ArtifactStore* store = &parts_.artifacts;
  const base::TimePoint now = parts_.services.clock.Now();
  auto work = [run, bytes, store, directory = parts_.artifact_directory, now](std::stop_token stop) -> Result<Packed> {
    Packed packed;
    const sources::ArtifactOwner owner{.kind = "OCIRepository", .namespace_ = run->key.ns, .name = run->key.name};
    TRY(const sources::NamedLocks::Lock lock, store->Lock(owner, stop));
    if (run->spec.copy) {
      TRY(packed.artifact, sources::StoreRaw(*store, directory, owner, run->digest, run->revision, *bytes, now));
    } else {
      auto files = sources::UnpackArtifact(*bytes, store->limits());
      if (!files) {
        packed.unreadable = std::move(files).error();
        return packed;
      }
      const auto ignore = run->spec.ignore.empty() ? std::nullopt : std::optional(run->spec.ignore);
      TRY(packed.files, sources::WithoutIgnored(std::move(*files), ignore, store->limits()));
      TRY(packed.artifact, store->Store(owner, run->digest, run->revision, *packed.files, now));
    }
    TRY(store->GarbageCollect(owner, packed.artifact.path, now));
    return packed;
  };
  net::Task<Result<Packed>> packing = parts_.services.workers.Run(std::move(work));
  Result<Packed> packed = co_await std::move(packing);
  if (!packed) {
    Trouble trouble = FetchFailed("ArchiveOperationFailed", packed.error(),
                                  spec.copy ? "unable to copy artifact to storage: " : "unable to archive artifact to storage: ");
    trouble.failure.type = "StorageOperationFailed";
    co_return trouble;
  }
  if (packed->unreadable) co_return FetchFailed(kLayerFailed, *packed->unreadable, "failed to extract layer contents from artifact: ");
  artifact = std::move(packed->artifact);
  artifact.metadata = manifest->annotations;
  if (packed->files) {
    const SourceArtifact handle{.revision = artifact.revision, .digest = artifact.digest, .url = artifact.url, .path = artifact.path};
    parts_.loader.Keep(handle, packed->files, bytes->size() * 4);
  }
  co_return std::nullopt;
}

}  // namespace sluice::controller::oci_repository
