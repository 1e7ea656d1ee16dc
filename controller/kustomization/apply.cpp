// How a set of objects is applied.
//
// The owned-object index already knows, for every live object that carries our labels, a hash of the fields we own. So most objects of most runs
// are judged without a request. What is left is dry-run, all of a stage before any of it is written, so that a broken revision is never
// half applied. The dry run's answer also replaces the look at the live object: it is the live object with our fields put in, so it tells what
// the object's annotations ask for and whether there is anything to change. Then the stage is written, kind by kind in Flux's order,
// objects of one kind side by side.
//
// The first to be written is spared its dry run where that could tell nothing new: an object that we applied, that nobody touched since, and
// of which we want something else now; or one that the index does not know, written so that it can only be created. Should the server refuse the
// write, nothing of the stage has been written, as after a dry run. So the usual commit, one new image, costs one request for its object and not two.
#include "controller/kustomization/apply.h"

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/failpoint.h"
#include "controller/gather.h"
#include "controller/kustomization/apply_errors.h"
#include "controller/kustomization/take_over.h"
#include "kube/version.h"
#include "net/await.h"
#include "rollout/annotations.h"
#include "rollout/diagnose.h"
#include "rollout/fingerprint.h"
#include "rollout/status.h"

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::Result;
using document::Value;
using rollout::LiveFacts;

constexpr auto kSyncTimeout = std::chrono::seconds(30);
constexpr auto kStageTimeout = std::chrono::seconds(60);
/// The server parses what is applied twice where it is to warn of what it does not know; nobody reads that, and an apply refuses such fields anyway.
constexpr std::string_view kNoWarnings = "Ignore";
/// No stored object has this version (etcd's first write is its revision 2), so an apply that names it creates, or is a Conflict.
constexpr std::string_view kNoVersion = "1";

std::string NameOf(const kube::ObjectRef& ref) { return ref.Id().ToString(); }

/// Says so for as long as it lives.
class Waiting {
 public:
  explicit Waiting(const ApplyRequest& request) : request_(request) { Say(true); }
  ~Waiting() { Say(false); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  void Say(bool waiting) const {
    if (request_.on_wait) request_.on_wait(waiting);
  }
  const ApplyRequest& request_;
};

}  // namespace

struct Applier::Item {
  kube::ObjectRef ref;
  const Value* desired = nullptr;
  rollout::PlannedObject plan;
  bool watched = false;
  bool recreate = false, begun = false, done = false;  ///< begun: a write was sent
  bool untried = false;                                ///< its write is its dry run
  bool only_create = false;                            ///< of one untried: it must not be there yet
  bool takes_over = false;                             ///< others left fields on it that are to be undone
  bool merges = false;                                 ///< `ssa: Merge`: what others left stays
  std::string live_uid;                                ///< of the object that the dry run met; "" if it would be created
  std::optional<Value> payload;                        ///< sent in place of `desired`: without what spec.ignore names
  Effect effect = Effect::Unchanged;
  std::optional<Error> error;
  bool IsTrial() const { return untried && !recreate; }
  bool IsUnsure() const { return begun && !done && !(error && IsRefusal(*error)); }
  bool Writes() const { return plan.action == rollout::Action::Create || plan.action == rollout::Action::Configure; }
};

std::string_view ToString(Effect effect) {
  switch (effect) {
    case Effect::Unchanged: return "unchanged";
    case Effect::Created:
    case Effect::Recreated: return "created";
    case Effect::Configured: return "configured";
    case Effect::Skipped: break;
  }
  return "skipped";
}

