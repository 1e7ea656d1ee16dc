// controller/artifact_loader.h: the tree of an artifact that nobody in this process holds: from memory if it was used lately, from our own store if it lies
// there, else over HTTP from where its URL says, checked against its digest and unpacked within limits. The rules of fetching are those of Flux's
// consumers (flux-contract 4.1, fluxcd/pkg http/fetch): GET, the digest of the bytes as served, 404 is an answer, 5xx and broken connections are
// tried again. Between tries nothing waits: the caller is told when to ask again. Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "controller/source_registry.h"
#include "net/executor.h"
#include "net/http.h"
#include "sources/artifact/store.h"
#include "sources/artifact/unpack.h"

namespace sluice::controller {

struct LoaderOptions {
  std::size_t retries = 9;                      ///< `--http-retry`
  std::uint64_t max_packed_bytes = 256u << 20;  ///< of one artifact, as it is served
  sources::UnpackLimits unpack;                 ///< of one artifact
  net::AnswerLimits answers;
  std::size_t cache_bytes = 64u << 20;         ///< unpacked, of all that is kept; what is in use counts only while it is kept
  std::chrono::milliseconds timeout{120'000};  ///< of one try
  base::Duration first_wait = std::chrono::milliseconds(500), max_wait = std::chrono::seconds(30);  ///< between tries: doubled each time
  std::size_t quiet_tries = 3;               ///< failures that pass by themselves so often are not worth telling
  std::string localhost, watcher_localhost;  ///< $SOURCE_CONTROLLER_LOCALHOST, $SOURCE_WATCHER_LOCALHOST: host[:port] instead of the URL's
};

/// `url` with its host and port replaced by those in `options` that are meant for it; as it is where none is set. Pure.
std::string FetchUrl(const std::string& url, const LoaderOptions& options);

class ArtifactLoader {
 public:
  /// All outlive it.
  struct Parts {
    boost::asio::io_context& io;
    net::WorkerPool& workers;
    const base::Clock& clock;
    const sources::ArtifactStore& artifacts;
  };
  ArtifactLoader(Parts parts, LoaderOptions options);
  ~ArtifactLoader();
  ArtifactLoader(const ArtifactLoader&) = delete;
  ArtifactLoader& operator=(const ArtifactLoader&) = delete;

  struct Answer {
    std::shared_ptr<const base::Files> files;  ///< nullptr: `error` says why
    base::Error error;                         ///< NotFound: the server says that there is no such file
    std::optional<base::Duration> again;       ///< tries are left: ask again then
    bool quiet = false;                        ///< and it is too early to complain
  };
  /// One try, unless somebody else's has just failed or is under way (which is waited for). `artifact` is not changed.
  net::Task<Answer> Load(std::shared_ptr<const SourceArtifact> artifact);
  struct PackedAnswer {
    std::shared_ptr<const std::string> bytes;  ///< nullptr: as Answer
    base::Error error;
    std::optional<base::Duration> again;
    bool quiet = false;
  };
  /// The artifact's file itself, checked against its digest: a chart is read from its archive. Tries as Load does; nothing is kept.
  net::Task<PackedAnswer> LoadPacked(std::shared_ptr<const SourceArtifact> artifact);
  /// Keeps `files` for those who will ask for this artifact. `bytes`: their size.
  void Keep(const SourceArtifact& artifact, std::shared_ptr<const base::Files> files, std::uint64_t bytes);

  std::size_t cached_bytes() const { return cached_bytes_; }

 private:
  struct Cached {
    std::shared_ptr<const base::Files> files;
    std::uint64_t bytes = 0;
    std::list<std::string>::iterator place;
  };
  struct Trouble {
    base::Error error;
    std::size_t tries = 0;
    base::TimePoint not_before;
  };
  struct Unpacked {
    std::shared_ptr<const base::Files> files;
    std::uint64_t bytes = 0;
  };
  net::Task<base::Result<Unpacked>> Fetch(std::shared_ptr<const SourceArtifact> artifact);
  net::Task<base::Result<std::shared_ptr<const std::string>>> FetchPacked(std::shared_ptr<const SourceArtifact> artifact);
  bool IsOwn(const SourceArtifact& artifact) const;
  /// What an earlier failure still forbids; nullopt: try.
  std::optional<Answer> Remembered(const std::string& key) const;
  net::Task<base::Result<std::string>> Download(std::string url);
  Answer Failed(const std::string& key, base::Error error);
  std::shared_ptr<const base::Files> Find(const std::string& key);
  void Put(const std::string& key, Unpacked unpacked);

  Parts parts_;
  const LoaderOptions options_;
  net::HttpClient client_;
  std::map<std::string, Cached> cache_;
  std::list<std::string> order_;  // most recently used first
  std::size_t cached_bytes_ = 0;
  std::map<std::string, Trouble> troubles_;
  std::map<std::string, std::shared_ptr<net::Event>> under_way_;
};

}  // namespace sluice::controller
