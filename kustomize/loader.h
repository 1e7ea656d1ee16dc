// kustomize/loader.h: what one kustomization may read, and how its paths are found: relative to its own directory, symbolic links resolved,
// files inside that directory unless the restrictor is lifted, directories anywhere but around one that is being visited (contract §4).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "kustomize/budget.h"
#include "kustomize/build.h"

namespace sluice::kustomize {

/// A directory under construction. Keeps its tree alive and knows who referred to it, for cycles.
class Loader : public std::enable_shared_from_this<Loader> {
 public:
  using Ptr = std::shared_ptr<const Loader>;

  /// The loader of the build root: directory `path` of `files`, or a Git URL. `files`, `options` and `budget` outlive it.
  /// Errors: NotFound, Invalid (not a directory), Unsupported (a URL without resolver).
  static base::Result<Ptr> Root(const base::Files& files, std::string_view path, const BuildOptions& options, Budget& budget);

  /// Bytes of the file `path` (or http(s) URL).
  /// Errors: NotFound, Invalid (a directory, outside of this one), Unsupported (a URL without resolver), TooLarge.
  base::Result<std::string> Load(std::string_view path) const;
  /// The same for a file that somebody named: NotFound tells which one of its directory may have been meant.
  base::Result<std::string> LoadNamed(std::string_view path) const;
  /// The loader of another directory or Git URL.
  /// Errors: NotFound, Invalid (a file, absolute, ambiguous `a..b`, a cycle, outside of a cloned repository), Unsupported, TooLarge (nested too deep).
  base::Result<Ptr> Directory(std::string_view path) const;

  bool IsDirectory(std::string_view path) const;
  /// Names in the directory part of `path`, for "did you mean".
  std::vector<std::string> Neighbours(std::string_view path) const;

  /// The tree, and where `path`, a directory, is in it. Errors: Invalid (it leaves the tree).
  const base::Files& files() const { return *files_; }
  base::Result<std::string> Find(std::string_view path) const { return Locate(path); }

  /// Directory in the tree, normalised, without links.
  const std::string& root() const { return root_; }
  /// `path`, relative to this directory, for a person.
  std::string Describe(std::string_view path) const;

 private:
  Loader(const base::Files& files, const BuildOptions& options, Budget& budget) : files_(&files), options_(&options), budget_(&budget) {}
  /// Lexical: where `path` is in the tree. Invalid if it leaves the tree.
  base::Result<std::string> Locate(std::string_view path) const;
  base::Result<std::string> LoadUrl(std::string_view url) const;
  /// What was read, on the budget's account.
  base::Result<std::string> Spent(base::Result<std::string> text) const;
  base::Result<Ptr> Clone(const GitUrl& url) const;
  base::Result<void> RefuseCycle(const std::string& candidate) const;
  base::Result<Ptr> Child(const base::Files& files, std::string root) const;
  static base::Result<std::string> ConfirmDirectory(const base::Files& files, std::string_view path);

  std::shared_ptr<const base::Files> owned_;  ///< of a cloned repository
  const base::Files* files_;
  const BuildOptions* options_;
  Budget* budget_;
  std::string root_ = ".";
  std::string repository_;  ///< raw URL when this is the top of a clone
  bool cloned_ = false;     ///< inside a clone: restricted to its tree
  std::size_t depth_ = 0;
  Ptr referrer_;
};

}  // namespace sluice::kustomize