net::Task<ApplyResult> Applier::Run(ApplyRequest request) {
  ApplyResult result;
  rollout::SortForApply(request.objects);
  for (const Value& object : request.objects) all_.push_back(kube::ObjectRef::Of(object));
  for (const rollout::Stage stage : rollout::kStages) {
    std::vector<Item> items;
    for (const Value& object : request.objects) {
      if (rollout::StageOf(object, request.custom_stage_kinds) != stage) continue;
      items.push_back(Item{.ref = kube::ObjectRef::Of(object), .desired = &object});
    }
    if (items.empty()) continue;
    net::Task<Result<void>> running = RunStage(items, request, result);
    Result<void> ran = co_await std::move(running);
    if (ran && rollout::IsWaitedFor(stage)) {
      const Waiting place(request);
      net::Task<Result<void>> waiting = AwaitStage(items);
      ran = co_await std::move(waiting);
    }
    if (!ran) {
      result.error = std::move(ran).error();
      break;
    }
  }
  co_return result;
}

net::Task<Result<void>> Applier::RunStage(std::vector<Item>& items, const ApplyRequest& request, ApplyResult& result) {
  net::Task<Result<void>> locating = Locate(items);
  CO_TRY(co_await std::move(locating));
  for (Item& item : items) {
    net::Task<void> judging = Judge(item, request);
    co_await std::move(judging);
    if (item.error) co_return std::move(*item.error);
  }
  if (request.prove_rights) ProveRights(items);
  SLUICE_FAILPOINT("apply.stage.before");
  net::Task<Result<void>> trying = DryRunAll(items, request);
  CO_TRY(co_await std::move(trying));
  SLUICE_FAILPOINT("apply.dry-runs.after");
  net::Task<Result<void>> recording = Record(items, request);
  CO_TRY(co_await std::move(recording));
  net::Task<Result<void>> writing = WriteAll(items, request);
  Result<void> written = co_await std::move(writing);
  SLUICE_FAILPOINT("apply.stage.after");
  for (const Item& item : items) {
    if (item.IsUnsure()) result.unsure.push_back(item.ref);
    if (item.Writes() && !item.done) continue;
    result.applied.push_back({.ref = item.ref,
                              .effect = item.effect,
                              .pod_selector = rollout::PodSelector(*item.desired),
                              .vanishes = rollout::VanishesWhenDone(*item.desired)});
  }
  co_return written;
}

/// Which resource each kind is, and from now on what the index knows of it.
net::Task<Result<void>> Applier::Locate(std::vector<Item>& items) {
  const document::GroupVersionKind* last = nullptr;
  bool watched = false;
  kube::ResourcePtr resource;
  for (Item& item : items) {
    if (last == nullptr || *last != item.ref.gvk) {
      net::Task<Result<kube::ResourcePtr>> finding = client_.mapper().Find(item.ref.gvk);
      Result<kube::ResourcePtr> found = co_await std::move(finding);
      if (!found) co_return DryRunError(item.ref, std::move(found).error());
      resource = std::move(found).value();
      net::Task<Result<void>> following = index_.EnsureWatched(item.ref.gvk, kSyncTimeout);
      const Result<void> followed = co_await std::move(following);
      if (!followed && (followed.error().reason == base::Reason::Canceled || followed.error().reason == base::Reason::Timeout))
        co_return followed.error();
      watched = followed.has_value();  // else we are not allowed to look: each object is asked for instead
      last = &item.ref.gvk;
    }
    item.watched = watched;
    if (!resource->namespaced && !item.ref.ns.empty()) {  // a transformer cannot know the scope of every kind
      const kube::ObjectRef written = item.ref;
      item.ref.ns.clear();
      std::replace(all_.begin(), all_.end(), written, item.ref);
    }
    if (resource->namespaced && item.ref.ns.empty()) {
      co_return base::Invalid(NameOf(item.ref) +
                              " namespace not specified, error: set metadata.namespace, or spec.targetNamespace of the Kustomization");
    }
  }
  co_return Result<void>();
}

