// What an artifact holds is decided for each path by itself (base/ignore.h). A tree is walked from its root, though: so a directory that is ignored
// still shows if something below it is included again, which is only possible where some pattern includes; without one, whole branches are cut.
#include "sources/artifact/ignored_files.h"

#include <utility>
#include <vector>

#include "base/ignore.h"
#include "sources/artifact/budget_files.h"

namespace sluice::sources {
namespace {

using base::FileInfo;
using base::Files;
using base::FileType;
using base::IgnoreMatcher;
using base::NotFound;
using base::Result;

class Filtered final : public Files {
 public:
  Filtered(std::shared_ptr<const Files> whole, IgnoreMatcher matcher)
      : whole_(std::move(whole)), matcher_(std::move(matcher)), can_prune_(matcher_.CanPrune()) {}

  Result<FileInfo> Stat(std::string_view path) const override {
    TRY(Seen seen, See(path));
    return std::move(seen.info);
  }
  Result<std::string> Read(std::string_view path) const override {
    TRY(const Seen seen, See(path));
    return whole_->Read(seen.path);
  }
  Result<std::vector<FileInfo>> List(std::string_view path) const override {
    TRY(const Seen seen, See(path));
    TRY(std::vector<FileInfo> entries, whole_->List(seen.path));
    std::vector<FileInfo> shown;
    for (FileInfo& entry : entries) {
      const std::string child = seen.path == "." ? entry.name : seen.path + "/" + entry.name;
      TRY(const bool visible, Shows(child, entry.type));
      if (visible) shown.push_back(std::move(entry));
    }
    return shown;
  }
  Result<std::string> Resolve(std::string_view path) const override {  // there are no links
    TRY(Seen seen, See(path));
    return std::move(seen.path);
  }
  std::string Describe(std::string_view path) const override { return whole_->Describe(path); }

 private:
  struct Seen {
    std::string path;  ///< normalised
    FileInfo info;
  };
  Result<Seen> See(std::string_view path) const;
  Result<bool> Shows(const std::string& path, FileType type) const;
  base::Error Absent(std::string_view path) const { return NotFound(Describe(path) + ": no such file or directory"); }

  const std::shared_ptr<const Files> whole_;
  const IgnoreMatcher matcher_;
  const bool can_prune_;
};

/// Whether the artifact would hold `path`, which is not behind a link: itself, or (a directory) something below it.
Result<bool> Filtered::Shows(const std::string& path, FileType type) const {
  if (type != FileType::Regular && type != FileType::Directory) return false;
  if (!matcher_.Ignored(path, type == FileType::Directory)) return true;
  if (type == FileType::Regular || can_prune_) return false;
  TRY(const std::vector<FileInfo> entries, whole_->List(path));
  for (const FileInfo& entry : entries) {
    TRY(const bool visible, Shows(path + "/" + entry.name, entry.type));
    if (visible) return true;
  }
  return false;
}

/// What is at `path`, if the artifact would hold it. A path that is or goes through a link is absent, wherever the link leads: links are not packed.
Result<Filtered::Seen> Filtered::See(std::string_view path) const {
  auto normal = base::NormalizePath(path);
  if (!normal) return base::Invalid(Describe(path) + ": leads outside of the tree");
  auto info = whole_->Stat(*normal);
  if (!info && info.error().reason == base::Reason::Invalid) return Absent(path);
  if (!info) return std::move(info).error();
  TRY(const std::string resolved, whole_->Resolve(*normal));
  if (resolved != *normal) return Absent(path);
  if (*normal != ".") {
    TRY(const bool visible, Shows(*normal, info->type));
    if (!visible) return Absent(path);
  }
  return Seen{*std::move(normal), *std::move(info)};
}

}  // namespace

Result<std::shared_ptr<const Files>> WithoutIgnored(std::shared_ptr<const Files> whole, const std::optional<std::string>& ignore,
                                                    const UnpackLimits& limits) {
  const BudgetFiles bounded(*whole, BudgetOf(limits));
  TRY(IgnoreMatcher matcher, IgnoreMatcher::Load(bounded, ignore.value_or("")));
  return std::shared_ptr<const Files>(std::make_shared<Filtered>(std::move(whole), std::move(matcher)));
}

}  // namespace sluice::sources
