// sources/git/delta_chains.h: how long are the chains of deltas in a pack? An object at the end of one costs as many objects as the chain has links, and a
// pack of a few megabytes can hold a million links. Git itself makes none longer than 4,095.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace sluice::sources {

/// Reads the headers in `<stem>.pack` by its `<stem>.idx` (version 2); no object is unpacked. Blocking.
/// Errors: TooLarge (a chain with more than `max_links` links; the limit is named), Invalid (they do not fit each other), Unavailable (the disk).
base::Result<void> CheckDeltaChains(const std::string& stem, std::size_t max_links);

}  // namespace sluice::sources
