#include "controller/helm_chart/repository.h"

#include "net/await.h"
#include "sources/helm/oci_charts.h"
#include "sources/oci/signatures.h"

namespace sluice::controller::helm_chart {
namespace {

using base::Error;
using base::Invalid;
using base::Result;
using sources::helm_repository::HttpRepository;
using sources::helm_repository::Index;
using sources::helm_repository::ReadIndexResult;
namespace oci = sources::oci;

/// What our own JSON of an index may have beyond the text that it was made of.
constexpr std::size_t kJsonFactor = 4;

Built<ChartVersion> Failed(Step step, Error error) { return {.value = {}, .error = BuildError{step, std::move(error)}}; }

/// The index from what was downloaded or stored.
struct Loaded {
  std::string text;
  std::shared_ptr<const Index> index;
};

net::Task<Result<void>> Parse(net::WorkerPool& workers, std::shared_ptr<Loaded> loaded, std::size_t max_bytes) {
  auto job = [loaded, max_bytes]() -> Result<void> {
    TRY(ReadIndexResult read, sources::helm_repository::ReadIndex(loaded->text, {.max_bytes = max_bytes}));
    loaded->index = std::make_shared<const Index>(std::move(read.index));
    loaded->text = std::string();
    return {};
  };
  net::Task<Result<void>> working = workers.Run(std::move(job));
  co_return co_await std::move(working);
}

}  // namespace

ChartRepository::ChartRepository(Parts parts, helm_repository::Spec spec, helm_repository::Access access, std::optional<StoredIndex> index)
    : parts_(std::move(parts)), spec_(std::move(spec)), access_(std::move(access)), stored_(std::move(index)) {}

ChartRepository::~ChartRepository() = default;

std::string ChartRepository::OciUrl(const std::string& name) const {
  return sources::helm_repository::NormalizeUrl(spec_.url).value_or(spec_.url) + "/" + name;
}

Result<oci::Client*> ChartRepository::ClientFor(const std::string& name) {
  std::unique_ptr<oci::Client>& client = clients_[name];
  if (!client) {
    TRY(client, helm_repository::OpenOci(parts_.io, spec_, access_, name, parts_.limits));
  }
  return client.get();
}

net::Task<Result<void>> ChartRepository::LoadIndex() {
  if (index_) co_return Result<void>();
  if (!http_) http_ = helm_repository::OpenHttp(parts_.io, spec_, access_, parts_.limits);
  auto loaded = std::make_shared<Loaded>();
  std::size_t max_bytes = parts_.limits.max_index_bytes;
  std::string key;
  if (stored_) {
    key = stored_->artifact.path + " " + stored_->artifact.digest;
    index_ = parts_.indexes.Find(key, stored_->repository);
    if (index_) co_return Result<void>();
    const sources::ArtifactStore* store = &parts_.artifacts;
    auto read = [store, artifact = stored_->artifact] { return store->Read(artifact); };
    net::Task<Result<std::string>> reading = parts_.services.workers.Run(std::move(read));
    Result<std::string> text = co_await std::move(reading);
    if (!text) co_return std::move(text).error().Wrap("failed to load index");
    loaded->text = *std::move(text);
    max_bytes *= kJsonFactor;
  } else {
    net::Task<Result<HttpRepository::Download>> downloading = http_->DownloadIndex();
    Result<HttpRepository::Download> download = co_await std::move(downloading);
    if (!download) co_return std::move(download).error().Wrap("failed to cache index: failed to cache index to temporary file");
    loaded->text = std::move(download->bytes);
  }
  net::Task<Result<void>> parsing = Parse(parts_.services.workers, loaded, max_bytes);
  Result<void> parsed = co_await std::move(parsing);
  if (!parsed) co_return std::move(parsed).error().Wrap("failed to load index: failed to load index");
  index_ = loaded->index;
  if (!key.empty()) parts_.indexes.Put(key, index_);
  co_return Result<void>();
}

net::Task<Built<ChartVersion>> ChartRepository::Find(std::string name, std::string wanted) {
  if (spec_.url.starts_with("oci://")) {
    net::Task<Built<ChartVersion>> finding = FindTag(std::move(name), std::move(wanted));
    co_return co_await std::move(finding);
  }
  net::Task<Result<void>> loading = LoadIndex();
  const Result<void> loaded = co_await std::move(loading);
  if (!loaded) co_return Failed(Step::Pull, loaded.error());
  auto found = sources::helm_repository::FindVersion(*index_, name, wanted);
  if (!found) co_return Failed(Step::InvalidReference, found.error());
  co_return Built<ChartVersion>{.value = *std::move(found)};
}

net::Task<Built<ChartVersion>> ChartRepository::FindTag(std::string name, std::string wanted) {
  ChartVersion version{.name = name, .version = wanted};
  if (!sources::helm_repository::IsVersion(wanted)) {
    const Result<oci::Client*> client = ClientFor(name);
    if (!client) co_return Failed(Step::Pull, client.error());
    net::Task<Result<std::vector<std::string>>> listing = sources::helm_repository::ListVersions(**client);
    const Result<std::vector<std::string>> versions = co_await std::move(listing);
    const std::string what = "could not get tags for \"" + name + "\": ", url = OciUrl(name);
    if (!versions) {
      Error error = versions.error();
      error.message = what + "could not fetch tags for \"" + url + "\": " + error.message;
      co_return Failed(Step::Pull, std::move(error));
    }
    if (versions->empty()) co_return Failed(Step::Pull, base::NotFound(what + "unable to locate any tags in provided repository: " + url));
    Result<std::string> found = sources::helm_repository::FindVersion(*versions, wanted);
    if (!found) co_return Failed(Step::Pull, found.error());
    version.version = *std::move(found);
  }
  version.url = OciUrl(name) + ":" + version.version;
  co_return Built<ChartVersion>{.value = std::move(version)};
}

net::Task<Result<std::string>> ChartRepository::Download(ChartVersion version) {
  if (version.url.empty()) co_return Invalid("chart '" + version.name + "' has no downloadable URLs");
  if (!spec_.url.starts_with("oci://")) {
    if (!http_) http_ = helm_repository::OpenHttp(parts_.io, spec_, access_, parts_.limits);
    net::Task<Result<std::string>> downloading = http_->DownloadChart(version.url, version.digest);
    co_return co_await std::move(downloading);
  }
  CO_TRY(oci::Client * client, ClientFor(version.name));
  std::string reference = version.digest.empty() ? sources::helm_repository::TagOf(version.version) : version.digest;
  net::Task<Result<std::string>> pulling =
      sources::helm_repository::PullChart(*client, std::move(reference), parts_.limits.max_chart_bytes);
  Result<std::string> pulled = co_await std::move(pulling);
  if (!pulled) co_return std::move(pulled).error().Wrap("failed to get '" + version.url + "'");
  co_return pulled;
}

net::Task<Result<std::string>> ChartRepository::Verify(ChartVersion version, std::vector<std::string> keys) {
  if (!spec_.url.starts_with("oci://")) co_return Invalid("not implemented");  // Flux's word for it
  const std::string what = "failed to verify " + version.url;
  CO_TRY(oci::Client * client, ClientFor(version.name));
  net::Task<Result<std::string>> resolving = client->Resolve(sources::helm_repository::TagOf(version.version));
  Result<std::string> digest = co_await std::move(resolving);
  if (!digest) co_return std::move(digest).error().Wrap(what);
  net::Task<Result<oci::SignatureCheck>> checking = oci::CheckSignatures(*client, *digest, std::move(keys));
  Result<oci::SignatureCheck> check = co_await std::move(checking);
  if (!check) co_return std::move(check).error().Wrap(what);
  if (!check->good) co_return Invalid(what + (check->seen == 0 ? ": no signatures found" : ": no matching signatures" + check->left_out));
  co_return digest;
}

}  // namespace sluice::controller::helm_chart
