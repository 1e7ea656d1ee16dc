#include "controller/kustomization/removal.h"

#include <algorithm>
#include <map>

#include "controller/gather.h"
#include "controller/kustomization/owner.h"
#include "net/await.h"
#include "rollout/annotations.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using document::ObjectId;
using document::Value;
using rollout::InventoryEntry;

kube::ObjectRef RefOf(const InventoryEntry& entry) { return {.gvk = entry.Gvk(), .ns = entry.id.ns, .name = entry.id.name}; }

/// Whether pruning would really delete it.
bool WouldBeDeleted(const Result<Value>& live, const kube::Owner& owner) {
  if (!live) return live.error().reason != base::Reason::NotFound;
  const rollout::Selectors asks = rollout::SelectorsOf(*live);
  const bool deleting = live->At({"metadata", "deletionTimestamp"}) != nullptr;
  return IsOwned(*live, owner) && !deleting && !asks.Excluded() && !asks.Has(rollout::Selector::PruneDisabled);
}

struct Looked {
  const InventoryEntry* entry = nullptr;
  bool deletes = true;  ///< what was not looked at counts
};

net::Task<void> LookAt(kube::Client& client, Looked& item, const RemovalRequest& request) {
  const kube::ReadOptions options{.as = request.as, .metadata_only = true};
  const kube::ObjectRef ref = RefOf(*item.entry);
  net::Task<Result<Value>> reading = client.Get(ref, options);
  const Result<Value> live = co_await std::move(reading);
  item.deletes = WouldBeDeleted(live, request.owner);
}

/// The entries among `entries` that would really be deleted.
net::Task<std::vector<InventoryEntry>> Deletions(kube::Client& client, const std::vector<const InventoryEntry*>& entries,
                                                 const RemovalRequest& request) {
  std::vector<Looked> looked;
  for (const InventoryEntry* entry : entries) looked.push_back({.entry = entry});
  auto look = [&client, &looked, &request](std::size_t i) { return LookAt(client, looked[i], request); };
  net::Task<Result<void>> all = ForEach(client.transport().environment().io, looked.size(), request.concurrent, look);
  [[maybe_unused]] const Result<void> ran = co_await std::move(all);  // cancelled: what follows will be
  std::vector<InventoryEntry> out;
  for (const Looked& item : looked) {
    if (item.deletes) out.push_back(*item.entry);
  }
  co_return out;
}

bool Contains(const std::vector<InventoryEntry>& entries, const ObjectId& id) {
  return std::any_of(entries.begin(), entries.end(), [&](const InventoryEntry& entry) { return entry.id == id; });
}

// ---- What a container holds ------------------------------------------------------------------------------------------------------------

/// Made by the cluster itself in every namespace, or derived from what is there.
bool IsFurniture(const kube::Resource& resource, const Value& object) {
  const document::GroupVersionKind& gvk = resource.gvk;
  if (gvk.kind == "Event" || gvk.kind == "Endpoints" || gvk.kind == "EndpointSlice" || gvk.kind == "Lease" ||
      gvk.kind == "ControllerRevision")
    return true;
  const std::string_view name = document::NameOf(object);
  if (gvk.group.empty() && gvk.kind == "ServiceAccount" && name == "default") return true;
  if (gvk.group.empty() && gvk.kind == "ConfigMap" && name == "kube-root-ca.crt") return true;
  if (gvk.group.empty() && gvk.kind == "Secret" && !document::AnnotationOf(object, "kubernetes.io/service-account.name").empty())
    return true;
  const Value* owners = object.At({"metadata", "ownerReferences"});
  return (owners != nullptr && !owners->empty()) || object.At({"metadata", "deletionTimestamp"}) != nullptr;
}

bool LeavesToo(const Value& object, const ObjectId& id, const std::set<ObjectId>& leaving) {
  if (leaving.contains(id)) return true;
  const auto owner = [&](std::string_view group, std::string_view kind) {
    const std::string prefix(group);
    return ObjectId{prefix, std::string(kind), std::string(document::LabelOf(object, prefix + "/namespace")),
                    std::string(document::LabelOf(object, prefix + "/name"))};
  };
  return leaving.contains(owner("kustomize.toolkit.fluxcd.io", "Kustomization")) ||
         leaving.contains(owner("helm.toolkit.fluxcd.io", "HelmRelease"));
}

struct Found {
  std::string first;  ///< `ConfigMap/shop/a`
  std::size_t count = 0;
  void Add(const ObjectId& id) {
    if (count++ == 0) first = id.ToString();
  }
  std::string Text() const {
    if (count == 0) return "";
    return count == 1 ? "it holds " + first : "it holds " + first + " and " + std::to_string(count - 1) + " more";
  }
};

