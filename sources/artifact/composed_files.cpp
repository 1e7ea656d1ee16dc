#include "sources/artifact/composed_files.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace sluice::sources {
namespace {

using base::FileInfo;
using base::Files;
using base::FileType;
using base::Invalid;
using base::MakeError;
using base::NotFound;
using base::Reason;
using base::Result;

constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::size_t kMaxDepth = 64;

std::string Under(std::string_view directory, std::string_view name) {
  return directory == "." ? std::string(name) : std::string(directory) + "/" + std::string(name);
}

bool IsBelow(std::string_view path, std::string_view directory) {
  if (directory == ".") return path != ".";
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

class Mounted final : public Files {
 public:
  Mounted(std::shared_ptr<const Files> whole, std::vector<Mount> mounts) : whole_(std::move(whole)) {
    for (Mount& mount : mounts) {
      for (std::string child = mount.path; child != ".";) {
        const std::string parent(base::DirName(child));
        const bool known = !children_[parent].emplace(base::BaseName(child)).second;
        if (known) break;
        child = parent;
      }
      std::string path = mount.path;
      mounts_.insert_or_assign(std::move(path), std::move(mount));
    }
  }

  Result<FileInfo> Stat(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    if (const Mount* mount = Find(normal)) {
      TRY(FileInfo info, mount->files->Stat(Inside(*mount, normal)));
      info.name = base::BaseName(normal);
      if (children_.contains(normal)) info.content_id.clear();
      return info;
    }
    if (children_.contains(normal)) return DirectoryAt(normal);
    return whole_->Stat(normal);
  }

  Result<std::string> Read(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    if (const Mount* mount = Find(normal)) return mount->files->Read(Inside(*mount, normal));
    if (children_.contains(normal)) return Invalid(Describe(normal) + ": is a directory");
    return whole_->Read(normal);
  }

  Result<std::vector<FileInfo>> List(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    const Mount* mount = Find(normal);
    const auto children = children_.find(normal);
    if (children == children_.end()) return mount ? mount->files->List(Inside(*mount, normal)) : whole_->List(normal);
    auto listed = mount ? mount->files->List(Inside(*mount, normal)) : whole_->List(normal);
    const bool absent = !listed && (listed.error().reason == Reason::NotFound || listed.error().reason == Reason::Invalid);
    if (!listed && !absent) return listed;
    std::map<std::string, FileInfo> entries;
    if (listed)
      for (FileInfo& entry : *listed) entries.insert_or_assign(entry.name, entry);
    for (const std::string& name : children->second) {
      TRY(FileInfo info, Stat(Under(normal, name)));
      entries.insert_or_assign(name, std::move(info));
    }
    std::vector<FileInfo> out;
    for (auto& [name, info] : entries) out.push_back(std::move(info));
    return out;
  }

  Result<std::string> Resolve(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    const Mount* mount = Find(normal);
    if (children_.contains(normal)) return normal;
    if (!mount) return whole_->Resolve(normal);
    const std::string inside = Inside(*mount, normal);
    TRY(const std::string resolved, mount->files->Resolve(inside));
    if (resolved == inside) return normal;
    if (mount->from == ".") return Under(mount->path, resolved);
    return IsBelow(resolved, mount->from) ? mount->path + resolved.substr(mount->from.size()) : std::string();
  }

  std::string Describe(std::string_view path) const override { return whole_->Describe(path); }

 private:
  Result<std::string> Normal(std::string_view path) const {
    auto normal = base::NormalizePath(path);
    if (!normal) return Invalid(Describe(path) + ": leads outside of the tree");
    return *std::move(normal);
  }

  /// The innermost mount that `path` is at or below.
  const Mount* Find(std::string_view path) const {
    for (; path != "."; path = base::DirName(path))
      if (const auto at = mounts_.find(path); at != mounts_.end()) return &at->second;
    return nullptr;
  }

  static std::string Inside(const Mount& mount, std::string_view path) {
    if (path.size() == mount.path.size()) return mount.from;
    return Under(mount.from, path.substr(mount.path.size() + 1));
  }

  static FileInfo DirectoryAt(std::string_view path) {
    return FileInfo{
        .name = std::string(base::BaseName(path)), .type = FileType::Directory, .size = 0, .executable = false, .content_id = {}};
  }

  const std::shared_ptr<const Files> whole_;
  std::map<std::string, Mount, std::less<>> mounts_;
  std::map<std::string, std::set<std::string>, std::less<>> children_;  ///< of directories with mounts in them: the names on the way
};

class Chosen final : public Files {
 public:
  Chosen(std::shared_ptr<const Files> whole, std::vector<std::string> paths) : whole_(std::move(whole)), paths_(std::move(paths)) {}

  Result<FileInfo> Stat(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    return whole_->Stat(normal);
  }
  Result<std::string> Read(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    return whole_->Read(normal);
  }
  Result<std::vector<FileInfo>> List(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    TRY(std::vector<FileInfo> entries, whole_->List(normal));
    std::erase_if(entries, [&](const FileInfo& entry) { return !IsChosen(paths_, Under(normal, entry.name)); });
    return entries;
  }
  Result<std::string> Resolve(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    return whole_->Resolve(normal);
  }
  std::string Describe(std::string_view path) const override { return whole_->Describe(path); }

 private:
  Result<std::string> Normal(std::string_view path) const {
    auto normal = base::NormalizePath(path);
    if (!normal) return Invalid(Describe(path) + ": leads outside of the tree");
    if (!IsChosen(paths_, *normal)) return NotFound(Describe(path) + ": no such file or directory");
    return *std::move(normal);
  }

  const std::shared_ptr<const Files> whole_;
  const std::vector<std::string> paths_;
};

/// `path` with the links on its way followed inside `whole`; from where nothing is any more, as written.
Result<std::string> Follow(const Files& whole, const std::string& path) {
  std::string at = ".";
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string next = Under(at, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto resolved = whole.Resolve(next);
    if (resolved && resolved->empty()) return Invalid(next + ": leads outside of the repository");
    if (!resolved && resolved.error().reason != Reason::NotFound) return std::move(resolved).error();
    at = resolved ? *resolved : next;
  }
  return at;
}

/// Whether what is copied may take the place of what is at `to`.
Result<void> CheckPlace(const Files& whole, const std::string& to, bool file) {
  if (to == ".") return MakeError(Reason::AlreadyExists, "the root of the repository is not empty");
  for (std::string parent(base::DirName(to)); parent != "."; parent = base::DirName(parent)) {
    const auto info = whole.Stat(parent);
    if (info && info->type != FileType::Directory) return Invalid(parent + ": not a directory");
  }
  const auto there = whole.Stat(to);
  if (!there) return {};
  if (there->type == FileType::Directory) {
    if (file) return MakeError(Reason::AlreadyExists, to + ": is a directory");
    TRY(const std::vector<FileInfo> entries, whole.List(to));
    if (!entries.empty()) return MakeError(Reason::AlreadyExists, to + ": directory not empty");
    return {};
  }
  if (!file) return MakeError(Reason::AlreadyExists, to + ": not a directory");
  return {};
}

}  // namespace

Result<std::string> ClampPath(std::string_view path) {
  if (path.size() > kMaxPathBytes) return Invalid("path longer than " + std::to_string(kMaxPathBytes) + " bytes");
  if (path.find('\0') != std::string_view::npos) return Invalid("path with a NUL byte");
  std::vector<std::string_view> names;
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (name != "..") {
      names.push_back(name);
    } else if (!names.empty()) {
      names.pop_back();
    }
  }
  if (names.size() > kMaxDepth) return Invalid("path deeper than " + std::to_string(kMaxDepth) + " directories");
  std::string out = ".";
  for (const std::string_view name : names) out = Under(out, name);
  return out;
}

