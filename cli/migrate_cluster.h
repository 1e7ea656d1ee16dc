// cli/migrate_cluster.h: `sluice migrate` without files: what the cluster stores of Flux's kinds becomes their storage version, as `flux migrate` does it.
#pragma once

#include "base/result.h"
#include "cli/cluster_commands.h"

namespace sluice::cli {

/// Writes every object of every definition labelled `app.kubernetes.io/part-of: flux` as it is, its managedFields as of the storage version, then says in
/// the definition's status.storedVersions that no other is stored. Tells each step on standard output, and on standard error what failed, which ends it:
/// what was done stays and is not harmed by another run. Returns the exit code.
int MigrateCluster(const ClusterFlags& flags);

}  // namespace sluice::cli