/// Counts the objects of one kind, below `ns` or everywhere, that do not leave by themselves.
net::Task<Result<void>> CountObjects(kube::Client& client, kube::ResourcePtr resource, std::string ns, const std::set<ObjectId>& leaving,
                                     kube::Impersonate as, bool furniture_counts, Found& found) {
  std::vector<ObjectId> ids;
  kube::ListSink sink;
  sink.item = [&](const Value& object) {
    ObjectId id{resource->gvk.group, resource->gvk.kind, std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))};
    if (LeavesToo(object, id, leaving) || (!furniture_counts && IsFurniture(*resource, object))) return;
    ids.push_back(std::move(id));
  };
  sink.restart = [&ids] { ids.clear(); };
  const kube::ListOptions options{
      .ns = std::move(ns), .label_selector = {}, .field_selector = {}, .metadata_only = true, .as = std::move(as)};
  net::Task<Result<std::string>> listing = client.List(resource->gvk, options, sink);
  CO_TRY(co_await std::move(listing));
  for (const ObjectId& id : ids) found.Add(id);
  co_return Result<void>();
}

net::Task<std::string> ClaimHolds(kube::Client& client, const InventoryEntry& entry, const kube::Impersonate& as) {
  const kube::ReadOptions options{.as = as};
  const kube::ObjectRef ref = RefOf(entry);
  net::Task<Result<Value>> reading = client.Get(ref, options);
  const Result<Value> live = co_await std::move(reading);
  if (!live) co_return live.error().reason == base::Reason::NotFound ? std::string() : "it cannot be looked at: " + live.error().message;
  const std::string_view volume = live->StringAt({"spec", "volumeName"});
  if (!volume.empty()) co_return "it is bound to the volume " + std::string(volume);
  co_return live->StringAt({"status", "phase"}) == "Bound" ? "it is bound" : "";
}

net::Task<std::string> DefinitionHolds(kube::Client& client, const InventoryEntry& entry, const std::set<ObjectId>& leaving,
                                       const kube::Impersonate& as) {
  const kube::ReadOptions options{.as = as};
  const kube::ObjectRef ref = RefOf(entry);
  net::Task<Result<Value>> reading = client.Get(ref, options);
  const Result<Value> live = co_await std::move(reading);
  if (!live) co_return live.error().reason == base::Reason::NotFound ? std::string() : "it cannot be looked at: " + live.error().message;
  document::GroupKind kind{std::string(live->StringAt({"spec", "group"})), std::string(live->StringAt({"spec", "names", "kind"}))};
  net::Task<Result<kube::ResourcePtr>> finding = client.mapper().FindPreferred(std::move(kind));
  const Result<kube::ResourcePtr> resource = co_await std::move(finding);
  if (!resource)
    co_return resource.error().reason == base::Reason::NotFound ? std::string()
                                                                : "its objects cannot be listed: " + resource.error().message;
  Found found;
  net::Task<Result<void>> counting = CountObjects(client, *resource, "", leaving, as, true, found);
  const Result<void> counted = co_await std::move(counting);
  co_return counted ? found.Text() : "its objects cannot be listed: " + counted.error().message;
}

net::Task<std::string> NamespaceHolds(kube::Client& client, const InventoryEntry& entry, const std::set<ObjectId>& leaving,
                                      const kube::Impersonate& as) {
  net::Task<Result<std::vector<kube::ResourcePtr>>> asking = client.mapper().All();
  const Result<std::vector<kube::ResourcePtr>> resources = co_await std::move(asking);
  if (!resources) co_return "it cannot be looked into: " + resources.error().message;
  std::set<document::GroupKind> seen;  // the preferred version comes first
  Found found;
  for (const kube::ResourcePtr& resource : *resources) {
    const bool countable = resource->namespaced && resource->Can(kube::Verb::List) && resource->Can(kube::Verb::Delete);
    if (!countable || !seen.insert({resource->gvk.group, resource->gvk.kind}).second) continue;
    net::Task<Result<void>> counting = CountObjects(client, resource, entry.id.name, leaving, as, false, found);
    const Result<void> counted = co_await std::move(counting);
    if (!counted && counted.error().reason != base::Reason::NotFound)
      co_return "its " + resource->plural + " cannot be listed: " + counted.error().message;
  }
  co_return found.Text();
}

