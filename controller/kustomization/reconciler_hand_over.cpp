// Objects that leave: to another Kustomization, into nothing, or not before somebody says yes.
#include <algorithm>

#include "controller/conditions.h"
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/state.h"
#include "net/await.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;
using kube::SharedObject;
using rollout::Inventory;
using rollout::InventoryEntry;

/// How many of the held objects a message names.
constexpr std::size_t kNamesInMessages = 20;
/// How long the end of a Kustomization waits for the source of one that was made along with it.
constexpr base::Duration kNewcomerGrace = std::chrono::seconds(30);

bool SameCluster(const Value& one, const Value& other) {
  const Value none;
  const Value* a = one.At({"spec", "kubeConfig"});
  const Value* b = other.At({"spec", "kubeConfig"});
  const bool remote = a != nullptr && !a->IsNull();
  // A name leads to the kubeconfig of its own namespace.
  if (remote && document::NamespaceOf(one) != document::NamespaceOf(other)) return false;
  return (a == nullptr ? none : *a) == (b == nullptr ? none : *b);
}

/// Puts those of `stale` that `kustomization` has on record, in its status or in the journal (may be null), into `kept`; whether there is any.
bool Keeps(const Value& kustomization, const Inventory* begun, const std::vector<InventoryEntry>& stale,
           std::set<document::ObjectId>& kept) {
  const Value* recorded = kustomization.At({"status", "inventory"});
  Inventory inventory = Inventory::FromValue(recorded == nullptr ? Value() : *recorded);
  if (begun != nullptr) inventory = inventory.Union(*begun);
  bool any = false;
  for (const InventoryEntry& entry : stale) {
    if (!inventory.Contains(entry.id)) continue;
    kept.insert(entry.id);
    any = true;
  }
  return any;
}

bool IsSuspended(const Value& object) {
  const Value* flag = object.At({"spec", "suspend"});
  return flag != nullptr && flag->AsBool().value_or(false);
}

}  // namespace

/// Kustomizations that may be about to take objects over from this one: their newest intent is not applied yet. Under lock-down only those of the same
/// namespace or source: nobody else's build has a say in what a tenant may delete.
/// Those that are up to date, but have one of `stale` on record as well (two Kustomizations with one object), keep it: they are woken to take it.
std::vector<Claimer> Reconciler::Newcomers(const Run& run, const std::vector<InventoryEntry>& stale, std::set<document::ObjectId>& kept) {
  std::vector<Claimer> out;
  for (const SharedObject& other : parts_.store.List()) {
    Key key{std::string(document::NamespaceOf(*other)), std::string(document::NameOf(*other))};
    if (key == run.key || IsDeleting(*other) || IsSuspended(*other) || !SameCluster(*other, *run.object)) continue;
    base::Result<Spec> spec = ParseBuildSpec(*other);
    if (!spec || spec->source.name.empty()) continue;
    const bool related = key.ns == run.key.ns || spec->source == run.spec.source;
    if (options_.no_cross_namespace_refs && !related) continue;
    auto source = parts_.registry.Find({spec->source.kind, spec->source.ns, spec->source.name});
    if (!source) continue;
    const auto at = states_.find(key);
    const bool known = at != states_.end() && at->second->applied && at->second->generation == GenerationOf(*other);
    const Inventory* begun = journal_.Find(key, other->StringAt({"metadata", "uid"}));
    const bool before_us = at == states_.end() && ShowsSuccess(*other, source->revision);  // applied by the process before this one
    if (before_us || (known && at->second->revision == source->revision)) {
      if (Keeps(*other, begun, stale, kept)) queue_->Add(key, trigger::kDrift);
      continue;
    }
    Claimer claimer{.key = std::move(key), .spec = std::move(*spec), .source = std::move(source), .reads = std::nullopt};
    if (known) {
      claimer.reads = at->second->reads;
      if (Keeps(*other, begun, stale, claimer.on_record)) queue_->Add(claimer.key, trigger::kDrift);
    }
    out.push_back(std::move(claimer));
  }
  return out;
}

