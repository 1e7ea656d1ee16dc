#include "kube/defined_kind.h"

#include <memory>

#include "net/await.h"

namespace sluice::kube {
namespace {

using base::Reason;
using base::Result;
using document::Value;

/// How long a watch that was refused may go unnoticed. Costs no request.
constexpr std::chrono::seconds kLook{30};

bool IsEstablished(const SharedObject& definition) {
  const Value* status = definition ? definition->Find("status") : nullptr;
  const Value* conditions = status != nullptr ? status->Find("conditions") : nullptr;
  if (conditions == nullptr || !conditions->IsSequence()) return false;
  for (const Value& condition : conditions->items()) {
    if (condition.StringAt({"type"}) == "Established") return condition.StringAt({"status"}) == "True";
  }
  return false;
}

bool IsRefused(const Observer::Subscription& definition) {
  const auto trouble = definition.trouble();
  return trouble && (trouble->reason == Reason::Forbidden || trouble->reason == Reason::NotFound);
}

}  // namespace

net::Task<void> StartWhenDefined(Client& client, Observer& observer, ObjectStore& store, std::string plural) {
  net::Task<Result<ResourcePtr>> finding = client.mapper().Find(store.gvk());
  const Result<ResourcePtr> found = co_await std::move(finding);
  if (!found && found.error().reason == Reason::Canceled) co_return;
  if (!found && found.error().reason == Reason::NotFound) {
    const auto changed = std::make_shared<net::Event>(net::Event::Kind::AutoReset);
    const ObjectRef ref{
        .gvk = {"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}, .ns = "", .name = plural + "." + store.gvk().group};
    const Observer::Subscription definition = observer.Watch(ref, {}, [changed] { changed->Set(); });
    while (!IsEstablished(definition.Get()) && !IsRefused(definition)) {
      net::Task<Result<void>> waiting = changed->Wait(kLook);
      const Result<void> woke = co_await std::move(waiting);
      if (!woke && woke.error().reason == Reason::Canceled) co_return;
    }
  }
  store.Start();
}

}  // namespace sluice::kube
