// base/files.h: a read-only tree of files, wherever it lives (directory, Git tree, memory), and the record of what was read of it.
// Paths are relative, '/'-separated, normalised ("." is the root); a path that leaves the root is refused (Invalid).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace sluice::base {

enum class FileType { Regular, Directory, Symlink, Other };

struct FileInfo {
  std::string name;  ///< last element of the path
  FileType type = FileType::Regular;
  std::uint64_t size = 0;  ///< of a regular file; 0 else
  bool executable = false;
  std::string content_id;  ///< equal ids mean equal content (a Git object id, a digest); "" where the tree has none
};

class Files {
 public:
  virtual ~Files() = default;
  /// What is at `path`, symbolic links resolved as long as they stay inside the root. NotFound, Invalid (leaves the root, link loop).
  virtual Result<FileInfo> Stat(std::string_view path) const = 0;
  /// The bytes of a regular file. NotFound, Invalid (a directory, a device), TooLarge (over the tree's limit).
  virtual Result<std::string> Read(std::string_view path) const = 0;
  /// The entries of a directory by name, byte order, links unresolved. NotFound, Invalid.
  virtual Result<std::vector<FileInfo>> List(std::string_view path) const = 0;
  /// `path` with every symbolic link resolved, relative to the root ("" for none outside). NotFound, Invalid.
  virtual Result<std::string> Resolve(std::string_view path) const = 0;
  /// Where `path` is for a person, e.g. "/repo/apps/web.yaml"; used in messages only.
  virtual std::string Describe(std::string_view path) const { return std::string(path); }
};

/// Lexical: "a/./b/../c" -> "a/c"; "" and "." -> "."; nullopt if it leaves the root or is absolute.
std::optional<std::string> NormalizePath(std::string_view path);
/// Joins and normalises; nullopt as above.
std::optional<std::string> JoinPath(std::string_view directory, std::string_view path);
std::string_view DirName(std::string_view path);  ///< "a/b" -> "a"; "a" -> "."
std::string_view BaseName(std::string_view path);

/// A directory on disk. `max_file_bytes` bounds one Read. Every step of a path is opened by itself below its parent and links are followed
/// by hand, so that no race with a writer of the directory leads outside. Its entries have no content ids. A missing `root` is noticed at the
/// first call.
std::unique_ptr<Files> OpenDirectory(std::string root, std::uint64_t max_file_bytes = 64u << 20);
/// Files in memory: path -> content, paths normalised (Invalid ones and files below files can not be reached). Content ids are SHA-256.
std::unique_ptr<Files> MemoryFiles(std::map<std::string, std::string> files);
/// The same with what a map of contents cannot say: directories that may be empty, and which of the files are executable.
std::unique_ptr<Files> MemoryFiles(std::map<std::string, std::string> files, const std::set<std::string>& directories,
                                   std::set<std::string> executables);
/// Below `path` of `whole` (which it keeps alive); links may still lead elsewhere inside `whole`.
std::unique_ptr<Files> SubTree(std::shared_ptr<const Files> whole, std::string path);

/// The id under which a ReadSet notes what is at `path`: "" if nothing, the tree's content id of a regular file (its SHA-256 where the tree has
/// none), "directory", or the reason why it cannot be looked at.
std::string ContentIdAt(const Files& files, std::string_view path);

/// What a run looked at. Equal ids at all these paths mean that the run would read the same bytes.
struct ReadSet {
  std::map<std::string, std::string> files;        ///< path -> content id; "" means "looked for and absent"
  std::map<std::string, std::string> directories;  ///< path -> id of the listing (names, types)
  std::map<std::string, std::string> links;        ///< path -> where it resolves to
};

/// Passes everything through to `inner` (which outlives it) and notes it. Thread-safe.
class RecordingFiles final : public Files {
 public:
  explicit RecordingFiles(const Files& inner) : inner_(inner) {}
  Result<FileInfo> Stat(std::string_view path) const override;
  Result<std::string> Read(std::string_view path) const override;
  Result<std::vector<FileInfo>> List(std::string_view path) const override;
  Result<std::string> Resolve(std::string_view path) const override;
  std::string Describe(std::string_view path) const override { return inner_.Describe(path); }
  ReadSet Take() const;

 private:
  const Files& inner_;
  mutable Mutex mutex_;
  mutable ReadSet set_ GUARDED_BY(mutex_);
};

/// Whether `files` still shows all that `set` saw.
bool Unchanged(const ReadSet& set, const Files& files);

}  // namespace sluice::base
