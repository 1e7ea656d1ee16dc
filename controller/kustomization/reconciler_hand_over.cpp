// Objects that leave: to another Kustomization, into nothing, or not before somebody says yes.
#include <algorithm>

#include "controller/conditions.h"
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/state.h"
#include "net/await.h"
#include "rollout/annotations.h"

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
/// How long it waits at most for others to take over what they claim; its own timeout may be shorter.
constexpr base::Duration kHandOverGrace = std::chrono::minutes(5);

bool SameCluster(const Value& one, const Value& other) {
  const Value none;
  const Value* a = one.At({"spec", "kubeConfig"});
  const Value* b = other.At({"spec", "kubeConfig"});
  const bool remote = a != nullptr && !a->IsNull();
  // A name leads to the kubeconfig of its own namespace.
  if (remote && document::NamespaceOf(one) != document::NamespaceOf(other)) return false;
  return (a == nullptr ? none : *a) == (b == nullptr ? none : *b);
}

/// Those of `stale` that `kustomization` has on record, in its status or in the journal (may be null).
std::set<document::ObjectId> Keeps(const Value& kustomization, const Inventory* begun, const std::vector<InventoryEntry>& stale) {
  const Value* recorded = kustomization.At({"status", "inventory"});
  Inventory inventory = Inventory::FromValue(recorded == nullptr ? Value() : *recorded);
  if (begun != nullptr) inventory = inventory.Union(*begun);
  std::set<document::ObjectId> kept;
  for (const InventoryEntry& entry : stale)
    if (inventory.Contains(entry.id)) kept.insert(entry.id);
  return kept;
}

bool IsSuspended(const Value& object) {
  const Value* flag = object.At({"spec", "suspend"});
  return flag != nullptr && flag->AsBool().value_or(false);
}

bool DependsOn(const Spec& spec, const Key& key) {
  return std::ranges::any_of(spec.depends_on, [&key](const Dependency& one) { return one.name == key; });
}

/// `ConfigMap/shop/a (Kustomization/shop/new), …`
std::string NameClaims(const std::vector<InventoryEntry>& entries, const Claims& claims) {
  std::string out;
  for (std::size_t i = 0; i < entries.size() && i < kNamesInMessages; ++i) {
    out += (out.empty() ? "" : ", ") + entries[i].id.ToString() + " (Kustomization/" + claims.at(entries[i].id).by.ToString() + ")";
  }
  if (entries.size() > kNamesInMessages) out += " and " + std::to_string(entries.size() - kNamesInMessages) + " more";
  return out;
}

}  // namespace

