#include "sources/git/tree_files.h"

#include <algorithm>
#include <deque>
#include <vector>

namespace sluice::sources {
namespace {

using base::FileInfo;
using base::FileType;
using base::Invalid;
using base::NotFound;
using base::Result;

constexpr int kMaxLinks = 40;  // as Linux
constexpr std::uint64_t kMaxLinkBytes = 4096;

/// Where a walk has come: the trees from the root down, and what the last name is.
struct Place {
  std::vector<std::shared_ptr<const Tree>> trees;
  std::vector<std::string> names;
  std::vector<TreeEntry> entries;  ///< of the names
  bool directory() const { return entries.empty() || entries.back().kind == TreeEntryKind::Directory; }

  std::string Path() const {
    std::string path;
    for (const std::string& name : names) path += (path.empty() ? "" : "/") + name;
    return path.empty() ? "." : path;
  }
};

void PushFront(std::deque<std::string>& names, std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  names.insert(names.begin(), parts.begin(), parts.end());
}

class TreeFiles final : public base::Files {
 public:
  TreeFiles(std::shared_ptr<const ObjectStore> store, const ObjectId& root) : store_(std::move(store)), root_(root) {}

  Result<FileInfo> Stat(std::string_view path) const override {
    TRY(const Place place, Walk(path));
    const std::string name(base::BaseName(*base::NormalizePath(path)));
    if (!place.entries.empty()) return InfoOf(name, place.entries.back());
    return FileInfo{.name = name, .type = FileType::Directory, .size = 0, .executable = false, .content_id = ToHex(root_)};
  }

  Result<std::string> Read(std::string_view path) const override {
    TRY(const Place place, Walk(path));
    if (place.directory()) return Invalid(Describe(path) + ": is a directory");
    auto bytes = store_->Read(place.entries.back().id, ObjectKind::Blob);
    if (!bytes) return std::move(bytes).error().Wrap(Describe(path));
    return bytes;
  }

  Result<std::vector<FileInfo>> List(std::string_view path) const override {
    TRY(const Place place, Walk(path));
    if (!place.directory()) return Invalid(Describe(path) + ": not a directory");
    std::vector<FileInfo> entries;
    for (const TreeEntry& entry : place.trees.back()->entries()) {
      if (entry.kind == TreeEntryKind::Submodule) continue;
      TRY(FileInfo info, InfoOf(std::string(entry.name), entry));
      entries.push_back(std::move(info));
    }
    return entries;
  }

  Result<std::string> Resolve(std::string_view path) const override {
    TRY(const Place place, Walk(path));
    return place.Path();
  }

 private:
  Result<FileInfo> InfoOf(std::string name, const TreeEntry& entry) const;
  Result<Place> Walk(std::string_view path) const;
  Result<void> Step(Place& place, std::deque<std::string>& names, int& links, std::string_view path) const;
  Result<void> Enter(Place& place, const ObjectId& id, std::string_view path) const;
  base::Error Leaves(std::string_view path) const { return Invalid(Describe(path) + ": leads outside of the repository"); }

  const std::shared_ptr<const ObjectStore> store_;
  const ObjectId root_;
};

Result<FileInfo> TreeFiles::InfoOf(std::string name, const TreeEntry& entry) const {
  FileInfo info{.name = std::move(name),
                .type = FileType::Regular,
                .size = 0,
                .executable = entry.kind == TreeEntryKind::Executable,
                .content_id = ToHex(entry.id)};
  if (entry.kind == TreeEntryKind::Directory) info.type = FileType::Directory;
  if (entry.kind == TreeEntryKind::Symlink) info.type = FileType::Symlink;
  if (info.type == FileType::Regular) {
    TRY(info.size, store_->SizeOf(entry.id));
  }
  return info;
}

Result<void> TreeFiles::Enter(Place& place, const ObjectId& id, std::string_view path) const {
  auto tree = store_->ReadTree(id);
  if (!tree) return std::move(tree).error().Wrap(Describe(path));
  place.trees.push_back(*std::move(tree));
  return {};
}

/// One name further. A link's target is put in front of the names that are left.
Result<void> TreeFiles::Step(Place& place, std::deque<std::string>& names, int& links, std::string_view path) const {
  const std::string name = std::move(names.front());
  names.pop_front();
  if (name == "..") {
    if (place.names.empty()) return Leaves(path);
    place.names.pop_back();
    place.entries.pop_back();
    place.trees.pop_back();
    return {};
  }
  const TreeEntry* entry = place.trees.back()->Find(name);
  if (!entry || entry->kind == TreeEntryKind::Submodule) return NotFound(Describe(path) + ": no such file or directory");
  if (entry->kind == TreeEntryKind::Symlink) {
    if (++links > kMaxLinks) return Invalid(Describe(path) + ": too many levels of symbolic links");
    TRY(const std::uint64_t size, store_->SizeOf(entry->id));
    if (size >= kMaxLinkBytes) return Invalid(Describe(path) + ": symbolic link is too long");
    TRY(const std::string target, store_->Read(entry->id, ObjectKind::Blob));
    if (target.starts_with('/')) return Leaves(path);
    PushFront(names, target);
    return {};
  }
  const bool directory = entry->kind == TreeEntryKind::Directory;
  if (!directory && !names.empty()) return NotFound(Describe(path) + ": no such file or directory");
  place.names.push_back(name);
  place.entries.push_back(*entry);
  if (directory) TRY(Enter(place, place.entries.back().id, path));
  return {};
}

Result<Place> TreeFiles::Walk(std::string_view path) const {
  const auto normal = base::NormalizePath(path);
  if (!normal) return Leaves(path);
  Place place;
  TRY(Enter(place, root_, path));
  std::deque<std::string> names;
  PushFront(names, *normal);
  int links = 0;
  while (!names.empty()) TRY(Step(place, names, links, path));
  return place;
}

}  // namespace

std::shared_ptr<const base::Files> OpenTreeFiles(std::shared_ptr<const ObjectStore> store, const ObjectId& root) {
  return std::make_shared<TreeFiles>(std::move(store), root);
}

}  // namespace sluice::sources
