// releases/helm_waiter.h: the wait of waitStrategy `legacy`: by Helm's own rules (rollout/helm_ready.h), asked of the server every two seconds, as Helm does. Belongs to
// the I/O thread.
#pragma once

#include <vector>

#include "releases/follower.h"

namespace sluice::releases {

/// Ok when all were ready at once. Errors: Timeout `timeout waiting for: [Deployment/prod/web status: 'InProgress']` and a line for each of what is missing;
/// Invalid as soon as a Job has failed (`failed early due to stalled resources: …`; Helm gives it another minute); those of the server; Canceled.
/// `client` outlives the call.
net::Task<base::Result<void>> AwaitReadyAsHelm(kube::Client& client, kube::Impersonate as, std::vector<Awaited> objects,
                                               AwaitOptions options);

}  // namespace sluice::releases
