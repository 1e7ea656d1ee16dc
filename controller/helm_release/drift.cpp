#include "controller/helm_release/drift.h"

#include "controller/kustomization/take_over.h"
#include "document/diff.h"
#include "document/pointer.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "rollout/annotations.h"
#include "rollout/fingerprint.h"
#include "rollout/normalize.h"
#include "rollout/plan.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using document::Value;

constexpr auto kSyncTimeout = std::chrono::seconds(30);

bool IsExcluded(const Value& object) { return rollout::InMetadata(object, kDriftKey, "disabled"); }

/// What is compared of an object: labels, annotations and all that is neither metadata nor status.
Value Compared(const Value& object) {
  Value out = Value::Mapping();
  for (const document::Member& member : object.members()) {
    if (member.key != "metadata" && member.key != "status") out.Set(member.key, member.value);
  }
  Value& metadata = out["metadata"];
  for (const std::string_view field : {"labels", "annotations"}) {
    const Value* strings = object.At({"metadata", field});
    metadata.Set(field, strings == nullptr ? Value::Mapping() : *strings);
  }
  return out;
}

bool IsBelow(const std::vector<std::string>& path, const Fields& ignored) {
  for (const std::vector<std::string>& field : ignored) {
    if (field.size() <= path.size() && std::equal(field.begin(), field.end(), path.begin())) return true;
  }
  return false;
}

Drift Difference(const Value& live, const Value& would_be, const Fields& ignored) {
  const Value from = Compared(live), to = Compared(would_be);
  Drift out;
  for (const document::Change& change : document::Diff(from, to, {.match_items_by = ""})) {
    const auto path = document::ParsePointer(change.pointer);
    if (path && IsBelow(*path, ignored)) continue;
    switch (change.type) {
      case document::Change::Type::Added: ++out.additions; break;
      case document::Change::Type::Changed: ++out.changes; break;
      case document::Change::Type::Removed: ++out.removals; break;
    }
  }
  return out;
}

rollout::LiveFacts FactsOf(const std::optional<kube::OwnedObject>& known, bool watched, bool overrides) {
  rollout::LiveFacts facts;
  if (!known) {
    if (watched) facts.presence = rollout::LiveFacts::Presence::Absent;
    return facts;
  }
  facts.presence = rollout::LiveFacts::Presence::Present;
  facts.fingerprint = known->fingerprint;
  facts.deleting = known->deleting;
  facts.leftovers = overrides && known->leftovers;
  facts.settled = known->settled;
  return facts;
}

/// One object: nothing if it is as it should be.
net::Task<Result<std::optional<Drift>>> Look(const Cluster& cluster, Value desired, bool watched, const DriftOptions& options) {
  using Found = std::optional<Drift>;
  const kube::ObjectRef ref = kube::ObjectRef::Of(desired);
  if (IsExcluded(desired)) co_return Found(Drift{.type = Drift::Type::Excluded, .ref = ref, .payload = {}});
  const Fields ignored = options.ignore.FieldsOf(desired);
  for (const auto& field : ignored) {
    if (field.empty()) co_return Found();
  }
  const auto known = cluster.index.Lookup(ref);
  rollout::LiveFacts facts = FactsOf(known, watched, !options.overridden_managers.empty());
  const std::uint64_t rules = HashOf(ignored);
  // Helm writes an object as it was rendered, a correction as it is normalized: the live one may be as either.
  if (rollout::PlanObject(desired, facts, rules).action == rollout::Action::Unchanged) co_return Found();
  // Nobody owns what came as stringData, so nothing but a dry run tells whether it is still there.
  const bool hidden = desired.Find("stringData") != nullptr;
  if (hidden) facts.settled.reset();
  if (auto normal = rollout::NormalizeObject(desired); !normal) co_return normal.error();
  const rollout::PlannedObject plan = rollout::PlanObject(desired, facts, rules);
  if (plan.action == rollout::Action::Unchanged || plan.action == rollout::Action::Skip) co_return Found();
  const kube::ReadOptions look{.as = options.as};
  net::Task<Result<Value>> reading = cluster.client.Get(ref, look);
  Result<Value> live = co_await std::move(reading);
  if (!live && live.error().reason != base::Reason::NotFound) co_return live.error();
  if (!live)
    co_return Found(Drift{.type = Drift::Type::Removed, .ref = ref, .payload = std::move(desired), .fingerprint = plan.fingerprint});
  if (IsExcluded(*live)) co_return Found(Drift{.type = Drift::Type::Excluded, .ref = ref, .payload = {}});
  if (!options.overridden_managers.empty()) {
    const rollout::TakeoverRules overriding{.manager = std::string(kFieldManager), .overridden = options.overridden_managers};
    net::Task<Result<void>> taking = kustomization::TakeOverFields(cluster.client, ref, overriding, options.as);
    const Result<void> taken = co_await std::move(taking);
    if (!taken) co_return taken.error().Wrap("failed to clean-up disallowed field managers");
  }
  const kube::ApplyOptions dry{.manager = std::string(kFieldManager), .force = true, .dry_run = true, .as = options.as};
  net::Task<Result<Value>> trying = cluster.client.Apply(desired, dry);
  Result<Value> would_be = co_await std::move(trying);
  if (!would_be) co_return would_be.error();
  Drift drift = Difference(*live, *would_be, ignored);
  if (drift.additions + drift.changes + drift.removals == 0) {
    const bool same = !hidden && known && known->uid == live->StringAt({"metadata", "uid"}) && known->fingerprint != 0;
    if (same) cluster.index.Settle(ref, {.desired = plan.fingerprint, .live = known->fingerprint});
    co_return Found();
  }
  drift.ref = ref;
  drift.fingerprint = plan.fingerprint;
  drift.payload = ignored.empty() ? std::move(desired) : PayloadFor(std::move(desired), ignored, *live, *would_be, kFieldManager);
  co_return Found(std::move(drift));
}

}  // namespace

