// kube/defined_kind.h: kinds that a cluster may lack, because their CustomResourceDefinition comes later or never. Belongs to the I/O thread.
#pragma once

#include <string>

#include "kube/client.h"
#include "kube/observe.h"
#include "kube/store.h"

namespace sluice::kube {

/// Starts `store` as soon as the server serves its kind, whose resource is `plural`. While it does not, the server is not asked again and again: the definition is
/// watched, if that is allowed. All references outlive the task; cancelled, it has started nothing.
net::Task<void> StartWhenDefined(Client& client, Observer& observer, ObjectStore& store, std::string plural);

}  // namespace sluice::kube
