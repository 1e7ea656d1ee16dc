// sources/artifact/ignored_files.h: a tree as its artifact would hold it: without what the ignore rules name and without symbolic links,
// so that a build straight from a Git tree sees what a consumer of the artifact sees (contract 4.2, 4.3).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "sources/artifact/unpack.h"

namespace sluice::sources {

/// `whole` seen through its ignore rules: version control's list always, each `.sourceignore` of the tree for its directory, then `ignore` (spec.ignore, if set);
/// where there is no rule in either, Flux's default extras. A file re-included below an ignored directory shows, with the directories on its way.
/// Reads every directory of `whole` once (for the `.sourceignore` files), and keeps it alive. The result is thread-safe if `whole` is.
/// Errors: those of reading `whole`; TooLarge: a tree beyond the budget of budget_files.h.
base::Result<std::shared_ptr<const base::Files>> WithoutIgnored(std::shared_ptr<const base::Files> whole,
                                                                const std::optional<std::string>& ignore, const UnpackLimits& limits = {});

}  // namespace sluice::sources
