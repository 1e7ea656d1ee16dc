// controller/source_stores.h: the watched source objects of all kinds, and the way around the watch (gate DirectSourceFetch).
#pragma once

#include <functional>
#include <map>
#include <string>

#include "kube/client.h"
#include "kube/store.h"

namespace sluice::controller {

/// By kind; all outlive whoever is given this.
using SourceStores = std::map<std::string, kube::ObjectStore*, std::less<>>;

/// Asks the server for one object and tells the store of it, whose listeners tell the registry. A failure leaves what the watch said last.
net::Task<void> ReadSourceLive(kube::Client& client, kube::ObjectStore& store, document::NamespacedName name);

}  // namespace sluice::controller
