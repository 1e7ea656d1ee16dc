#include "kustomize/loader.h"

#include <algorithm>

#include "kustomize/nearest.h"

namespace sluice::kustomize {

using base::Result;

namespace {

/// Whether directory `inner` is `outer` or lies below it.
bool InOrBelow(std::string_view inner, std::string_view outer) {
  return outer == "." || inner == outer || (inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '/');
}

/// A segment that has `..` among other characters, mostly a slip of indentation (`../a- ../b`).
bool HasAmbiguousSegment(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part != ".." && part.find("..") != part.npos) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

std::string Quote(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

Result<std::string> Loader::ConfirmDirectory(const base::Files& files, std::string_view path) {
  TRY(std::string resolved, files.Resolve(path));
  TRY(const base::FileInfo info, files.Stat(resolved.empty() ? "." : resolved));
  if (info.type != base::FileType::Directory)
    return base::Invalid(files.Describe(path) + " is a file; a directory with a kustomization is needed");
  return resolved.empty() ? "." : resolved;
}

Result<Loader::Ptr> Loader::Root(const base::Files& files, std::string_view path, const BuildOptions& options, Budget& budget) {
  std::shared_ptr<Loader> loader(new Loader(files, options, budget));
  if (auto url = ParseGitUrl(path)) return loader->Clone(*url);
  TRY(loader->root_, ConfirmDirectory(files, path));
  return Ptr(loader);
}

std::string Loader::Describe(std::string_view path) const {
  if (IsHttpUrl(path)) return std::string(path);
  auto place = Locate(path);
  return place ? files_->Describe(*place) : std::string(path);
}

Result<std::string> Loader::Locate(std::string_view path) const {
  if (path.starts_with('/')) {
    std::string_view prefix = options_->absolute_root;
    const bool allowed = !prefix.empty() && !cloned_;
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    if (!allowed || !path.starts_with(prefix) || (path.size() > prefix.size() && path[prefix.size()] != '/'))
      return base::Invalid("absolute path " + Quote(path) + " is outside of the tree that is built");
    std::string_view rest = path.substr(prefix.size());
    while (rest.starts_with('/')) rest.remove_prefix(1);
    if (auto normal = base::NormalizePath(rest)) return *normal;
  } else if (auto joined = base::JoinPath(root_, path)) {
    return *joined;
  }
  return base::Invalid("path " + Quote(path) + " leaves the tree that is built");
}

Result<std::string> Loader::LoadUrl(std::string_view url) const {
  if (options_->remote == nullptr) return base::MakeError(base::Reason::Unsupported, "remote files are not allowed in this build");
  return Spent(options_->remote->FetchFile(url));
}

Result<std::string> Loader::Spent(Result<std::string> text) const {
  if (text) {
    TRY(budget_->Spend(text->size()));
  }
  return text;
}

Result<std::string> Loader::Load(std::string_view path) const {
  if (IsHttpUrl(path)) return LoadUrl(path);
  TRY(const std::string place, Locate(path));
  if (options_->load_restrictor == LoadRestrictor::None && !cloned_) return Spent(files_->Read(place));
  TRY(const std::string resolved, files_->Resolve(place));
  TRY(const base::FileInfo info, files_->Stat(resolved));
  if (info.type == base::FileType::Directory) return base::Invalid(Quote(path) + " is a directory; a file is needed");
  if (!InOrBelow(base::DirName(resolved), root_))
    return base::MakeError(base::Reason::Forbidden, "security; file " + Quote(path) + " is not in or below " +
                                                        Quote(files_->Describe(root_)) +
                                                        " (`--load-restrictor LoadRestrictionsNone` lifts this)");
  return Spent(files_->Read(resolved));
}

Result<std::string> Loader::LoadNamed(std::string_view path) const {
  auto text = Load(path);
  if (text || text.error().reason != base::Reason::NotFound || IsHttpUrl(path)) return text;
  if (const std::string near = Nearest(path, Neighbours(path)); !near.empty())
    text.error().message += "; did you mean " + Quote(near) + "?";
  return text;
}

bool Loader::IsDirectory(std::string_view path) const {
  if (IsHttpUrl(path)) return false;
  auto place = Locate(path);
  if (!place) return false;
  auto info = files_->Stat(*place);
  return info && info->type == base::FileType::Directory;
}

std::vector<std::string> Loader::Neighbours(std::string_view path) const {
  std::vector<std::string> names;
  auto place = Locate(path);
  if (!place) return names;
  auto entries = files_->List(base::DirName(*place));
  if (!entries) return names;
  const std::size_t slash = path.rfind('/');
  const std::string prefix(slash == path.npos ? "" : path.substr(0, slash + 1));
  for (const auto& entry : *entries) names.push_back(prefix + entry.name);
  return names;
}

Result<void> Loader::RefuseCycle(const std::string& candidate) const {
  for (const Loader* loader = this; loader != nullptr; loader = loader->referrer_.get()) {
    if (loader->files_ != files_ || !InOrBelow(loader->root_, candidate)) continue;
    const bool same = loader->root_ == candidate;
    std::string path = files_->Describe(candidate) + (same ? "" : ", which contains " + files_->Describe(loader->root_));
    for (const Loader* step = this;; step = step->referrer_.get()) {
      path = files_->Describe(step->root_) + " -> " + path;
      if (step == loader) break;
    }
    return base::Invalid("cycle: " + path);
  }
  return {};
}

Result<Loader::Ptr> Loader::Child(const base::Files& files, std::string root) const {
  if (depth_ + 1 > options_->limits.max_depth)
    return base::MakeError(base::Reason::TooLarge,
                           "more than " + std::to_string(options_->limits.max_depth) + " kustomizations nested in each other");
  std::shared_ptr<Loader> child(new Loader(files, *options_, *budget_));
  child->root_ = std::move(root);
  child->depth_ = depth_ + 1;
  child->cloned_ = cloned_;
  child->referrer_ = shared_from_this();
  return Ptr(child);
}

Result<Loader::Ptr> Loader::Clone(const GitUrl& url) const {
  if (options_->remote == nullptr) return base::MakeError(base::Reason::Unsupported, "remote bases are not allowed in this build");
  for (const Loader* loader = this; loader != nullptr; loader = loader->referrer_.get())
    if (loader->repository_.starts_with(url.raw))
      return base::Invalid("cycle: " + Quote(url.raw) + " is referenced by " + Quote(loader->repository_));
  TRY(std::shared_ptr<const base::Files> files, options_->remote->FetchTree(url));
  TRY(std::string root, ConfirmDirectory(*files, url.path.empty() ? "." : url.path));
  std::shared_ptr<Loader> loader(new Loader(*files, *options_, *budget_));
  loader->owned_ = std::move(files);
  loader->root_ = std::move(root);
  loader->repository_ = url.raw;
  loader->cloned_ = true;
  loader->depth_ = depth_ + 1;
  loader->referrer_ = shared_from_this();
  if (loader->depth_ > options_->limits.max_depth)
    return base::MakeError(base::Reason::TooLarge, "too many remote bases nested in each other");
  return Ptr(loader);
}

Result<Loader::Ptr> Loader::Directory(std::string_view path) const {
  if (path.empty()) return base::Invalid("the path is empty");
  if (auto url = ParseGitUrl(path)) return Clone(*url);
  if (path.starts_with('/')) return base::Invalid("directory " + Quote(path) + " is absolute; a relative path is needed");
  if (HasAmbiguousSegment(path))
    return base::Invalid("path " + Quote(path) + " is ambiguous: a segment holds \"..\" among other characters; check the indentation");
  TRY(const std::string place, Locate(path));
  TRY(std::string resolved, ConfirmDirectory(*files_, place));
  TRY(RefuseCycle(resolved));
  return Child(*files_, std::move(resolved));
}

}  // namespace sluice::kustomize