/// An API version that the server has dropped since does not hide what was recorded under it.
net::Task<void> NameAsServed(kube::Client& client, std::vector<InventoryEntry>& entries) {
  std::map<document::GroupVersionKind, std::string> versions;
  for (InventoryEntry& entry : entries) {
    const document::GroupVersionKind gvk = entry.Gvk();
    auto known = versions.find(gvk);
    if (known == versions.end()) {
      net::Task<Result<kube::ResourcePtr>> finding = client.mapper().FindServed(gvk);
      const Result<kube::ResourcePtr> served = co_await std::move(finding);
      known = versions.emplace(gvk, served ? (*served)->gvk.version : gvk.version).first;
    }
    entry.version = known->second;
  }
}

}  // namespace

net::Task<std::string> WhatItHolds(kube::Client& client, InventoryEntry entry, std::set<ObjectId> leaving, kube::Impersonate as) {
  if (entry.id.kind == "PersistentVolumeClaim") {
    net::Task<std::string> asking = ClaimHolds(client, entry, as);
    co_return co_await std::move(asking);
  }
  if (entry.id.kind == "CustomResourceDefinition") {
    net::Task<std::string> asking = DefinitionHolds(client, entry, leaving, as);
    co_return co_await std::move(asking);
  }
  net::Task<std::string> asking = NamespaceHolds(client, entry, leaving, as);
  co_return co_await std::move(asking);
}

net::Task<void> DropFalseNamespaces(kube::Client& client, std::vector<InventoryEntry>& entries) {
  net::Task<Result<std::vector<kube::ResourcePtr>>> asking = client.mapper().All();  // if it was never asked
  [[maybe_unused]] const Result<std::vector<kube::ResourcePtr>> asked = co_await std::move(asking);
  for (InventoryEntry& entry : entries) {
    const kube::ResourcePtr known = entry.id.ns.empty() ? nullptr : client.mapper().Cached(entry.Gvk());
    if (known && !known->namespaced) entry.id.ns.clear();
  }
}

net::Task<RemovalDecision> DecideRemoval(kube::Client& client, kube::OwnedIndex& index, RemovalRequest request) {
  RemovalDecision decision;
  net::Task<void> renewing = NameAsServed(client, request.stale);
  co_await std::move(renewing);
  std::vector<const InventoryEntry*> candidates;
  for (const InventoryEntry& entry : request.stale) {
    const auto known = index.Lookup(RefOf(entry));
    const bool theirs = known && known->owner != request.owner;  // it has been taken over already
    if (request.claimed.contains(entry.id) && !theirs) {
      decision.handed.push_back(entry);
    } else {
      candidates.push_back(&entry);
    }
  }
  std::vector<InventoryEntry> all;
  for (const InventoryEntry* entry : candidates) all.push_back(*entry);
  const rollout::Removal most{.inventory = request.inventory, .wanted = request.wanted, .entries = all};
  const bool guarded = request.guard.on && !request.released;
  const bool many = guarded && !rollout::WhyHeld(request.guard, most, request.held).empty();
  std::vector<const InventoryEntry*> doubtful;
  for (const InventoryEntry* entry : candidates) {
    if (guarded && (many || rollout::IsContainer(entry->id))) doubtful.push_back(entry);
  }
  decision.remove = std::move(all);
  if (doubtful.empty()) co_return decision;

  net::Task<std::vector<InventoryEntry>> looking = Deletions(client, doubtful, request);
  const std::vector<InventoryEntry> deletions = co_await std::move(looking);
  if (many) {
    const rollout::Removal real{.inventory = request.inventory, .wanted = request.wanted, .entries = deletions};
    decision.why = rollout::WhyHeld(request.guard, real, request.held);
    decision.mass = !decision.why.empty();
    if (decision.mass) decision.held = deletions;
  }
  if (!decision.mass) {
    std::set<ObjectId> leaving;
    for (const InventoryEntry& entry : decision.remove) leaving.insert(entry.id);
    for (const InventoryEntry& entry : deletions) {
      if (!rollout::IsContainer(entry.id)) continue;
      net::Task<std::string> asking = WhatItHolds(client, entry, leaving, request.as);
      const std::string holds = co_await std::move(asking);
      if (holds.empty()) continue;
      decision.held.push_back(entry);
      decision.why += (decision.why.empty() ? "" : "; ") + entry.id.ToString() + ": " + holds;
    }
  }
  std::erase_if(decision.remove, [&](const InventoryEntry& entry) { return Contains(decision.held, entry.id); });
  co_return decision;
}

}  // namespace sluice::controller::kustomization
