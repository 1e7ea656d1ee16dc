// What an event means. A row is compared with what it was; who caused the difference is told by time alone:
//  - an event no younger than the row (our own answer was faster than the watch, or a list repeats what is known) says nothing new;
//  - while a write of ours is under way (a guard is held) rows follow the events, but nobody is told: the watch may show our own write before
//    its answer is here. When the last guard goes, the row is compared with what was applied, or, if nothing was, with what it was before;
//  - everything else was somebody else.
#include "kube/index_impl.h"
#include "kube/version.h"
#include "rollout/fingerprint.h"

namespace sluice::kube {

namespace {

using document::Value;

Changes Bit(Change change) { return static_cast<Changes>(change); }

void AddIf(Changes& changes, bool condition, Change change) {
  if (condition) changes = static_cast<Changes>(changes | Bit(change));
}

}  // namespace

OwnedIndex::Impl::Facts OwnedIndex::Impl::Read(const Value& object) const {
  Facts facts;
  facts.uid = object.StringAt({"metadata", "uid"});
  facts.ns = NamespaceOf(object);
  facts.name = NameOf(object);
  facts.owner_ns = LabelOf(object, namespace_label);
  facts.owner_name = LabelOf(object, name_label);
  facts.version = VersionOf(object);
  facts.fingerprint = rollout::FingerprintLive(object, options.manager);
  facts.status = StatusOf(facts, object);
  facts.selectors = rollout::SelectorsOf(object, options.label_prefix);
  facts.deleting = object.At({"metadata", "deletionTimestamp"}) != nullptr;
  facts.leftovers = rollout::HasLeftovers(object, takeover);
  return facts;
}

rollout::Status OwnedIndex::Impl::StatusOf(const Facts& facts, const Value& object) const {
  std::optional<rollout::Status> own = closed ? std::nullopt : listener.Judge(facts.owner_ns, facts.owner_name, object);
  rollout::Status status = own ? *std::move(own) : rollout::ComputeStatus(object, client.transport().environment().clock.Now());
  if (status.phase == rollout::Phase::Current) status = {.phase = rollout::Phase::Current, .reason = {}, .message = {}};
  return status;
}

OwnedIndex::Impl::Before OwnedIndex::Impl::BeforeOf(const Row& row) const {
  return {.version = row.version,
          .fingerprint = row.fingerprint,
          .status = table.StatusOf(row),
          .selectors = row.selectors,
          .leftovers = row.leftovers};
}

void OwnedIndex::Impl::Store(RowId id, const Facts& facts) {
  table.SetUid(id, facts.uid);
  table.SetOwner(id, facts.owner_ns, facts.owner_name);
  table.SetStatus(id, facts.status);
  Row& row = table.At(id);
  if (row.fingerprint != facts.fingerprint) row.settled = 0;
  row.version = facts.version;
  row.fingerprint = facts.fingerprint;
  row.selectors = facts.selectors;
  row.deleting = facts.deleting;
  row.leftovers = facts.leftovers;
  if (!facts.deleting) row.expected_gone = false;
}

Changes OwnedIndex::Impl::Compare(const Before& before, const Row& row) const {
  Changes changes = 0;
  const bool left = row.leftovers && !before.leftovers && !row.selectors.Has(rollout::Selector::SsaMerge);
  AddIf(changes, before.fingerprint != row.fingerprint || left, Change::Drift);
  AddIf(changes, !table.HasStatus(row, before.status), Change::Readiness);
  AddIf(changes, !(before.selectors == row.selectors), Change::Selectors);
  return changes;
}

void OwnedIndex::Impl::Tell(const Owner& owner, const ObjectRef& ref, Changes changes) {
  if (changes != 0 && !closed) listener.OnChanged(owner, ref, changes);
}

OwnedIndex::Impl::Pending* OwnedIndex::Impl::PendingOf(const Row& row) {
  if (pending.empty()) return nullptr;
  const auto found = pending.find(RefOf(row));
  return found == pending.end() ? nullptr : &found->second;
}

void OwnedIndex::Impl::OnObject(KindWatch& watch, const Value& object) {
  const RowId known = table.Find(watch.kind, NamespaceOf(object), NameOf(object));
  if (known != kNoRow) {
    table.At(known).list = watch.list;
    if (const std::uint64_t version = VersionOf(object); version != 0 && version <= table.At(known).version) return;
  }
  const Facts facts = Read(object);
  if (known == kNoRow) {
    const RowId id = table.Insert(watch.kind, facts.ns, facts.name);
    Store(id, facts);
    table.At(id).list = watch.list;
    if (watch.told && PendingOf(table.At(id)) == nullptr) Tell(table.OwnerOf(table.At(id)), RefOf(table.At(id)), Bit(Change::Added));
    return;
  }
  const Row& row = table.At(known);
  const Before before = BeforeOf(row);
  const Owner old_owner = table.OwnerOf(row);
  Store(known, facts);
  if (PendingOf(row) != nullptr) return;
  const Owner owner = table.OwnerOf(row);
  const ObjectRef ref = RefOf(row);
  const Changes changes = Compare(before, row);
  if (owner == old_owner) {
    Tell(owner, ref, changes);
  } else {
    Tell(old_owner, ref, Bit(Change::Deleted));
    Tell(owner, ref, Bit(Change::Added));
  }
}

void OwnedIndex::Impl::OnDeleted(KindWatch& watch, const Value& object) {
  const RowId id = table.Find(watch.kind, NamespaceOf(object), NameOf(object));
  if (id == kNoRow) return;
  const std::uint64_t version = VersionOf(object);
  if (version != 0 && version < table.At(id).version) return;  // it was created anew, and that is known already
  Remove(id, version, false);
}

/// What the whole list did not tell of is gone, unless it is younger than the list.
void OwnedIndex::Impl::OnListEnd(KindWatch& watch, std::string_view resource_version) {
  const std::uint64_t as_of = ParseVersion(resource_version);
  std::vector<RowId> gone;
  table.ForEach([&](RowId id, const Row& row) {
    if (row.kind == watch.kind && row.list != watch.list && (as_of == 0 || row.version <= as_of)) gone.push_back(id);
  });
  watch.told = true;
  for (RowId id : gone) {
    const Row& row = table.At(id);  // a listener may have forgotten the kind meanwhile
    if (row.used && row.kind == watch.kind && row.list != watch.list) Remove(id, as_of, false);
  }
}

/// Whatever is told from now on is newer than what is known.
void OwnedIndex::Impl::OnRewound(const KindWatch& watch) {
  table.ForEach([&](RowId id, const Row& row) {
    if (row.kind == watch.kind) table.At(id).version = 0;
  });
  for (auto& [ref, held] : pending) {
    if (ref.gvk != kinds[watch.kind]) continue;
    if (held.before) held.before->version = 0;
    if (held.gone_version != 0) held.gone_version = 1;
  }
}

void OwnedIndex::Impl::Remove(RowId id, std::uint64_t version, bool quiet) {
  const Row& row = table.At(id);
  const Owner owner = table.OwnerOf(row);
  const ObjectRef ref = RefOf(row);
  const bool foretold = row.expected_gone;
  Pending* held = PendingOf(row);
  table.Erase(id);
  if (held != nullptr) {
    held->gone_version = version;
    held->foretold = held->foretold || foretold;
    return;
  }
  if (!quiet) Tell(owner, ref, Bit(foretold ? Change::Gone : Change::Deleted));
}

void OwnedIndex::Impl::Begin(const ObjectRef& ref) {
  Pending& held = pending[ref];
  if (held.guards++ != 0) return;
  const RowId id = FindRow(ref);
  if (id == kNoRow) return;
  held.before = BeforeOf(table.At(id));
  held.owner = table.OwnerOf(table.At(id));
  held.owner_before = held.owner;
}

/// Makes `stored` the new normal, unless something younger is known already: then that is what will be judged, against `stored`.
void OwnedIndex::Impl::Applied(const ObjectRef& ref, const Value& stored, std::uint64_t desired) {
  const auto kind = kind_ids.find(ref.gvk);
  if (kind == kind_ids.end() || !watches.contains(ref.gvk)) return;
  const Facts facts = Read(stored);
  if (facts.owner_name.empty()) return;  // the watch would not show it to us
  const auto held = pending.find(ref);
  if (held != pending.end() && (!held->second.applied || held->second.before->version < facts.version)) {
    held->second.before = Before{.version = facts.version,
                                 .fingerprint = facts.fingerprint,
                                 .status = facts.status,
                                 .selectors = facts.selectors,
                                 .leftovers = facts.leftovers};
    held->second.owner = {std::string(facts.owner_ns), std::string(facts.owner_name)};
    held->second.applied = true;
  }
  RowId id = table.Find(kind->second, facts.ns, facts.name);
  const bool gone_since = id == kNoRow && held != pending.end() && held->second.gone_version > facts.version;
  if (gone_since) return;
  if (id == kNoRow) id = table.Insert(kind->second, facts.ns, facts.name);
  if (table.At(id).version < facts.version) Store(id, facts);
  Row& row = table.At(id);
  if (row.fingerprint == facts.fingerprint) row.settled = desired;
}

void OwnedIndex::Impl::ForetellGone(const ObjectRef& ref, std::string_view uid) {
  const RowId id = FindRow(ref);
  if (id != kNoRow && table.UidOf(table.At(id)) != uid) return;
  if (const auto held = pending.find(ref); held != pending.end()) held->second.foretold = true;
  if (id != kNoRow) table.At(id).expected_gone = true;
}

/// The verdict, once no write of ours to `ref` is under way any more.
void OwnedIndex::Impl::End(const ObjectRef& ref) {
  const auto found = pending.find(ref);
  if (found == pending.end() || --found->second.guards > 0) return;
  const Pending held = std::move(found->second);
  pending.erase(found);
  const RowId id = FindRow(ref);
  if (id != kNoRow) {
    const Owner owner = table.OwnerOf(table.At(id));
    const Changes changes = held.before ? Compare(*held.before, table.At(id)) : Bit(Change::Added);
    Tell(owner, ref, changes);
    if (held.owner_before && *held.owner_before != owner) Tell(*held.owner_before, ref, Bit(Change::Taken));
  } else if (held.before && held.gone_version != 0) {
    Tell(held.owner, ref, Bit(held.foretold ? Change::Gone : Change::Deleted));
  }
}

}  // namespace sluice::kube