net::Task<void> Applier::Judge(Item& item, const ApplyRequest& request) {
  LiveFacts facts;
  const auto known = index_.Lookup(item.ref);
  if (known) {
    facts.presence = known->owner == request.owner ? LiveFacts::Presence::Present : LiveFacts::Presence::Foreign;
    facts.fingerprint = known->fingerprint;
    facts.selectors = known->selectors;
    facts.deleting = known->deleting;
    facts.leftovers = known->leftovers;
    facts.settled = known->settled;
  } else if (item.watched) {
    facts.presence = LiveFacts::Presence::Absent;
  }
  const std::uint64_t rules = request.ignore == nullptr ? 0 : HashOf(request.ignore->FieldsOf(*item.desired));
  item.plan = rollout::PlanObject(*item.desired, facts, rules);
  // `IfNotPresent` turns on whether any object of that name exists, ours or not, so it is worth a look.
  const bool asks = item.plan.action == rollout::Action::Create && item.plan.selectors.Has(rollout::Selector::SsaIfNotPresent);
  if (asks) {
    const kube::ReadOptions options{.as = request.as, .metadata_only = true};
    net::Task<Result<Value>> reading = client_.Get(item.ref, options);
    const Result<Value> live = co_await std::move(reading);
    if (live) item.plan.action = rollout::Action::Skip;
    if (!live && live.error().reason != base::Reason::NotFound) item.error = live.error().Wrap(NameOf(item.ref));
  }
  if (item.plan.action == rollout::Action::Skip) item.effect = Effect::Skipped;
  if (item.plan.action == rollout::Action::Unchanged && known && !known->settled)
    index_.Settle(item.ref, {.desired = item.plan.fingerprint, .live = known->fingerprint});
}

/// Has one object a kind and namespace dry-run, if none would be.
void Applier::ProveRights(std::vector<Item>& items) {
  std::set<std::pair<document::GroupVersionKind, std::string>> tried;
  const auto place = [](const Item& item) { return std::pair(item.ref.gvk, item.ref.ns); };
  for (const Item& item : items) {
    if (item.Writes()) tried.insert(place(item));
  }
  for (Item& item : items) {
    if (item.plan.action == rollout::Action::Unchanged && tried.insert(place(item)).second) item.plan.action = rollout::Action::Configure;
  }
}

/// Whether a dry run could tell nothing that is not known: the live object is as our last apply left it, and we want another one now. Takes on the
/// item what the dry run would have told.
bool Applier::IsOwnChange(Item& item, const ApplyRequest& request) const {
  if (!item.watched || request.migrate_api_version || request.ignore != nullptr) return false;
  const auto known = index_.Lookup(item.ref);
  if (!known || !known->settled || known->owner != request.owner || known->deleting || known->leftovers) return false;
  if (known->settled->live != known->fingerprint || known->settled->desired == item.plan.fingerprint) return false;
  item.live_uid = known->uid;
  item.merges = item.plan.selectors.Has(rollout::Selector::SsaMerge);
  return true;
}

/// Whether an object is new as far as the index knows. One of that name without our labels may be there all the same.
bool Applier::IsNew(const Item& item, const ApplyRequest& request) const {
  return item.watched && !request.cautious && !request.migrate_api_version && item.plan.action == rollout::Action::Create &&
         !index_.Lookup(item.ref);
}

net::Task<Result<void>> Applier::DryRunAll(std::vector<Item>& items, const ApplyRequest& request) {
  std::vector<Item*> changed;
  for (Item& item : items) {
    if (item.Writes()) changed.push_back(&item);
  }
  if (changed.empty()) co_return Result<void>();
  Item& head = *changed.front();
  head.only_create = IsNew(head, request);
  head.untried = head.only_create || IsOwnChange(head, request);
  const std::size_t spared = head.untried ? 1 : 0;
  auto each = [this, &changed, &request, spared](std::size_t i) { return DryRun(*changed[i + spared], request); };
  net::Task<Result<void>> all = ForEach(client_.transport().environment().io, changed.size() - spared, request.concurrent, each);
  CO_TRY(co_await std::move(all));
  if (head.untried && std::any_of(changed.begin(), changed.end(), [](const Item* item) { return item->error.has_value(); })) {
    net::Task<void> too = DryRun(head, request);  // what is wrong with it belongs into the message
    co_await std::move(too);
  }
  // Independent errors are reported together: one look at the condition is enough to mend them all.
  std::optional<Error> first;
  for (const Item* item : changed) {
    if (!item->error) continue;
    if (first) {
      first->message += "\n" + item->error->message;
    } else {
      first = item->error;
    }
  }
  if (first) co_return std::move(*first);
  co_return Result<void>();
}

