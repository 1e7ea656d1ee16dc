#include "sources/artifact/store.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/archive.h"
#include "base/digest.h"
#include "base/errno_text.h"
#include "base/failpoint.h"
#include "sources/artifact/atomic_file.h"
#include "sources/artifact/budget_files.h"
#include "sources/artifact/store_names.h"
#include "sources/artifact/unpack.h"

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

Result<std::string> ReadWhole(const std::string& file, const std::string& shown) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return base::NotFound("artifact " + shown + " is not in the store");
  std::ostringstream bytes;
  bytes << in.rdbuf();
  if (in.bad()) return MakeError(Reason::Unavailable, "artifact " + shown + " cannot be read");
  return std::move(bytes).str();
}

struct StoredFile {
  std::string name;
  fs::file_time_type time;
};

/// The files of one owner, newest first (equal times by name), without links and directories.
std::vector<StoredFile> FilesOf(const std::string& folder) {
  std::vector<StoredFile> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_symlink(error) || !entry.is_regular_file(error)) continue;
    files.push_back({entry.path().filename().string(), entry.last_write_time(error)});
  }
  std::sort(files.begin(), files.end(),
            [](const StoredFile& a, const StoredFile& b) { return a.time != b.time ? a.time > b.time : a.name < b.name; });
  return files;
}

/// The stable names beside an owner's artifacts.
bool IsLinkName(std::string_view name) { return name.starts_with("latest.") || name == "index.yaml"; }

}  // namespace

bool IsDiskFull(const base::Error& error) {
  return error.message.ends_with(base::ErrnoText(ENOSPC)) || error.message.ends_with(base::ErrnoText(EDQUOT));
}

ArtifactStore::ArtifactStore(StoreOptions options) : options_(std::move(options)) {
  while (options_.directory.size() > 1 && options_.directory.ends_with('/')) options_.directory.pop_back();
}

Result<NamedLocks::Lock> ArtifactStore::Lock(const ArtifactOwner& owner, const std::stop_token& stop) const {
  TRY(std::string folder, OwnerPath(owner));
  return locks_.Take(std::move(folder), stop);
}

Result<Artifact> ArtifactStore::Store(const ArtifactOwner& owner, std::string_view file_stem, std::string_view revision,
                                      const base::Files& files, base::TimePoint now, StoreStep* step) const {
  const auto at = [&](StoreStep now_at) {
    if (step) *step = now_at;
  };
  at(StoreStep::Directory);
  TRY(const std::string folder, OwnerPath(owner));
  const std::string name = std::string(file_stem) + ".tar.gz";
  if (!IsStoreName(name) || file_stem == "latest") return Invalid("artifact name '" + name + "' is not allowed");
  std::error_code error;
  fs::create_directories(options_.directory + "/" + folder, error);
  if (error) return MakeError(Reason::Unavailable, options_.directory + "/" + folder + ": cannot create the directory: " + error.message());

  Artifact artifact{.path = folder + "/" + name, .url = UrlOf(folder + "/" + name), .revision = std::string(revision)};
  at(StoreStep::Archive);
  AtomicFile file(options_.directory + "/" + artifact.path);
  TRY(file.Open());
  const BudgetFiles bounded(files, BudgetOf(options_.limits));
  const std::unique_ptr<base::Hasher> hasher = base::Hasher::Make(options_.digest_algorithm);
  if (!hasher) return Invalid("digest algorithm \"" + options_.digest_algorithm + "\" is not known");
  TRY(const base::PackedArchive packed, base::PackTree(bounded, {}, [&](std::string_view bytes) {
        hasher->Update(bytes);
        return file.Append(bytes);
      }));
  TRY(file.Commit(now));
  at(StoreStep::Link);
  TRY(ReplaceLink(options_.directory + "/" + folder + "/latest.tar.gz", name));
  artifact.digest = options_.digest_algorithm + ":" + hasher->Hex();
  artifact.size = packed.size;
  artifact.last_update_time = std::chrono::floor<std::chrono::seconds>(now);
  return artifact;
}

Result<Artifact> ArtifactStore::StoreBytes(const ArtifactOwner& owner, std::string_view file_name, std::string_view link,
                                           std::string_view revision, std::string_view bytes, base::TimePoint now, StoreStep* step) const {
  const auto at = [&](StoreStep now_at) {
    if (step) *step = now_at;
  };
  at(StoreStep::Directory);
  TRY(const std::string folder, OwnerPath(owner));
  const std::string name(file_name);
  if (!IsStoreName(name) || !IsLinkName(link) || IsLinkName(name))
    return Invalid("artifact name '" + name.substr(0, 200) + "' is not allowed");
  std::error_code error;
  fs::create_directories(options_.directory + "/" + folder, error);
  if (error) return MakeError(Reason::Unavailable, options_.directory + "/" + folder + ": cannot create the directory: " + error.message());
  at(StoreStep::Archive);
  const std::unique_ptr<base::Hasher> hasher = base::Hasher::Make(options_.digest_algorithm);
  if (!hasher) return Invalid("digest algorithm \"" + options_.digest_algorithm + "\" is not known");
  hasher->Update(bytes);
  Artifact artifact{.path = folder + "/" + name, .url = UrlOf(folder + "/" + name), .revision = std::string(revision)};
  AtomicFile file(options_.directory + "/" + artifact.path);
  TRY(file.Open());
  TRY(file.Append(bytes));
  TRY(file.Commit(now));
  at(StoreStep::Link);
  TRY(ReplaceLink(options_.directory + "/" + folder + "/" + std::string(link), name));
  artifact.digest = options_.digest_algorithm + ":" + hasher->Hex();
  artifact.size = bytes.size();
  artifact.last_update_time = std::chrono::floor<std::chrono::seconds>(now);
  return artifact;
}

