// sources/git/tree_files.h: a commit's tree as base::Files, read from the object store as it is asked for.
#pragma once

#include <memory>
#include <string_view>

#include "base/files.h"
#include "sources/git/object_store.h"

namespace sluice::sources {

/// The tree `root` of `store`, which it keeps alive. Symbolic links resolve inside the tree as in a checkout at its root; an absolute target leads outside of it.
/// Submodules are not there. Beside the errors of base::Files: Unavailable (the store is damaged), and Invalid for a tree no checkout would take.
std::shared_ptr<const base::Files> OpenTreeFiles(std::shared_ptr<const ObjectStore> store, const ObjectId& root);

}  // namespace sluice::sources