net::Task<void> Applier::DryRun(Item& item, const ApplyRequest& request) {
  if (request.migrate_api_version) {
    auto guard = index_.BeginWrite(item.ref);
    net::Task<Result<void>> migrating = MigrateFields(client_, item.ref, std::string(kFieldManager), request.as);
    Result<void> migrated = co_await std::move(migrating);
    if (!migrated) {
      item.error = std::move(migrated).error().Wrap(NameOf(item.ref) + " failed to migrate API version");
      co_return;
    }
  }
  // Where there is nothing that the answer could be compared with, who owns what and the annotations are all of it that is read.
  const bool compares = !item.watched || request.ignore != nullptr || index_.Lookup(item.ref).has_value();
  const kube::ApplyOptions options{.manager = std::string(kFieldManager),
                                   .force = true,
                                   .dry_run = true,
                                   .as = request.as,
                                   .metadata_only = !compares,
                                   .field_validation = std::string(kNoWarnings)};
  SLUICE_FAILPOINT("apply.dry-run.before");
  net::Task<Result<Value>> sending = client_.Apply(*item.desired, options);
  Result<Value> answer = co_await std::move(sending);
  SLUICE_FAILPOINT("apply.dry-run.after");
  if (!answer) {
    net::Task<void> failing = OnRefused(item, request, std::move(answer).error());
    co_await std::move(failing);
    co_return;
  }
  const rollout::Selectors live = rollout::SelectorsOf(*answer);
  const bool only_first =
      live.Has(rollout::Selector::SsaIfNotPresent) &&
      !rollout::SelectorsOf(*item.desired).Has(rollout::Selector::SsaIfNotPresent);  // so it is the live object that says it
  if (live.Excluded() || only_first) {                                               // the live object asks to be left alone
    item.plan.action = rollout::Action::Skip;
    item.effect = Effect::Skipped;
    co_return;
  }
  item.live_uid = answer->StringAt({"metadata", "uid"});
  item.merges = (item.plan.selectors | live).Has(rollout::Selector::SsaMerge);
  item.takes_over = !item.merges && rollout::HasLeftovers(*answer, request.takeover);
  if (!compares) co_return;
  net::Task<void> comparing = Compare(item, request, std::move(answer).value());
  co_await std::move(comparing);
}

/// The dry run failed: an error, unless the object may be made anew. A live object may ask for that too.
net::Task<void> Applier::OnRefused(Item& item, const ApplyRequest& request, Error error) {
  bool force = request.force || item.plan.selectors.Has(rollout::Selector::Force);
  if (IsImmutable(error) && !force) {
    const kube::ReadOptions look{.as = request.as, .metadata_only = true};
    net::Task<Result<Value>> reading = client_.Get(item.ref, look);
    const Result<Value> live = co_await std::move(reading);
    force = live && rollout::SelectorsOf(*live).Has(rollout::Selector::Force);
  }
  bool immutable = IsImmutable(error);
  if (!immutable && force && (error.reason == base::Reason::Invalid || error.reason == base::Reason::Conflict)) {
    net::Task<bool> asking = WouldBeCreated(item, request);
    immutable = co_await std::move(asking);
  }
  if (immutable && force) {
    item.recreate = true;
  } else {
    item.error = DryRunError(item.ref, std::move(error));
  }
}