/// Kustomizations that may be about to take objects over from this one: their newest intent is not applied yet. Under lock-down only those of the same
/// namespace or source: nobody else's build has a say in what a tenant may delete. Of one whose source is refused nothing is even fetched.
/// Those that are up to date, but have one of `stale` on record as well (two Kustomizations with one object), keep it: they are woken to take it.
std::vector<Claimer> Reconciler::Newcomers(const Run& run, const std::vector<InventoryEntry>& stale, Claims& kept) {
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
    const bool refused = RefusedSource(key, spec->source).has_value();                     // then it builds nothing any more
    if (before_us || (known && (refused || at->second->revision == source->revision))) {
      const std::set<document::ObjectId> ids = Keeps(*other, begun, stale);
      for (const document::ObjectId& id : ids) AddClaim(kept, id, {.by = key, .up_to_date = true});
      if (!ids.empty()) queue_->Add(key, trigger::kDrift);
      claim_memory_.erase(key);
      continue;
    }
    if (refused) continue;
    const bool waits_for_us = IsDeleting(*run.object) && DependsOn(*spec, run.key);
    Claimer claimer{.key = std::move(key),
                    .generation = GenerationOf(*other),
                    .spec = std::move(*spec),
                    .source = std::move(source),
                    .waits_for_us = waits_for_us,
                    .reads = std::nullopt};
    if (known) {
      if (!at->second->elsewhere) claimer.reads = at->second->reads;
      claimer.on_record = Keeps(*other, begun, stale);
      if (!claimer.on_record.empty()) queue_->Add(claimer.key, trigger::kDrift);
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

net::Task<Claims> Reconciler::ClaimedByOthers(std::shared_ptr<Run> run, std::vector<InventoryEntry> stale) {
  Claims kept;
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
  ClaimParts parts{.services = parts_.services,
                   .builder = parts_.builder,
                   .fetcher = options_.no_remote_bases ? nullptr : &fetcher_,
                   .on_wait = [this, key = run->key](bool waiting) { queue_->SetWaiting(key, waiting); }};
  net::Task<Claims> asking = ClaimsOf(std::move(parts), claim_memory_, std::move(claimers));
  Claims claims = co_await std::move(asking);
  for (const auto& [id, claim] : kept) AddClaim(claims, id, claim);
  co_return claims;
}

/// What becomes of the live object of `entry`, if somebody who claims it is done.
net::Task<Reconciler::Fate> Reconciler::FateOf(std::shared_ptr<Run> run, InventoryEntry entry) {
  const kube::ObjectRef ref{.gvk = entry.Gvk(), .ns = entry.id.ns, .name = entry.id.name};
  const kube::ReadOptions look{.as = run->as, .metadata_only = true};
  net::Task<base::Result<Value>> reading = run->cluster->client.Get(ref, look);
  const base::Result<Value> live = co_await std::move(reading);
  if (!live) co_return live.error().reason == base::Reason::NotFound ? Fate::Gone : Fate::Unknown;
  const rollout::Selectors asks = rollout::SelectorsOf(*live);
  co_return asks.Excluded() || asks.Has(rollout::Selector::SsaIfNotPresent) ? Fate::LeftAlone : Fate::TakenOver;
}

/// Until they carry the labels of whoever takes them over, objects stay on the record of a Kustomization that is deleted: nothing that was applied is ever nobody's.
/// The outcome with which it waits; none: there is nothing to wait for (any more). What nobody takes is not deleted, since somebody asks for it, and it is told.
net::Task<std::optional<controller::Outcome>> Reconciler::AwaitHandOver(std::shared_ptr<Run> run, std::vector<InventoryEntry> handed,
                                                                        Claims claims) {
  const base::TimePoint since = base::ParseRfc3339(run->object->StringAt({"metadata", "deletionTimestamp"})).value_or(run->started);
  const bool late = run->started - since >= std::min<base::Duration>(run->spec.timeout, kHandOverGrace);
  std::vector<InventoryEntry> awaited, left;
  for (const InventoryEntry& entry : handed) {
    const Claim& claim = claims.at(entry.id);
    const bool never = late || claim.waits_for_us;
    Fate fate = Fate::Unknown;
    if (never || claim.up_to_date) {
      net::Task<Fate> looking = FateOf(run, entry);
      fate = co_await std::move(looking);
    }
    if (fate != Fate::Gone) (never || fate == Fate::LeftAlone ? left : awaited).push_back(entry);
  }
  if (!awaited.empty()) {
    const std::string message = "Waiting until others have taken over: " + NameClaims(awaited, claims);
    Value status = StatusProgressing(*run->object, run->attempt, message, true, parts_.services.clock.Now());
    net::Task<base::Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
    const base::Result<SharedObject> written = co_await std::move(writing);
    (void)written;  // only for people; what is done does not depend on it
    co_return controller::Outcome{.again_in = std::chrono::seconds(1), .back_off = false};
  }
  if (!left.empty()) {
    Emit(*run, kube::EventType::Warning, reason::kPruneFailed,
         std::string("not deleted, since others ask for them") + (late ? ", who did not take them over in time" : "") + ": " +
             NameClaims(left, claims));
  }
  co_return std::nullopt;
}

/// Whether so much is no longer wanted that the prune guard may hold it all.
bool Reconciler::MayHoldMass(const Run& run, const Inventory& wanted) const {
  if (!run.spec.prune || !options_.guard.on) return false;
  const rollout::Removal most{
      .inventory = run.inventory.entries().size(), .wanted = wanted.entries().size(), .entries = run.inventory.Without(wanted)};
  return !most.entries.empty() && !rollout::WhyHeld(options_.guard, most, HoldsMass(*run.object)).empty();
}

net::Task<RemovalDecision> Reconciler::JudgeRemoval(std::shared_ptr<Run> run, Inventory recorded, Inventory wanted) {
  RemovalDecision decision;
  run->attempt.judged = true;
  std::vector<InventoryEntry> stale = recorded.Without(wanted);
  if (!run->spec.prune || stale.empty()) co_return decision;
  std::vector<InventoryEntry> ours = wanted.entries();
  net::Task<void> scoping = DropFalseNamespaces(run->cluster->client, stale);
  co_await std::move(scoping);
  net::Task<void> scoping_ours = DropFalseNamespaces(run->cluster->client, ours);
  co_await std::move(scoping_ours);
  const Inventory scoped(std::move(ours));
  std::erase_if(stale, [&](const InventoryEntry& entry) { return scoped.Contains(entry.id); });
  if (stale.empty()) co_return decision;

  net::Task<Claims> claiming = ClaimedByOthers(run, stale);
  const Claims claims = co_await std::move(claiming);
  // Who brings back some of what is held has not said yes to the rest. What came after it is another matter.
  std::set<document::ObjectId>& held = run->state->held;
  const bool concerned = held.empty() || std::ranges::any_of(stale, [&](const InventoryEntry& one) { return held.contains(one.id); });
  RemovalRequest request{.stale = std::move(stale),
                         .claimed = IdsOf(claims),
                         .inventory = recorded.entries().size(),
                         .wanted = wanted.entries().size(),
                         .held = HoldsMass(*run->object) && concerned,
                         .released = rollout::IsReleased(document::AnnotationOf(*run->object, rollout::kAllowPrune), run->attempt.revision),
                         .as = run->as,
                         .owner = run->key,
                         .guard = options_.guard};
  net::Task<RemovalDecision> deciding = DecideRemoval(run->cluster->client, run->cluster->index, std::move(request));
  decision = co_await std::move(deciding);
  std::set<document::ObjectId> still;
  for (const InventoryEntry& entry : decision.held)
    if (decision.mass && (held.empty() || held.contains(entry.id))) still.insert(entry.id);
  held = std::move(still);
  if (!decision.held.empty()) {
    run->attempt.held = Attempt::Held{.mass = decision.mass,
                                      .message = "nothing is deleted of: " + rollout::ListNames(decision.held, kNamesInMessages) + ": " +
                                                 decision.why + ". If that is meant, annotate this Kustomization with " +
                                                 std::string(rollout::kAllowPrune) + "=" + run->attempt.revision};
  }
  co_return decision;
}

}  // namespace sluice::controller::kustomization
