// sources/artifact/store.h: artifacts on disk (contract 4). A tree of files becomes one reproducible tar.gz at `<kind>/<namespace>/<name>/<file>.tar.gz` below a
// directory, with a digest and the stable link `latest.tar.gz` beside it, served to other consumers by whoever asks FileFor.
// A file appears whole or not at all (written aside, synced, renamed). Thread-safe; who writes files of an owner, or removes some, has that owner's lock
// (Lock): a run that was cancelled may still be at it when the next one begins. Blocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "sources/artifact/named_locks.h"
#include "sources/artifact/unpack.h"

namespace sluice::sources {

/// `status.artifact`, as the contract has it.
struct Artifact {
  std::string path;  ///< relative to the store, e.g. "gitrepository/flux-system/app/<hash>.tar.gz"
  std::string url;   ///< `http://<advertised>/<path>`
  std::string revision;
  std::string digest;                ///< `sha256:<64 hex>` (or another algorithm) of the file's bytes
  base::TimePoint last_update_time;  ///< whole seconds
  std::uint64_t size = 0;            ///< bytes of the file
  std::map<std::string, std::string> metadata;

  friend bool operator==(const Artifact&, const Artifact&) = default;
};

/// Whose artifacts: `kind` in any case ("GitRepository"), as in the path lower-case.
struct ArtifactOwner {
  std::string kind, namespace_, name;
};

struct StoreOptions {
  std::string directory;                    ///< `--storage-path`; made if absent
  std::string advertised_address;           ///< host[:port] of URLs; see AdvertisedAddress
  std::chrono::seconds retention_ttl{60};   ///< `--artifact-retention-ttl`
  std::size_t retention_records = 2;        ///< `--artifact-retention-records`
  UnpackLimits limits;                      ///< of one tree
  std::string digest_algorithm = "sha256";  ///< `--artifact-digest-algo`; one that base::Hasher knows
};

/// Where Store came to its end: what Flux has different words for.
enum class StoreStep { Directory, Archive, Link };

/// Whether an error of Store says that the disk, or the quota on it, is full.
bool IsDiskFull(const base::Error& error);

class ArtifactStore {
 public:
  explicit ArtifactStore(StoreOptions options);
  ArtifactStore(const ArtifactStore&) = delete;
  ArtifactStore& operator=(const ArtifactStore&) = delete;

  /// Waits until nobody else works on the owner's files. Canceled: as NamedLocks::Take. Invalid: an unsafe name.
  base::Result<NamedLocks::Lock> Lock(const ArtifactOwner& owner, const std::stop_token& stop) const;

  /// Packs `files` (already filtered: IgnoredFiles) as `<file_stem>.tar.gz` of `owner` and links `latest.tar.gz` to it. The same tree gives the same digest.
  /// Invalid: an unsafe name. TooLarge. Unavailable: the disk (message and path). `step`, if given, says which step failed.
  base::Result<Artifact> Store(const ArtifactOwner& owner, std::string_view file_stem, std::string_view revision, const base::Files& files,
                               base::TimePoint now, StoreStep* step = nullptr) const;

  /// Keeps `bytes`, which are an artifact already (a chart's archive, an index), as `file_name` of `owner` and makes `link` (`latest.tar.gz`, `index.yaml`)
  /// point to it. Errors and `step` as Store.
  base::Result<Artifact> StoreBytes(const ArtifactOwner& owner, std::string_view file_name, std::string_view link,
                                    std::string_view revision, std::string_view bytes, base::TimePoint now,
                                    StoreStep* step = nullptr) const;

  /// Whether the artifact's file is there with its size; its bytes are not read.
  bool Exists(const Artifact& artifact) const;

  /// Whether the file is there with this digest (its bytes are read). NotFound: gone. Invalid: other bytes (the file is removed), an unsafe path.
  base::Result<void> Verify(std::string_view path, std::string_view digest) const;

  /// The file's bytes. As Verify.
  base::Result<std::string> Read(const Artifact& artifact) const;

  /// The artifact's tree, from the file, in memory. As Verify, and the limits.
  base::Result<std::shared_ptr<const base::Files>> Open(const Artifact& artifact) const;

  /// Removes the owner's older files: those past the retention time, and beyond the number of records, counting `current` (a path), which always stays.
  /// Returns the paths removed, sorted. Leftovers of interrupted writes go too.
  base::Result<std::vector<std::string>> GarbageCollect(const ArtifactOwner& owner, std::string_view current, base::TimePoint now) const;

  /// Removes everything of `owner`; returns the number of artifacts removed. None is no error.
  base::Result<std::size_t> RemoveAll(const ArtifactOwner& owner) const;

  /// `path` under the advertised address: what `status.artifact.url` must be now (it changes with the flag).
  std::string UrlOf(std::string_view path) const;

  /// The file to serve for an HTTP request target ("/gitrepository/ns/app/latest.tar.gz", query ignored): only regular files below the store and the
  /// `latest.*` and `index.yaml` links to their siblings. nullopt: 404 (also for directories, hidden and temporary files, escapes in any encoding).
  std::optional<std::string> FileFor(std::string_view target) const;

  const UnpackLimits& limits() const { return options_.limits; }

 private:
  StoreOptions options_;
  mutable NamedLocks locks_;
};

/// The address in URLs: `advertised` (`--storage-adv-addr`) if set, else derived from `listen` (`--storage-addr`): host "" becomes "localhost",
/// "0.0.0.0" becomes `hostname` ("localhost" if that is empty); a port of 80 stays written out.
std::string AdvertisedAddress(std::string_view advertised, std::string_view listen, std::string_view hostname);

}  // namespace sluice::sources
