// helm/release/history.h: what the revisions of one release say together. Histories are sorted by version, oldest first.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "helm/release/secret.h"

namespace sluice::helm {

using History = std::vector<ReleaseRecord>;

void SortHistory(History& history);
const ReleaseRecord* LastOf(const History& history);  ///< the newest; null for an empty one
const ReleaseRecord* FindRevision(const History& history, int version);
const ReleaseRecord* LastDeployed(const History& history);  ///< the newest that is deployed
/// What an upgrade compares with: the last if it is deployed, else the newest deployed one, else the last if it failed or is superseded.
/// Errors, in Helm's words: NotFound `"web" has no deployed releases`, Conflict `another operation (install/upgrade/rollback) is in progress`.
base::Result<const ReleaseRecord*> CurrentOf(const History& history, const std::string& name);
/// The version an upgrade or rollback of `history` gets; 1 for an empty one.
int NextRevision(const History& history);
/// The versions to delete so that one more makes at most `max` (0: no limit): the oldest, never the newest deployed one.
std::vector<int> VersionsToPrune(const History& history, int max);
/// May `name` be installed? Errors: Conflict `cannot reuse a name that is still in use`.
base::Result<void> CheckNameIsFree(const History& history, bool replace);

}  // namespace sluice::helm
