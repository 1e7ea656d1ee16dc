// base/archive.h: tar archives compressed with gzip: reading what strangers packed, within limits, and writing our own so that equal trees
// give equal bytes. Both stream: memory holds one file at most, and the writer not even that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace sluice::base {

struct ArchiveLimits {
  std::uint64_t max_entries = 200'000;
  std::uint64_t max_unpacked_bytes = 1u << 30;  ///< of the whole tar stream, headers included
  std::uint64_t max_file_bytes = 256u << 20;    ///< of one entry
  std::uint64_t max_ratio = 200;                ///< unpacked : packed, judged once more than `ratio_free_bytes` are unpacked
  std::uint64_t ratio_free_bytes = 64u << 20;
  std::size_t max_path_bytes = 4096;
  std::size_t max_depth = 64;  ///< names in a path
};

enum class Symlinks { Skip, Refuse };

struct ArchiveOptions {
  ArchiveLimits limits;
  Symlinks symlinks = Symlinks::Refuse;
};

struct ArchiveEntry {
  std::string path;        ///< normalised; "." for the root's own entry
  bool directory = false;  ///< else a regular file
  bool executable = false;
  std::uint64_t size = 0;
};

/// Where packed bytes come from: fills a part of `buffer`, says how many; 0 at the end.
using ByteSource = std::function<Result<std::size_t>(std::span<char> buffer)>;
/// Where packed bytes go, in order.
using ByteSink = std::function<Result<void>(std::string_view bytes)>;

ByteSource SourceOf(std::string_view bytes);  ///< `bytes` outlive it

/// Gunzips `source` (several members one after the other are one stream, as to Go and gzip) up to `max_bytes` unpacked.
/// Errors: Invalid (not gzip, cut off, checksum), TooLarge (size or ratio), and those of `source`.
Result<std::string> Gunzip(const ByteSource& source, const ArchiveLimits& limits = {});
/// gzip at the default level without name and time: equal bytes give equal bytes.
std::string Gzip(std::string_view bytes);

/// Reads a .tar.gz (ustar, PAX and GNU long names) one entry after the other:
///   while (true) { TRY(auto entry, reader.Next()); if (!entry) break; TRY(std::string bytes, reader.Contents()); }
class ArchiveReader {
 public:
  ArchiveReader(ByteSource source, ArchiveOptions options = {});
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// The next file or directory, nullopt after the last. What is left of the entry before is skipped.
  /// Errors: Invalid (damaged; a name that is empty, absolute, holds `..`, a backslash or NUL; a hard link, device, pipe; a symbolic link unless
  /// they are skipped), TooLarge (a limit), and those of the source.
  Result<std::optional<ArchiveEntry>> Next();
  /// All bytes of the current file, once. Empty for a directory.
  Result<std::string> Contents();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The whole archive as a tree in memory. Files without their directories' entries are fine; of two files of one name the later wins. Errors as
/// ArchiveReader, and Invalid for a name that is both file and directory.
Result<std::unique_ptr<Files>> ArchiveFiles(std::string_view tar_gz, const ArchiveOptions& options = {});

struct PackedArchive {
  std::string sha256;      ///< 64 hex digits, of the packed bytes
  std::uint64_t size = 0;  ///< packed bytes
};

/// Writes a .tar.gz as flux-contract 4.2 has it: modes 0750 for directories, 0600 and 0700 for files, no owners, no times. Entries must come
/// in the order they shall have.
class ArchiveWriter {
 public:
  explicit ArchiveWriter(ByteSink sink);
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  Result<void> AddDirectory(std::string_view path);  ///< "." is the root
  Result<void> AddFile(std::string_view path, std::string_view bytes, bool executable);
  /// Ends the archive; nothing may follow.
  Result<PackedArchive> Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Packs `tree` in the order of a walk by name (a directory before what is in it): directories and regular files, everything else left out, and
/// what `ignored` says. The root's entry `.` is always there. An ignored directory loses its own entry, what is in it is asked for by itself,
/// unless `prune_ignored`. Errors: those of `tree` and `sink`; Canceled once `canceled` (may be empty) says so.
struct PackOptions {
  std::function<bool(std::string_view path, bool is_directory)> ignored;
  bool prune_ignored = false;
  std::function<bool()> canceled;
};
Result<PackedArchive> PackTree(const Files& tree, const PackOptions& options, const ByteSink& sink);

}  // namespace sluice::base
