#include "controller/kustomization/prune.h"

#include <algorithm>

#include "base/failpoint.h"
#include "controller/gather.h"
#include "controller/kustomization/owner.h"
#include "net/await.h"
#include "rollout/annotations.h"

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::Result;
using document::Value;

/// How often an object that changes between our look and our deletion is looked at again.
constexpr int kAttempts = 10;

struct Item {
  rollout::InventoryEntry entry;
  kube::ObjectRef ref;
  bool deleted = false, skipped = false, terminating = false;
  std::optional<Error> error;
};

/// Looks at the object and deletes it as it was seen. False: it has changed since, and has to be looked at again.
net::Task<bool> LookAndDelete(kube::Client& client, kube::OwnedIndex& index, Item& item, const PruneRequest& request) {
  item.error.reset();
  const kube::ReadOptions look{.as = request.as, .metadata_only = true};
  net::Task<Result<Value>> reading = client.Get(item.ref, look);
  const Result<Value> live = co_await std::move(reading);
  SLUICE_FAILPOINT("prune.look.after");
  if (!live) {
    // NotFound: the object is gone, or its kind is.
    if (live.error().reason != base::Reason::NotFound) item.error = live.error().Wrap(item.entry.id.ToString() + " query failed");
    co_return true;
  }
  const rollout::Selectors asks = rollout::SelectorsOf(*live);
  item.skipped = !IsOwned(*live, request.owner) || asks.Excluded() || asks.Has(rollout::Selector::PruneDisabled);
  if (item.skipped) co_return true;
  item.terminating = !live->StringAt({"metadata", "deletionTimestamp"}).empty();
  if (item.terminating) co_return true;
  auto guard = index.BeginWrite(item.ref);
  const std::string uid(live->StringAt({"metadata", "uid"}));
  const kube::DeleteOptions options{
      .uid = uid, .resource_version = std::string(live->StringAt({"metadata", "resourceVersion"})), .as = request.as};
  SLUICE_FAILPOINT("prune.delete.before");
  net::Task<Result<void>> deleting = client.Delete(item.ref, options);
  Result<void> done = co_await std::move(deleting);
  SLUICE_FAILPOINT("prune.delete.after");
  if (!done && done.error().reason != base::Reason::NotFound) {
    const bool changed = done.error().reason == base::Reason::Conflict;
    item.error = std::move(done).error().Wrap(item.entry.id.ToString() + " delete failed");
    co_return !changed;
  }
  guard.Deleted(uid);
  item.deleted = true;
  co_return true;
}

net::Task<void> DeleteOne(kube::Client& client, kube::OwnedIndex& index, Item& item, const PruneRequest& request) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    net::Task<bool> trying = LookAndDelete(client, index, item, request);
    const bool settled = co_await std::move(trying);
    if (settled) break;
  }
}

}  // namespace

net::Task<PruneResult> Prune(kube::Client& client, kube::OwnedIndex& index, PruneRequest request) {
  std::vector<Item> items;
  for (auto entry = request.entries.rbegin(); entry != request.entries.rend(); ++entry) {
    items.push_back(Item{.entry = *entry, .ref = kube::ObjectRef{.gvk = entry->Gvk(), .ns = entry->id.ns, .name = entry->id.name}});
  }
  PruneResult result;
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin;
    while (end < items.size() && items[end].ref.gvk == items[begin].ref.gvk) ++end;
    auto each = [&client, &index, &items, &request, begin](std::size_t i) { return DeleteOne(client, index, items[begin + i], request); };
    net::Task<Result<void>> all = ForEach(client.transport().environment().io, end - begin, request.concurrent, each);
    Result<void> ran = co_await std::move(all);
    begin = end;
    if (!ran) {
      result.error = std::move(ran).error();
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (!items[i].deleted) result.left.push_back(items[i].entry);
      }
      co_return result;
    }
  }
  for (Item& item : items) {
    if (item.deleted) result.deleted.push_back(item.ref);
    if (item.skipped) result.skipped.push_back(item.ref);
    if (item.terminating) result.terminating.push_back(item.ref);
    if (!item.error) continue;
    result.left.push_back(item.entry);
    if (!result.error) result.error = base::MakeError(item.error->reason, "delete failed, errors: ");
    result.error->message += item.error->message + ";";
  }
  std::reverse(result.left.begin(), result.left.end());
  co_return result;
}

}  // namespace sluice::controller::kustomization
