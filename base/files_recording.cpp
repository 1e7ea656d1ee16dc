// What a run read, and whether it would read the same again.
#include "base/digest.h"
#include "base/files.h"

namespace sluice::base {

namespace {

std::string ReasonId(const Error& error) { return error.reason == Reason::NotFound ? "" : "!" + std::string(ToString(error.reason)); }

std::string IdOf(const Result<FileInfo>& info, const Files& files, std::string_view path) {
  if (!info) return ReasonId(info.error());
  if (info->type == FileType::Directory) return "directory";
  if (!info->content_id.empty()) return info->content_id;
  const Result<std::string> bytes = files.Read(path);
  return bytes ? Sha256Hex(*bytes) : ReasonId(bytes.error());
}

std::string IdOf(const Result<std::vector<FileInfo>>& entries) {
  if (!entries) return ReasonId(entries.error());
  Sha256 digest;
  for (const FileInfo& entry : *entries) {
    digest.Update(entry.name);
    const char type[] = {'\0', static_cast<char>('0' + static_cast<int>(entry.type))};  // a name holds no NUL
    digest.Update({type, sizeof type});
  }
  return digest.Hex();
}

std::string LinkId(const Result<std::string>& resolved) {
  return resolved ? *resolved : "!" + std::string(ToString(resolved.error().reason));
}

std::string Key(std::string_view path) { return NormalizePath(path).value_or(std::string(path)); }

}  // namespace

std::string ContentIdAt(const Files& files, std::string_view path) { return IdOf(files.Stat(path), files, path); }

Result<FileInfo> RecordingFiles::Stat(std::string_view path) const {
  Result<FileInfo> info = inner_.Stat(path);
  std::string id = IdOf(info, inner_, path);
  MutexLock lock(mutex_);
  set_.files.insert_or_assign(Key(path), std::move(id));
  return info;
}

Result<std::string> RecordingFiles::Read(std::string_view path) const {
  Result<std::string> bytes = inner_.Read(path);
  std::string id = ContentIdAt(inner_, path);
  MutexLock lock(mutex_);
  set_.files.insert_or_assign(Key(path), std::move(id));
  return bytes;
}

Result<std::vector<FileInfo>> RecordingFiles::List(std::string_view path) const {
  Result<std::vector<FileInfo>> entries = inner_.List(path);
  std::string id = IdOf(entries);
  MutexLock lock(mutex_);
  set_.directories.insert_or_assign(Key(path), std::move(id));
  return entries;
}

Result<std::string> RecordingFiles::Resolve(std::string_view path) const {
  Result<std::string> resolved = inner_.Resolve(path);
  MutexLock lock(mutex_);
  set_.links.insert_or_assign(Key(path), LinkId(resolved));
  return resolved;
}

ReadSet RecordingFiles::Take() const {
  MutexLock lock(mutex_);
  return set_;
}

bool Unchanged(const ReadSet& set, const Files& files) {
  for (const auto& [path, id] : set.files) {
    if (ContentIdAt(files, path) != id) return false;
  }
  for (const auto& [path, id] : set.directories) {
    if (IdOf(files.List(path)) != id) return false;
  }
  for (const auto& [path, target] : set.links) {
    if (LinkId(files.Resolve(path)) != target) return false;
  }
  return true;
}

}  // namespace sluice::base