std::shared_ptr<const Files> WithMounts(std::shared_ptr<const Files> whole, std::vector<Mount> mounts) {
  if (mounts.empty()) return whole;
  return std::make_shared<Mounted>(std::move(whole), std::move(mounts));
}

Result<std::shared_ptr<const Files>> WithCopy(std::shared_ptr<const Files> whole, std::shared_ptr<const Files> files, std::string_view from,
                                              std::string_view to) {
  TRY(const std::string source, ClampPath(from));
  TRY(const FileInfo info, files->Stat(source));
  TRY(const std::string lexical, ClampPath(to));
  TRY(const std::string place, Follow(*whole, lexical));
  TRY(CheckPlace(*whole, place, info.type != FileType::Directory));
  std::vector<Mount> mounts;
  mounts.push_back(Mount{.path = place, .files = std::move(files), .from = source});
  return WithMounts(std::move(whole), std::move(mounts));
}

bool IsChosen(const std::vector<std::string>& chosen, std::string_view path) {
  return std::any_of(chosen.begin(), chosen.end(),
                     [&](const std::string& one) { return one == "." || one == path || IsBelow(path, one) || IsBelow(one, path); });
}

Result<std::shared_ptr<const Files>> OnlyPaths(std::shared_ptr<const Files> whole, const std::vector<std::string>& paths) {
  std::vector<std::string> chosen;
  for (const std::string& path : paths) {
    auto clamped = ClampPath(path);
    if (!clamped) return std::move(clamped).error();
    const auto info = whole->Stat(*clamped);
    const auto resolved = info ? whole->Resolve(*clamped) : Result<std::string>(info.error());
    const bool lost = !info && info.error().reason != Reason::NotFound && info.error().reason != Reason::Invalid;
    if (lost) return info.error();
    if (!resolved || *resolved != *clamped) return NotFound("sparse checkout dir '" + path + "' does not exist in repository");
    chosen.push_back(*std::move(clamped));
  }
  return std::shared_ptr<const Files>(std::make_shared<Chosen>(std::move(whole), std::move(chosen)));
}

}  // namespace sluice::sources
