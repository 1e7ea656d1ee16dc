// Files in memory, and a part of another tree.
#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/files.h"

namespace sluice::base {

namespace {

class Memory final : public Files {
 public:
  Memory(std::map<std::string, std::string> files, const std::set<std::string>& directories, std::set<std::string> executables)
      : executables_(std::move(executables)) {
    for (const std::string& path : directories) {
      if (const auto normal = NormalizePath(path); normal && *normal != ".") AddDirectory(*normal);
    }
    for (auto& [path, content] : files) {
      if (const auto normal = NormalizePath(path); normal && *normal != ".") Add(*normal, std::move(content));
    }
  }

  Result<FileInfo> Stat(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    return InfoAt(normal);
  }

  Result<std::string> Read(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    if (directories_.contains(normal)) return Invalid(Describe(path) + ": is a directory");
    return files_.find(normal)->second.content;
  }

  Result<std::vector<FileInfo>> List(std::string_view path) const override {
    TRY(const std::string normal, Normal(path));
    const auto directory = directories_.find(normal);
    if (directory == directories_.end()) return Invalid(Describe(path) + ": not a directory");
    std::vector<FileInfo> entries;
    for (const std::string& name : directory->second) entries.push_back(InfoAt(normal == "." ? name : normal + "/" + name));
    return entries;
  }

  Result<std::string> Resolve(std::string_view path) const override { return Normal(path); }

 private:
  struct File {
    std::string content, id;
  };

  void Add(const std::string& path, std::string content) {
    std::string id = Sha256Hex(content);
    files_.insert_or_assign(path, File{std::move(content), std::move(id)});
    AddToParents(path);
  }

  void AddDirectory(const std::string& path) {
    directories_[path];
    AddToParents(path);
  }

  void AddToParents(std::string child) {
    while (child != ".") {
      const std::string parent(DirName(child));
      if (!directories_[parent].emplace(BaseName(child)).second) break;
      child = parent;
    }
  }

  // The normalised path, if there is something.
  Result<std::string> Normal(std::string_view path) const {
    auto normal = NormalizePath(path);
    if (!normal) return Invalid(Describe(path) + ": leads outside of the tree");
    if (!directories_.contains(*normal) && !files_.contains(*normal)) return NotFound(Describe(path) + ": no such file or directory");
    return std::move(*normal);
  }

  FileInfo InfoAt(const std::string& normal) const {
    FileInfo info{.name = std::string(BaseName(normal)), .type = FileType::Directory, .size = 0, .executable = false, .content_id = {}};
    if (directories_.contains(normal)) return info;
    const File& file = files_.find(normal)->second;
    info.type = FileType::Regular;
    info.size = file.content.size();
    info.executable = executables_.contains(normal);
    info.content_id = file.id;
    return info;
  }

  std::map<std::string, File> files_;
  std::map<std::string, std::set<std::string>> directories_{{".", {}}};
  std::set<std::string> executables_;
};

class Part final : public Files {
 public:
  Part(std::shared_ptr<const Files> whole, std::string path) : whole_(std::move(whole)), prefix_(std::move(path)) {}

  Result<FileInfo> Stat(std::string_view path) const override {
    TRY(const std::string full, Full(path));
    TRY(FileInfo info, whole_->Stat(full));
    if (full == Prefix()) info.name = ".";
    return info;
  }

  Result<std::string> Read(std::string_view path) const override {
    TRY(const std::string full, Full(path));
    return whole_->Read(full);
  }

  Result<std::vector<FileInfo>> List(std::string_view path) const override {
    TRY(const std::string full, Full(path));
    return whole_->List(full);
  }

  Result<std::string> Resolve(std::string_view path) const override {
    TRY(const std::string full, Full(path));
    TRY(const std::string resolved, whole_->Resolve(full));
    TRY(const std::string root, whole_->Resolve(Prefix()));
    if (resolved == root) return ".";
    if (root == ".") return resolved;
    return resolved.starts_with(root + "/") ? resolved.substr(root.size() + 1) : "";
  }

  std::string Describe(std::string_view path) const override {
    const auto full = JoinPath(prefix_, path);
    return whole_->Describe(full ? *full : prefix_ + "/" + std::string(path));
  }

 private:
  std::string Prefix() const { return NormalizePath(prefix_).value_or(prefix_); }

  Result<std::string> Full(std::string_view path) const {
    const auto normal = NormalizePath(path);
    auto full = normal ? JoinPath(prefix_, *normal) : std::nullopt;
    if (!full) return Invalid(Describe(path) + ": leads outside of " + whole_->Describe(prefix_));
    return std::move(*full);
  }

  std::shared_ptr<const Files> whole_;
  std::string prefix_;
};

}  // namespace

std::unique_ptr<Files> MemoryFiles(std::map<std::string, std::string> files) { return MemoryFiles(std::move(files), {}, {}); }

std::unique_ptr<Files> MemoryFiles(std::map<std::string, std::string> files, const std::set<std::string>& directories,
                                   std::set<std::string> executables) {
  return std::make_unique<Memory>(std::move(files), directories, std::move(executables));
}

std::unique_ptr<Files> SubTree(std::shared_ptr<const Files> whole, std::string path) {
  return std::make_unique<Part>(std::move(whole), std::move(path));
}

}  // namespace sluice::base
