// controller/artifact_generator/compose.h: copy rules over the trees of sources, and the tree they make. The semantics are `cp`'s, as source-watcher's
// builder has them (fluxcd/source-watcher 2.2, internal/builder):
//   - `@alias/path` of a file: to `to`, or into it if it ends in a slash or is a directory by then; of a directory: as a directory below `to`; an
//     empty path is the source's root, whose content goes below `to`;
//   - `@alias/pattern` (with any of *?[]) matches name by name as Go's fs.Glob, so `**` is `*`; what matches keeps its whole path below `to`, except that
//     of `dir/**` the part `dir/` goes; directories that match are copied with all that is in them. Matching nothing is an error, all being excluded too;
//   - `exclude` are doublestar patterns, held against the path from the source's root, from where the pattern begins, and, without a slash, the name;
//   - Merge merges a YAML file into one that is there, as Helm merges values (mappings deeply, all else is replaced; keys sorted);
//   - Extract unpacks .tgz and .tar.gz below `to`; its patterns are doublestar's, and what is no archive is passed over;
//   - later files replace earlier ones; at last what every artifact leaves out by default (flux-contract 4.3) goes.
// Nothing is read or written outside of the trees, and all within a budget. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "controller/artifact_generator/path_pattern.h"

namespace sluice::controller::artifact_generator {

struct ComposeBudget {
  std::size_t max_entries = 200'000;
  std::uint64_t max_bytes = 1u << 30;
};

struct Composed {
  std::shared_ptr<const base::Files> files;
  std::uint64_t bytes = 0;  ///< of all contents
  std::string id;           ///< 64 hex digits, equal for equal trees (paths, contents, who is executable)
};

/// Errors: Invalid, NotFound (the message begins with the operation), TooLarge, and those of the trees.
base::Result<Composed> Compose(const std::vector<CopyOperation>& operations, const SourceTrees& trees, const ComposeBudget& budget = {});

}  // namespace sluice::controller::artifact_generator