bool ArtifactStore::Exists(const Artifact& artifact) const {
  if (!IsArtifactPath(artifact.path)) return false;
  std::error_code error;
  const fs::path file = options_.directory + "/" + artifact.path;
  return fs::is_regular_file(fs::symlink_status(file, error)) && fs::file_size(file, error) == artifact.size;
}

Result<void> ArtifactStore::Verify(std::string_view path, std::string_view digest) const {
  if (!IsArtifactPath(path)) return Invalid("artifact path '" + std::string(path.substr(0, 200)) + "' is not allowed");
  const std::string file = options_.directory + "/" + std::string(path);
  TRY(const std::string bytes, ReadWhole(file, std::string(path)));
  auto same = VerifyDigest(bytes, digest);
  if (same) return same;
  std::error_code error;
  if (same.error().reason == Reason::Invalid) fs::remove(file, error);
  return std::move(same).error().Wrap("artifact " + std::string(path));
}

Result<std::string> ArtifactStore::Read(const Artifact& artifact) const {
  if (!IsArtifactPath(artifact.path)) return Invalid("artifact path '" + artifact.path.substr(0, 200) + "' is not allowed");
  TRY(std::string bytes, ReadWhole(options_.directory + "/" + artifact.path, artifact.path));
  if (auto same = VerifyDigest(bytes, artifact.digest); !same) return std::move(same).error().Wrap("artifact " + artifact.path);
  return bytes;
}

Result<std::shared_ptr<const base::Files>> ArtifactStore::Open(const Artifact& artifact) const {
  if (!IsArtifactPath(artifact.path)) return Invalid("artifact path '" + artifact.path.substr(0, 200) + "' is not allowed");
  TRY(const std::string bytes, ReadWhole(options_.directory + "/" + artifact.path, artifact.path));
  if (auto same = VerifyDigest(bytes, artifact.digest); !same) return std::move(same).error().Wrap("artifact " + artifact.path);
  auto files = UnpackArtifact(bytes, options_.limits);
  if (!files) return std::move(files).error().Wrap("artifact " + artifact.path);
  return files;
}

Result<std::vector<std::string>> ArtifactStore::GarbageCollect(const ArtifactOwner& owner, std::string_view current,
                                                               base::TimePoint now) const {
  TRY(const std::string folder, OwnerPath(owner));
  const auto file_now = fs::file_time_type::clock::from_sys(std::chrono::floor<std::chrono::seconds>(now));
  std::vector<std::string> removed;
  std::size_t kept = 1;  // the current one
  for (const StoredFile& file : FilesOf(options_.directory + "/" + folder)) {
    const std::string path = folder + "/" + file.name;
    const bool leftover = file.name.ends_with(kUnfinished);
    if (path == current) continue;
    if (!leftover && file_now - file.time <= options_.retention_ttl && kept < options_.retention_records) {
      ++kept;
      continue;
    }
    std::error_code error;
    fs::remove(options_.directory + "/" + path, error);
    SLUICE_FAILPOINT("artifact.remove.after");
    if (error) return MakeError(Reason::Unavailable, path + ": cannot remove: " + error.message());
    if (!leftover) removed.push_back(path);
  }
  std::sort(removed.begin(), removed.end());
  return removed;
}

Result<std::size_t> ArtifactStore::RemoveAll(const ArtifactOwner& owner) const {
  TRY(const std::string folder, OwnerPath(owner));
  const std::string full = options_.directory + "/" + folder;
  const std::vector<StoredFile> files = FilesOf(full);
  const auto artifacts =
      std::count_if(files.begin(), files.end(), [](const StoredFile& file) { return !file.name.ends_with(kUnfinished); });
  std::error_code error;
  fs::remove_all(full, error);
  if (error) return MakeError(Reason::Unavailable, full + ": cannot remove: " + error.message());
  fs::remove(fs::path(full).parent_path(), error);  // the namespace's directory, if it is empty now
  return static_cast<std::size_t>(artifacts);
}

std::string ArtifactStore::UrlOf(std::string_view path) const {
  const std::string& host = options_.advertised_address;
  const bool with_scheme = host.starts_with("http://") || host.starts_with("https://");
  return (with_scheme ? "" : "http://") + host + "/" + std::string(path);
}

std::optional<std::string> ArtifactStore::FileFor(std::string_view target) const {
  const std::optional<std::string> path = PathOfTarget(target);
  if (!path) return std::nullopt;
  std::error_code error;
  fs::path file = options_.directory;
  for (const fs::path& part : fs::path(*path).parent_path()) {  // no directory on the way may be a link
    file /= part;
    if (!fs::is_directory(fs::symlink_status(file, error))) return std::nullopt;
  }
  const std::string name(base::BaseName(*path));
  fs::path leaf = file / name;
  if (fs::is_symlink(fs::symlink_status(leaf, error))) {
    const std::string to = fs::read_symlink(leaf, error).string();
    if (!IsLinkName(name) || !IsStoreName(to)) return std::nullopt;
    leaf = file / to;
  }
  if (!fs::is_regular_file(fs::symlink_status(leaf, error))) return std::nullopt;
  return leaf.string();
}

}  // namespace sluice::sources