/// Is the object sound, so that it is its past that the server refuses? Asked by a dry run under a name that is free. Deleting for the sake of an object that
/// cannot be created either would lose what there is.
net::Task<bool> Applier::WouldBeCreated(const Item& item, const ApplyRequest& request) {
  Value other = *item.desired;
  const std::string name = "sluice-" + base::Sha256Hex(item.ref.Id().ToString()).substr(0, 16);
  other["metadata"].Set("name", name);
  const kube::WriteOptions options{.manager = std::string(kFieldManager), .dry_run = true, .as = request.as, .metadata_only = true};
  net::Task<Result<Value>> creating = client_.Create(other, options);
  const Result<Value> created = co_await std::move(creating);
  co_return created.has_value();
}

/// Is there anything to write? `answer` is what the live object would become.
net::Task<void> Applier::Compare(Item& item, const ApplyRequest& request, Value answer) {
  const std::uint64_t would_be = rollout::FingerprintLive(answer, kFieldManager);
  const auto known = index_.Lookup(item.ref);
  const bool is_known = item.watched && known && known->owner == request.owner && known->uid == item.live_uid;
  const auto unchanged = [&] {
    if (is_known) index_.Settle(item.ref, {.desired = item.plan.fingerprint, .live = known->fingerprint});
    item.plan.action = rollout::Action::Unchanged;
  };
  if (is_known && !item.takes_over && would_be == known->fingerprint) {
    unchanged();
    co_return;
  }
  const Fields ignored = request.ignore == nullptr ? Fields() : request.ignore->FieldsOf(answer);
  if (item.watched && ignored.empty()) co_return;
  const kube::ReadOptions look{.as = request.as};
  net::Task<Result<Value>> reading = client_.Get(item.ref, look);
  const Result<Value> now = co_await std::move(reading);
  if (!now || now->StringAt({"metadata", "uid"}) != item.live_uid) co_return;                    // it is going to be created
  const bool same = !item.watched && rollout::FingerprintLive(*now, kFieldManager) == would_be;  // the index does not know it
  if (!item.takes_over && (same || (!ignored.empty() && DiffersOnlyIn(ignored, *now, answer)))) {
    unchanged();
  } else if (!ignored.empty()) {
    item.payload = PayloadFor(*item.desired, ignored, *now, answer, kFieldManager);
  }
}

/// Whether anything is about to be written that nobody would know of after a crash. What the index does not know (a kind that we may not watch, an object of another
/// owner) may be made or taken as well.
bool Applier::BeyondRecord(const std::vector<Item>& items, const rollout::Inventory& recorded) {
  if (std::any_of(items.begin(), items.end(), [](const Item& item) { return item.plan.action == rollout::Action::Create; })) return true;
  std::set<document::ObjectId> known;
  for (const rollout::InventoryEntry& entry : recorded.entries()) known.insert(entry.id);
  return std::any_of(items.begin(), items.end(), [&known](const Item& item) { return item.Writes() && !known.contains(item.ref.Id()); });
}

net::Task<Result<void>> Applier::Record(const std::vector<Item>& items, const ApplyRequest& request) {
  if (recorded_ || !request.before_create || !BeyondRecord(items, request.recorded)) co_return Result<void>();
  SLUICE_FAILPOINT("apply.record.before");
  net::Task<Result<void>> recording = request.before_create(all_);
  CO_TRY(co_await std::move(recording));
  recorded_ = true;
  SLUICE_FAILPOINT("apply.record.after");
  co_return Result<void>();
}

