#include "controller/source_stores.h"

#include "net/await.h"

namespace sluice::controller {

net::Task<void> ReadSourceLive(kube::Client& client, kube::ObjectStore& store, document::NamespacedName name) {
  const kube::ObjectRef object{.gvk = store.gvk(), .ns = name.ns, .name = name.name};
  net::Task<base::Result<document::Value>> reading = client.Get(object);
  base::Result<document::Value> live = co_await std::move(reading);
  if (live) store.Remember(std::move(*live));
}

}  // namespace sluice::controller