/// Whether a Kustomization that was made shortly before this one was deleted has no source yet, so that nobody can say what it will claim.
bool Reconciler::AwaitsNewcomers(const Run& run) const {
  const auto deleted = base::ParseRfc3339(run.object->StringAt({"metadata", "deletionTimestamp"}));
  if (!deleted || run.started > *deleted + kNewcomerGrace) return false;
  const std::vector<SharedObject> all = parts_.store.List();
  return std::any_of(all.begin(), all.end(), [&](const SharedObject& other) {
    const auto made = base::ParseRfc3339(other->StringAt({"metadata", "creationTimestamp"}));
    const bool together = made && *made + kNewcomerGrace > *deleted;
    if (!together || IsDeleting(*other) || IsSuspended(*other) || !SameCluster(*other, *run.object)) return false;
    const base::Result<Spec> spec = ParseBuildSpec(*other);
    return spec && !spec->source.name.empty() && parts_.registry.Find({spec->source.kind, spec->source.ns, spec->source.name}) == nullptr;
  });
}

net::Task<std::set<document::ObjectId>> Reconciler::ClaimedByOthers(std::shared_ptr<Run> run, std::vector<InventoryEntry> stale) {
  std::set<document::ObjectId> kept;
  std::vector<Claimer> claimers = Newcomers(*run, stale, kept);
  for (Claimer& claimer : claimers) {  // of a source that somebody else writes the files may not be here yet
    if (claimer.source->files) continue;
    net::Task<ArtifactLoader::Answer> loading = parts_.loader.Load(claimer.source);
    ArtifactLoader::Answer answer = co_await std::move(loading);
    auto whole = std::make_shared<SourceArtifact>(*claimer.source);
    whole->files = std::move(answer.files);
    claimer.source = std::move(whole);
  }
  std::erase_if(claimers, [](const Claimer& claimer) { return claimer.source->files == nullptr; });
  net::Task<std::set<document::ObjectId>> asking = ClaimsOf(parts_.services, parts_.builder, std::move(claimers));
  std::set<document::ObjectId> claimed = co_await std::move(asking);
  claimed.merge(kept);
  co_return claimed;
}

net::Task<RemovalDecision> Reconciler::JudgeRemoval(std::shared_ptr<Run> run, Inventory wanted) {
  RemovalDecision decision;
  run->attempt.judged = true;
  std::vector<InventoryEntry> stale = run->inventory.Without(wanted);
  if (!run->spec.prune || stale.empty()) co_return decision;
  std::vector<InventoryEntry> ours = wanted.entries();
  net::Task<void> scoping = DropFalseNamespaces(run->cluster->client, stale);
  co_await std::move(scoping);
  net::Task<void> scoping_ours = DropFalseNamespaces(run->cluster->client, ours);
  co_await std::move(scoping_ours);
  const Inventory scoped(std::move(ours));
  std::erase_if(stale, [&](const InventoryEntry& entry) { return scoped.Contains(entry.id); });
  if (stale.empty()) co_return decision;

  net::Task<std::set<document::ObjectId>> claiming = ClaimedByOthers(run, stale);
  std::set<document::ObjectId> claimed = co_await std::move(claiming);
  RemovalRequest request{.stale = std::move(stale),
                         .claimed = std::move(claimed),
                         .inventory = run->inventory.entries().size(),
                         .wanted = wanted.entries().size(),
                         .held = HoldsMass(*run->object),
                         .released = rollout::IsReleased(document::AnnotationOf(*run->object, rollout::kAllowPrune), run->attempt.revision),
                         .as = run->as,
                         .owner = run->key,
                         .guard = options_.guard};
  net::Task<RemovalDecision> deciding = DecideRemoval(run->cluster->client, run->cluster->index, std::move(request));
  decision = co_await std::move(deciding);
  if (!decision.held.empty()) {
    run->attempt.held = Attempt::Held{.mass = decision.mass,
                                      .message = "nothing is deleted of: " + rollout::ListNames(decision.held, kNamesInMessages) + ": " +
                                                 decision.why + ". If that is meant, annotate this Kustomization with " +
                                                 std::string(rollout::kAllowPrune) + "=" + run->attempt.revision};
  }
  co_return decision;
}

}  // namespace sluice::controller::kustomization