net::Task<Result<void>> Applier::WriteAll(std::vector<Item>& items, const ApplyRequest& request) {
  const auto head = std::find_if(items.begin(), items.end(), [](const Item& item) { return item.untried; });
  if (head != items.end()) {
    net::Task<void> writing = Write(*head, request);
    co_await std::move(writing);
    if (head->error) co_return *head->error;
  }
  for (std::size_t begin = 0; begin < items.size();) {
    // Objects of one kind side by side, kinds one after the other.
    std::size_t end = begin;
    std::vector<Item*> group;
    for (; end < items.size() && items[end].ref.gvk == items[begin].ref.gvk; ++end) {
      if (items[end].Writes() && !items[end].done) group.push_back(&items[end]);
    }
    begin = end;
    if (group.empty()) continue;
    auto each = [this, &group, &request](std::size_t i) { return Write(*group[i], request); };
    net::Task<Result<void>> all = ForEach(client_.transport().environment().io, group.size(), request.concurrent, each);
    CO_TRY(co_await std::move(all));
    for (const Item* item : group) {
      if (item->error) co_return *item->error;
    }
  }
  co_return Result<void>();
}

net::Task<void> Applier::Write(Item& item, const ApplyRequest& request) {
  if (item.recreate) {
    net::Task<Result<void>> removing = Remove(item, request);
    Result<void> removed = co_await std::move(removing);
    if (!removed) {
      item.error = std::move(removed).error().Wrap(NameOf(item.ref) + " could not be recreated");
      co_return;
    }
  }
  net::Task<Result<void>> putting = Put(item, request);
  Result<void> put = co_await std::move(putting);
  if (put) co_return;
  if (!item.IsTrial() || !IsRefusal(put.error())) {
    item.error = item.IsTrial() ? std::move(put).error().Wrap(NameOf(item.ref) + " apply failed") : std::move(put).error();
    co_return;
  }
  if (item.only_create) {  // it is there, or would not be let in: the dry run tells which
    item.untried = item.only_create = false;
    net::Task<void> trying = DryRun(item, request);
    co_await std::move(trying);
  } else {
    net::Task<void> refusing = OnRefused(item, request, std::move(put).error());
    co_await std::move(refusing);
  }
  if (item.error || !item.Writes()) co_return;
  net::Task<void> again = Write(item, request);
  co_await std::move(again);
}

/// One write, and what the index and the result are to know of it.
net::Task<Result<void>> Applier::Put(Item& item, const ApplyRequest& request) {
  const auto before = index_.Lookup(item.ref);
  auto guard = index_.BeginWrite(item.ref);
  item.begun = true;
  net::Task<Result<Value>> writing = Send(item, request);
  Result<Value> stored = co_await std::move(writing);
  // An object without managed fields has its old ones noted (`before-first-apply`) by the first apply only: then they are undone by a second one.
  if (stored && !item.recreate && !item.merges && !item.only_create && rollout::HasLeftovers(*stored, request.takeover)) {
    item.takes_over = true;
    net::Task<Result<Value>> again = Send(item, request);
    stored = co_await std::move(again);
  }
  if (!stored) co_return std::move(stored).error();
  item.only_create = false;
  guard.Applied(*stored, item.plan.fingerprint);
  item.done = true;
  const bool existed = !item.recreate && item.live_uid == stored->StringAt({"metadata", "uid"});
  const bool same = item.untried && existed && before && kube::VersionOf(*stored) == before->resource_version;
  item.effect = item.recreate ? Effect::Recreated : same ? Effect::Unchanged : existed ? Effect::Configured : Effect::Created;
  co_return Result<void>();
}

/// Takes over what others left, if anything, and applies.
net::Task<Result<Value>> Applier::Send(Item& item, const ApplyRequest& request) {
  if (item.takes_over) {
    SLUICE_FAILPOINT("apply.take-over.before");
    net::Task<Result<void>> taking = TakeOverFields(client_, item.ref, request.takeover, request.as);
    Result<void> taken = co_await std::move(taking);
    SLUICE_FAILPOINT("apply.take-over.after");
    if (!taken) co_return std::move(taken).error().Wrap(NameOf(item.ref) + " metadata.managedFields cleanup failed");
  }
  const kube::ApplyOptions options{
      .manager = std::string(kFieldManager), .force = true, .as = request.as, .field_validation = std::string(kNoWarnings)};
  Value created;
  if (item.only_create) {
    created = *item.desired;
    created["metadata"].Set("resourceVersion", kNoVersion);
  }
  SLUICE_FAILPOINT("apply.write.before");
  net::Task<Result<Value>> sending = client_.Apply(item.only_create ? created : item.payload ? *item.payload : *item.desired, options);
  Result<Value> stored = co_await std::move(sending);
  SLUICE_FAILPOINT("apply.write.after");
  if (!stored && !item.IsTrial()) co_return std::move(stored).error().Wrap(NameOf(item.ref) + " apply failed");
  co_return stored;
}

