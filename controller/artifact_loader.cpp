#include "controller/artifact_loader.h"

#include <algorithm>
#include <filesystem>

#include "net/await.h"
#include "net/url.h"

namespace sluice::controller {
namespace {

using base::Error;
using base::Files;
using base::Reason;
using base::Result;

/// Troubles of artifacts that nobody asks for any more are forgotten beyond so many.
constexpr std::size_t kMaxTroubles = 10'000;

/// An artifact is what its bytes are, from where they are: who may name one may not thereby read another's by its digest alone.
std::string KeyOf(const SourceArtifact& artifact) { return artifact.digest + " " + artifact.url; }

std::uint64_t SizeOf(const Files& files, const std::string& directory) {
  std::uint64_t total = 0;
  const auto entries = files.List(directory);
  if (!entries) return total;
  for (const base::FileInfo& entry : *entries) {
    total += entry.size + entry.name.size() + 64;
    if (entry.type == base::FileType::Directory) total += SizeOf(files, directory == "." ? entry.name : directory + "/" + entry.name);
  }
  return total;
}

bool IsWorthAnotherTry(const net::Response& response) {
  return response.status == 429 || (response.status >= 500 && response.status != 501);
}

bool IsWorthAnotherTry(const Error& error) { return error.reason == Reason::Unavailable || error.reason == Reason::Timeout; }

std::optional<std::chrono::milliseconds> RetryAfter(const net::Response& response) {
  const std::string_view text = net::FindHeader(response.headers, "Retry-After");
  if (text.empty() || text.size() > 4 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return std::chrono::seconds(std::stoi(std::string(text)));
}

/// Removes the mark that a load is under way, however it ends, and lets those go who wait for it.
class UnderWay {
 public:
  UnderWay(std::map<std::string, std::shared_ptr<net::Event>>& all, std::string key) : all_(all), key_(std::move(key)) {
    all_[key_] = std::make_shared<net::Event>(net::Event::Kind::Latch);
  }
  ~UnderWay() {
    const auto at = all_.find(key_);
    at->second->Set();
    all_.erase(at);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  std::map<std::string, std::shared_ptr<net::Event>>& all_;
  const std::string key_;
};

}  // namespace

std::string FetchUrl(const std::string& url, const LoaderOptions& options) {
  const std::string& instead = url.find("//source-watcher") == std::string::npos ? options.localhost : options.watcher_localhost;
  if (instead.empty()) return url;
  const std::size_t begin = url.find("://");
  if (begin == std::string::npos) return url;
  const std::size_t end = std::min(url.find_first_of("/?#", begin + 3), url.size());
  return url.substr(0, begin + 3) + instead + url.substr(end);
}

ArtifactLoader::ArtifactLoader(Parts parts, LoaderOptions options)
    : parts_(parts), options_(std::move(options)), client_(parts.io, {.max_header_bytes = options_.answers.max_header_bytes}) {}

ArtifactLoader::~ArtifactLoader() = default;

std::shared_ptr<const Files> ArtifactLoader::Find(const std::string& key) {
  const auto at = cache_.find(key);
  if (at == cache_.end()) return nullptr;
  order_.splice(order_.begin(), order_, at->second.place);
  return at->second.files;
}

void ArtifactLoader::Put(const std::string& key, Unpacked unpacked) {
  if (unpacked.bytes > options_.cache_bytes || cache_.contains(key)) return;
  order_.push_front(key);
  cached_bytes_ += unpacked.bytes;
  cache_[key] = Cached{.files = std::move(unpacked.files), .bytes = unpacked.bytes, .place = order_.begin()};
  while (cached_bytes_ > options_.cache_bytes) {
    const auto oldest = cache_.find(order_.back());
    cached_bytes_ -= oldest->second.bytes;
    cache_.erase(oldest);
    order_.pop_back();
  }
}

void ArtifactLoader::Keep(const SourceArtifact& artifact, std::shared_ptr<const Files> files, std::uint64_t bytes) {
  Put(KeyOf(artifact), Unpacked{.files = std::move(files), .bytes = bytes});
}

net::Task<ArtifactLoader::Answer> ArtifactLoader::Load(std::shared_ptr<const SourceArtifact> artifact) {
  const std::string key = KeyOf(*artifact);
  while (true) {
    if (auto files = Find(key)) co_return Answer{.files = std::move(files)};
    if (auto remembered = Remembered(key)) co_return *std::move(remembered);
    const auto other = under_way_.find(key);
    if (other == under_way_.end()) break;
    const std::shared_ptr<net::Event> end = other->second;
    net::Task<Result<void>> waiting = end->Wait(options_.timeout);
    const Result<void> waited = co_await std::move(waiting);
    if (!waited) co_return Answer{.error = waited.error()};
  }
  const UnderWay mark(under_way_, key);
  net::Task<Result<Unpacked>> fetching = Fetch(artifact);
  Result<Unpacked> unpacked = co_await std::move(fetching);
  if (!unpacked) co_return Failed(key, std::move(unpacked).error());
  troubles_.erase(key);
  Answer answer{.files = unpacked->files};
  Put(key, std::move(*unpacked));
  co_return answer;
}

std::optional<ArtifactLoader::Answer> ArtifactLoader::Remembered(const std::string& key) const {
  const auto trouble = troubles_.find(key);
  const base::TimePoint now = parts_.clock.Now();
  if (trouble == troubles_.end() || now >= trouble->second.not_before) return std::nullopt;
  return Answer{
      .error = trouble->second.error, .again = trouble->second.not_before - now, .quiet = trouble->second.tries < options_.quiet_tries};
}

net::Task<ArtifactLoader::PackedAnswer> ArtifactLoader::LoadPacked(std::shared_ptr<const SourceArtifact> artifact) {
  const std::string key = "packed " + KeyOf(*artifact);
  std::optional<Answer> failed = Remembered(key);
  if (!failed) {
    net::Task<Result<std::shared_ptr<const std::string>>> fetching = FetchPacked(artifact);
    Result<std::shared_ptr<const std::string>> bytes = co_await std::move(fetching);
    if (bytes) {
      troubles_.erase(key);
      co_return PackedAnswer{.bytes = std::move(*bytes)};
    }
    failed = Failed(key, std::move(bytes).error());
  }
  co_return PackedAnswer{.error = std::move(failed->error), .again = failed->again, .quiet = failed->quiet};
}

/// Counts a failure, and says what follows from it.
ArtifactLoader::Answer ArtifactLoader::Failed(const std::string& key, Error error) {
  if (error.reason == Reason::Canceled) return Answer{.error = std::move(error)};
  if (!IsWorthAnotherTry(error)) {
    troubles_.erase(key);
    return Answer{.error = std::move(error)};
  }
  if (troubles_.size() >= kMaxTroubles) troubles_.clear();
  Trouble& trouble = troubles_[key];
  ++trouble.tries;
  if (trouble.tries > options_.retries) {
    error.message += " (giving up after " + std::to_string(trouble.tries) + " attempts)";
    troubles_.erase(key);
    return Answer{.error = std::move(error)};
  }
  base::Duration wait = options_.first_wait;
  for (std::size_t i = 1; i < trouble.tries && wait < options_.max_wait; ++i) wait *= 2;
  wait = std::min(std::max<base::Duration>(wait, error.retry_after.value_or(std::chrono::milliseconds(0))), options_.max_wait);
  trouble.not_before = parts_.clock.Now() + std::chrono::duration_cast<base::TimePoint::duration>(wait);
  trouble.error = error;
  return Answer{.error = std::move(error), .again = wait, .quiet = trouble.tries < options_.quiet_tries};
}

net::Task<Result<ArtifactLoader::Unpacked>> ArtifactLoader::Fetch(std::shared_ptr<const SourceArtifact> artifact) {
  if (artifact->digest.empty()) co_return base::Invalid("failed to verify archive: empty digest");
  const sources::UnpackLimits limits = options_.unpack;
  if (IsOwn(*artifact)) {
    const sources::ArtifactStore* store = &parts_.artifacts;
    auto open = [store, artifact]() -> Result<Unpacked> {
      sources::Artifact stored;
      stored.path = artifact->path;
      stored.digest = artifact->digest;
      TRY(std::shared_ptr<const Files> files, store->Open(stored));
      const std::uint64_t bytes = SizeOf(*files, ".");
      return Unpacked{.files = std::move(files), .bytes = bytes};
    };
    net::Task<Result<Unpacked>> opening = parts_.workers.Run(std::move(open));
    co_return co_await std::move(opening);
  }
  net::Task<Result<std::string>> downloading = Download(FetchUrl(artifact->url, options_));
  CO_TRY(std::string body, co_await std::move(downloading));
  auto bytes = std::make_shared<const std::string>(std::move(body));
  auto unpack = [bytes, artifact, limits]() -> Result<Unpacked> {
    if (auto verified = sources::VerifyDigest(*bytes, artifact->digest); !verified)
      return std::move(verified).error().Wrap("failed to verify archive");
    auto files = sources::UnpackArtifact(*bytes, limits);
    if (!files) return std::move(files).error().Wrap("failed to extract archive");
    const std::uint64_t size = SizeOf(**files, ".");
    return Unpacked{.files = std::move(*files), .bytes = size};
  };
  net::Task<Result<Unpacked>> unpacking = parts_.workers.Run(std::move(unpack));
  co_return co_await std::move(unpacking);
}

/// Does it lie in our own store?
bool ArtifactLoader::IsOwn(const SourceArtifact& artifact) const {
  return !artifact.path.empty() && parts_.artifacts.UrlOf(artifact.path) == artifact.url;
}

net::Task<Result<std::shared_ptr<const std::string>>> ArtifactLoader::FetchPacked(std::shared_ptr<const SourceArtifact> artifact) {
  using Bytes = std::shared_ptr<const std::string>;
  if (artifact->digest.empty()) co_return base::Invalid("failed to verify archive: empty digest");
  std::shared_ptr<const std::string> downloaded;
  std::optional<std::string> file;
  if (IsOwn(*artifact)) file = parts_.artifacts.FileFor("/" + artifact->path);
  if (!file) {
    net::Task<Result<std::string>> downloading = Download(FetchUrl(artifact->url, options_));
    CO_TRY(std::string body, co_await std::move(downloading));
    downloaded = std::make_shared<const std::string>(std::move(body));
  }
  const std::uint64_t limit = options_.max_packed_bytes;
  auto verify = [downloaded, file, artifact, limit]() -> Result<Bytes> {
    Bytes bytes = downloaded;
    if (!bytes) {
      const std::filesystem::path path(*file);
      TRY(std::string text, base::OpenDirectory(path.parent_path().string(), limit)->Read(path.filename().string()));
      bytes = std::make_shared<const std::string>(std::move(text));
    }
    if (auto verified = sources::VerifyDigest(*bytes, artifact->digest); !verified)
      return std::move(verified).error().Wrap("failed to verify archive");
    return bytes;
  };
  net::Task<Result<Bytes>> verifying = parts_.workers.Run(std::move(verify));
  co_return co_await std::move(verifying);
}

net::Task<Result<std::string>> ArtifactLoader::Download(std::string url) {
  net::Request request;
  request.url = url;
  request.timeout = options_.timeout;
  request.max_response_bytes = options_.max_packed_bytes;
  request.max_redirects = options_.answers.max_redirects;
  net::Task<Result<net::Response>> sending = client_.Send(std::move(request));
  Result<net::Response> response = co_await std::move(sending);
  if (!response) {
    Error error = std::move(response).error();
    co_return std::move(error).Wrap("failed to download archive");
  }
  if (response->status == 200) co_return std::move(response->body);
  if (response->status == 404) co_return base::NotFound("file not found");
  Error error =
      base::Invalid("failed to download archive from " + net::RedactUrl(url) + " (status: " + std::to_string(response->status) + ")");
  if (IsWorthAnotherTry(*response)) {
    error.reason = Reason::Unavailable;
    error.retry_after = RetryAfter(*response);
  }
  co_return error;
}

}  // namespace sluice::controller
