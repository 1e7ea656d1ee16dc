// controller/kustomization/take_over.h: the requests by which fields of other managers become ours before an apply (rules: rollout/takeover.h).
#pragma once

#include <string>

#include "base/result.h"
#include "kube/client.h"
#include "rollout/takeover.h"

namespace sluice::controller::kustomization {

/// Looks at the live object and takes over what others left on it. Nothing to do, or no such object, is Ok. Somebody who writes it meanwhile is met by
/// looking again. Errors: Conflict after ten tries, and those of the client.
net::Task<base::Result<void>> TakeOverFields(kube::Client& client, kube::ObjectRef ref, rollout::TakeoverRules rules, kube::Impersonate as);

/// Writes all entries of its managed fields as of the version of `ref` (gate MigrateAPIVersion). A live object that asks to be left alone is. Ok and errors
/// as above.
net::Task<base::Result<void>> MigrateFields(kube::Client& client, kube::ObjectRef ref, std::string manager, kube::Impersonate as);

}  // namespace sluice::controller::kustomization