/// Deletes in the background and waits until it is gone, by watching the index.
net::Task<Result<void>> Applier::Remove(const Item& item, const ApplyRequest& request) {
  const kube::ReadOptions look{.as = request.as, .metadata_only = true};
  net::Task<Result<Value>> reading = client_.Get(item.ref, look);
  Result<Value> live = co_await std::move(reading);
  if (!live && live.error().reason == base::Reason::NotFound) co_return Result<void>();
  if (!live) co_return std::move(live).error();
  auto guard = index_.BeginWrite(item.ref);
  const kube::DeleteOptions options{.uid = std::string(live->StringAt({"metadata", "uid"})), .as = request.as};
  SLUICE_FAILPOINT("apply.recreate.before");
  net::Task<Result<void>> deleting = client_.Delete(item.ref, options);
  const Result<void> deleted = co_await std::move(deleting);
  // NotFound: somebody was quicker, or it was our own request, whose answer was lost.
  if (!deleted && deleted.error().reason != base::Reason::NotFound) co_return deleted;
  SLUICE_FAILPOINT("apply.recreate.after");
  guard.Deleted(options.uid);
  const Waiting place(request);
  const base::TimePoint deadline = clock_.Now() + request.recreate_timeout;
  while (clock_.Now() < deadline) {
    net::Task<Result<Value>> again = client_.Get(item.ref, look);
    Result<Value> still = co_await std::move(again);
    if (!still && still.error().reason == base::Reason::NotFound) co_return Result<void>();
    if (still && still->StringAt({"metadata", "uid"}) != options.uid) co_return Result<void>();
    net::Task<Result<void>> pause = woken_.Wait(std::chrono::seconds(1));  // the index saw something, or it is not watched
    const Result<void> woke = co_await std::move(pause);
    if (!woke && woke.error().reason == base::Reason::Canceled) co_return woke.error();
  }
  co_return base::MakeError(base::Reason::Timeout,
                            "still there after " + base::FormatGoDuration(request.recreate_timeout) + ": a finalizer holds it");
}

net::Task<Result<void>> Applier::AwaitStage(const std::vector<Item>& items) {
  const base::TimePoint deadline = clock_.Now() + kStageTimeout;
  for (;;) {
    std::string missing;
    for (const Item& item : items) {
      if (item.effect == Effect::Skipped || !item.watched) continue;
      const auto live = index_.Lookup(item.ref);
      if (live && live->status.phase == rollout::Phase::Current) continue;
      if (!live) {  // somebody is deleting it, and our apply met the old one: it will be made anew by the next run, which its end asks for
        co_return base::MakeError(base::Reason::Canceled, NameOf(item.ref) + " is gone");
      }
      if (!missing.empty()) missing += ", ";
      missing += NameOf(item.ref) + " status: '" + std::string(rollout::ToString(live->status.phase)) + "'";
    }
    if (missing.empty()) co_return Result<void>();
    const base::Duration left = deadline - clock_.Now();
    if (left.count() <= 0) co_return base::MakeError(base::Reason::Timeout, "timeout waiting for: [" + missing + "]");
    net::Task<Result<void>> pause = woken_.Wait(left);
    const Result<void> woke = co_await std::move(pause);
    if (!woke && woke.error().reason == base::Reason::Canceled) co_return woke.error();
  }
}

}  // namespace sluice::controller::kustomization
