// sources/artifact/composed_files.h: one tree made of others, as it would look on disk after files were copied together: a checkout with its submodules, a
// part of one (sparseCheckout), one with other artifacts copied in (include). Nothing is copied; each read goes to the tree it belongs to.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace sluice::sources {

/// `path` made relative to the root and free of `.`, `..` and doubled slashes; a `..` at the root stays there, and a leading slash means the root, as
/// Flux has it (cyphar/filepath-securejoin). "." for the root. Invalid: a NUL, over 4,096 bytes, deeper than 64.
base::Result<std::string> ClampPath(std::string_view path);

/// What of `files` is at `from` (a normalised path of a directory or a file) shows at `path` (normalised, not the root).
struct Mount {
  std::string path;
  std::shared_ptr<const base::Files> files;
  std::string from = ".";
};

/// `whole` with `mounts` on top: what it has at a mount's path is hidden, directories on the way to it are there. Of nested mounts the inner one shows.
/// The paths are taken as they are: no link of `whole` is followed to them. Where a directory has mounts in it, its content id is "".
std::shared_ptr<const base::Files> WithMounts(std::shared_ptr<const base::Files> whole, std::vector<Mount> mounts);

/// `whole` with a copy of `files`/`from` at `to`, by the rules of Flux's include (a rename into the checkout): both paths are clamped, `to` is followed through
/// links inside `whole`, what is in its place must be an empty directory, or a file where a file is copied. Errors: NotFound (`from`), AlreadyExists,
/// Invalid (`to` leads outside, or through a file).
base::Result<std::shared_ptr<const base::Files>> WithCopy(std::shared_ptr<const base::Files> whole,
                                                          std::shared_ptr<const base::Files> files, std::string_view from,
                                                          std::string_view to);

/// Of `whole` only what is at or below `paths` (clamped), and the directories on the way. NotFound: one of them is not there, or only through a link; the
/// message names it as it is written.
base::Result<std::shared_ptr<const base::Files>> OnlyPaths(std::shared_ptr<const base::Files> whole, const std::vector<std::string>& paths);

/// Whether `path` is one of `chosen` (normalised), below one, or on the way to one.
bool IsChosen(const std::vector<std::string>& chosen, std::string_view path);

}  // namespace sluice::sources