std::string Summarize(const std::vector<Drift>& drifts) {
  std::string out;
  for (const Drift& drift : drifts) {
    out += (out.empty() ? "" : "\n") + drift.ref.Id().ToString();
    switch (drift.type) {
      case Drift::Type::Removed: out += " removed"; break;
      case Drift::Type::Excluded: out += " excluded"; break;
      case Drift::Type::Changed:
        out += " changed (" + std::to_string(drift.additions) + " additions, " + std::to_string(drift.changes) + " changes, " +
               std::to_string(drift.removals) + " removals)";
    }
  }
  return out;
}

bool HasChanges(const std::vector<Drift>& drifts) {
  return std::any_of(drifts.begin(), drifts.end(), [](const Drift& drift) { return drift.type != Drift::Type::Excluded; });
}

net::Task<Result<std::vector<Value>>> AppliedObjects(kube::Mapper& mapper, std::shared_ptr<const helm::Release> release) {
  CO_TRY(std::vector<Value> objects, helm::ParseManifest(release->manifest_text()));
  for (Value& object : objects) {
    helm::SetOwnership(object, release->name, release->ns);
    if (!document::NamespaceOf(object).empty()) continue;
    net::Task<Result<kube::ResourcePtr>> finding = mapper.Find(document::GvkOf(object));
    Result<kube::ResourcePtr> resource = co_await std::move(finding);
    if (!resource) {
      const std::string kind = document::GvkOf(object).kind;
      co_return std::move(resource).error().Wrap("failed to determine if " + kind + " is namespace scoped");
    }
    if ((*resource)->namespaced) object["metadata"].Set("namespace", release->ns);
  }
  co_return objects;
}

net::Task<Result<std::vector<Drift>>> FindDrift(const Cluster& cluster, std::vector<Value> objects, DriftOptions options) {
  std::vector<Drift> out;
  std::optional<base::Error> trouble;
  for (Value& object : objects) {
    net::Task<Result<void>> following = cluster.index.EnsureWatched(document::GvkOf(object), kSyncTimeout);
    const Result<void> followed = co_await std::move(following);
    if (!followed && followed.error().reason == base::Reason::Canceled) co_return followed.error();
    net::Task<Result<std::optional<Drift>>> looking = Look(cluster, std::move(object), followed.has_value(), options);
    Result<std::optional<Drift>> found = co_await std::move(looking);
    if (!found && found.error().reason == base::Reason::Canceled) co_return found.error();
    if (!found) {
      trouble = std::move(found).error();
    } else if (*found) {
      out.push_back(**std::move(found));
    }
  }
  if (trouble && !HasChanges(out)) co_return std::move(*trouble).Wrap("unable to determine cluster state");
  co_return out;
}

net::Task<Correction> CorrectDrift(const Cluster& cluster, std::vector<Drift> drifts, kube::Impersonate as) {
  Correction out;
  for (const Drift::Type type : {Drift::Type::Removed, Drift::Type::Changed}) {
    const bool creates = type == Drift::Type::Removed;
    for (const Drift& drift : drifts) {
      if (drift.type != type) continue;
      auto guard = cluster.index.BeginWrite(drift.ref);
      const kube::ApplyOptions options{.manager = std::string(kFieldManager), .force = true, .as = as};
      net::Task<Result<Value>> applying = cluster.client.Apply(drift.payload, options);
      const Result<Value> stored = co_await std::move(applying);
      const std::string name = drift.ref.Id().ToString();
      if (stored) {
        guard.Applied(*stored, drift.fingerprint);
        out.done.push_back(name + (creates ? " created" : " configured"));
      } else {
        out.failed.push_back(name + (creates ? " creation failure: " : " patch failure: ") + stored.error().message);
      }
    }
  }
  co_return out;
}

}  // namespace sluice::controller::helm_release
