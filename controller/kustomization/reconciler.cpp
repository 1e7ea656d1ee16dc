// The way of one run, from what is asked for to what is applied. What follows (health, the end, deletion) is in reconciler_health.cpp and
// reconciler_end.cpp.
#include "controller/kustomization/reconciler.h"

#include <algorithm>

#include "base/failpoint.h"
#include "controller/conditions.h"
#include "controller/kustomization/state.h"
#include "controller/kustomization/wait_report.h"
#include "controller/object_events.h"
#include "controller/spec_reader.h"
#include "net/await.h"
#include "sources/git/reference.h"

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;
using rollout::Inventory;

constexpr std::string_view kStatusManager = "gotk-kustomize-controller";
/// How long a source that nobody has looked at yet is waited for before its absence is reported.
constexpr base::Duration kSourceGrace = std::chrono::seconds(5);
/// Somebody who undoes our corrections at once is answered ever more slowly.
constexpr base::Duration kDriftWindow = std::chrono::seconds(10);
constexpr unsigned kFreeDrifts = 5;

Inventory InventoryOf(const std::vector<kube::ObjectRef>& refs) {
  std::vector<rollout::InventoryEntry> entries;
  for (const kube::ObjectRef& ref : refs) entries.push_back({.id = ref.Id(), .version = ref.gvk.version});
  return Inventory(std::move(entries));
}

Inventory InventoryOf(const std::vector<AppliedObject>& applied) {
  std::vector<kube::ObjectRef> refs;
  for (const AppliedObject& object : applied) refs.push_back(object.ref);
  return InventoryOf(refs);
}

Inventory InventoryOf(const std::vector<Value>& objects) {
  std::vector<rollout::InventoryEntry> entries;
  for (const Value& object : objects) entries.push_back(rollout::EntryOf(object));
  return Inventory(std::move(entries));
}

std::string ChangeLines(const std::vector<AppliedObject>& applied) {
  std::string out;
  for (const AppliedObject& object : applied) {
    if (object.effect == Effect::Unchanged || object.effect == Effect::Skipped) continue;
    out += (out.empty() ? "" : "\n") + object.ref.Id().ToString() + " " + std::string(ToString(object.effect));
  }
  return out;
}

std::string DeletionLines(const PruneResult& pruned) {
  std::string out;
  for (const kube::ObjectRef& ref : pruned.deleted) out += (out.empty() ? "" : "\n") + ref.Id().ToString() + " deleted";
  for (const kube::ObjectRef& ref : pruned.skipped) out += (out.empty() ? "" : "\n") + ref.Id().ToString() + " skipped";
  return out;
}

bool IsReady(const Value& object) {
  const Value* status = object.Find("status");
  if (status == nullptr) return false;
  const Value* observed = status->Find("observedGeneration");
  return observed != nullptr && observed->AsInt() == GenerationOf(object) && Conditions::FromStatus(*status).IsTrue(condition::kReady);
}

/// Whether the status is about what is asked for now.
bool IsAnswered(const Value& object) {
  const Value* observed = object.At({"status", "observedGeneration"});
  return observed != nullptr && observed->AsInt() == GenerationOf(object) &&
         document::AnnotationOf(object, kRequestedAt) == object.StringAt({"status", "lastHandledReconcileAt"});
}

/// etcd's word comes through the API server as an error like any other.
bool IsTooLarge(const Error& error) {
  return error.reason == base::Reason::TooLarge || error.message.find("request is too large") != std::string::npos;
}

JournalOptions JournalOptionsOf(JournalOptions options, const kube::ObjectStore& store) {
  options.manager = kFieldManager;
  options.exists = [&store](const Key& key, std::string_view uid) {
    if (!store.synced()) return true;
    const SharedObject object = store.Get(key);
    return object && object->StringAt({"metadata", "uid"}) == uid;
  };
  return options;
}

}  // namespace

Reconciler::Reconciler(Parts parts, ReconcilerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      writer_(parts.services.client, parts.store, std::string(kStatusManager)),
      journal_(parts.services.client, JournalOptionsOf(options_.journal, parts.store)),
      expressions_(parts.services.limits.cel),
      fetcher_(parts.remotes) {}

Reconciler::~Reconciler() = default;

void Reconciler::Connect(kube::OwnedIndex& index, WorkQueue& queue, Clusters& clusters) {
  own_cluster_ = std::make_shared<const Cluster>(Cluster{parts_.services.client, index, parts_.observer});
  queue_ = &queue;
  clusters_ = &clusters;
}

void Reconciler::ForgetAll() { states_.clear(); }

net::Task<void> Reconciler::Close() {
  net::Task<void> closing = journal_.Close();
  co_await std::move(closing);
}

// ---- News ----------------------------------------------------------------------------------------------------------------------------

void Reconciler::OnChanged(const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) {
  const auto at = states_.find(owner);
  if (at != states_.end() && (!at->second->cluster || !at->second->cluster->remote())) Wake(*at->second, owner, ref, changes);
}

void Reconciler::OnRemoteChanged(const Cluster* cluster, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) {
  // Over there somebody else may have a Kustomization of the same name.
  const auto at = states_.find(owner);
  if (at != states_.end() && at->second->cluster.get() == cluster) Wake(*at->second, owner, ref, changes);
}

void Reconciler::Wake(State& state, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) {
  state.woken.Set();
  Triggers why = 0;
  if (kube::Has(changes, kube::Change::Drift) || kube::Has(changes, kube::Change::Deleted) || kube::Has(changes, kube::Change::Selectors)) {
    why |= trigger::kDrift;
    parts_.services.log.Debug(
        "owned object changed",
        {{"controllerKind", "Kustomization"}, {"namespace", owner.ns}, {"name", owner.name}, {"object", ref.Id().ToString()}});
  }
  if (state.hands_over && kube::Has(changes, kube::Change::Taken)) why |= trigger::kDrift;
  if (state.health) why |= trigger::kHealth;
  if (why != 0) queue_->Add(owner, why);
}

void Reconciler::OnKustomizationChanged(const SharedObject& before, const SharedObject& after) {
  const Key key = KeyOf(after ? *after : *before);
  if (!after) {
    links_.Remove(key);
    expressions_.Remove(key);
    return;
  }
  if (!before || GenerationOf(*before) != GenerationOf(*after)) {
    links_.Update(*after);
    expressions_.Update(*after);
  }
  if (const auto own = states_.find(key); before && own != states_.end() && own->second->waits_for_dependency &&
                                          links_.AsksByExpression(key) && MetadataMoved(*before, *after) && MayGoOn(key))
    queue_->Add(key, trigger::kDependency);
  const bool ready = IsReady(*after);
  for (const Key& dependent : links_.DependentsOf(key)) {
    const auto at = states_.find(dependent);
    if (at == states_.end() || !at->second->waits_for_dependency) continue;
    if (ready || (links_.AsksByExpression(dependent) && MayGoOn(dependent))) queue_->Add(dependent, trigger::kDependency);
  }
}

std::optional<rollout::Status> Reconciler::Judge(std::string_view owner_ns, std::string_view owner_name, const Value& object) const {
  const auto expressions = expressions_.Find(owner_ns, owner_name);
  return expressions ? expressions->Compute(object) : std::nullopt;
}

void Reconciler::OnConfigChanged(const ConfigKey& config) {
  for (const Key& key : links_.OfConfig(config)) queue_->Add(key, trigger::kConfig);
}

void Reconciler::OnSourceChanged(const SourceKey& source) {
  for (const Key& key : links_.OfSource(source)) queue_->Add(key, trigger::kSource);
}

// ---- One run -------------------------------------------------------------------------------------------------------------------------

controller::Outcome Reconciler::Next(State& state, base::Duration delay) {
  state.due = parts_.services.clock.Now() + std::chrono::duration_cast<base::TimePoint::duration>(delay);
  return {.again_in = delay, .back_off = false};
}

base::Duration Reconciler::Left(const State& state) const {
  return std::max<base::Duration>(state.due - parts_.services.clock.Now(), std::chrono::milliseconds(1));
}

base::Duration Reconciler::Interval(const Spec& spec) { return Period(parts_.services, spec.interval); }

base::Duration Reconciler::RetryInterval(const Spec& spec) { return spec.retry_interval.count() == 0 ? kNever : spec.retry_interval; }

kube::Impersonate Reconciler::Identity(const Key& key, const Spec& spec) const {
  const std::string& account = spec.service_account_name.empty() ? options_.default_service_account : spec.service_account_name;
  return account.empty() ? kube::Impersonate{} : kube::Impersonate::ServiceAccount(key.ns, account);
}

net::Task<controller::Outcome> Reconciler::Reconcile(Key key, Triggers why) {
  if (!journal_.is_open()) {
    net::Task<Result<void>> opening = journal_.Open();
    const Result<void> opened = co_await std::move(opening);
    if (!opened) co_return controller::Outcome{.again_in = {}, .back_off = true};
  }
  SharedObject object = parts_.store.Get(key);
  if (!object) {
    journal_.Settle(key);
    states_.erase(key);
    claim_memory_.erase(key);
    queue_->Forget(key);
    co_return controller::Outcome{};
  }
  auto& slot = states_[key];
  const std::string_view uid = object->StringAt({"metadata", "uid"});
  if (!slot || slot->uid != uid) {
    slot = std::make_shared<State>();
    slot->uid = uid;
  }
  auto run = std::make_shared<Run>();
  run->key = key;
  run->object = object;
  run->log = LogOf(parts_.services, *object);
  run->keep = slot;
  run->state = slot.get();
  run->why = why;
  run->started = parts_.services.clock.Now();
  State& state = *slot;
  if (IsDeleting(*object)) {
    net::Task<controller::Outcome> task = Finalize(run);
    co_return co_await std::move(task);
  }
  Result<Spec> spec = ParseSpec(*object);
  if (!spec) {
    state.ForgetIntent();
    const bool unsupported = spec.error().reason == base::Reason::Unsupported;
    net::Task<controller::Outcome> task = Stall(run, unsupported ? reason::kFeatureGateDisabled : reason::kFailed, spec.error().message);
    co_return co_await std::move(task);
  }
  if (spec->suspend) {
    net::Task<controller::Outcome> task = Suspend(run);
    co_return co_await std::move(task);
  }
  if (!HasFinalizer(*object)) {  // before all else, as Flux does it: no deletion slips by
    net::Task<Result<SharedObject>> marking = writer_.SetFinalizer(object, true);
    Result<SharedObject> marked = co_await std::move(marking);
    if (!marked) co_return controller::Outcome{.again_in = {}, .back_off = true};
    object = run->object = std::move(marked).value();
  }
  if (auto refused = Refused(*spec)) {
    state.ForgetIntent();
    net::Task<controller::Outcome> task = Stall(run, reason::kFeatureGateDisabled, std::move(*refused));
    co_return co_await std::move(task);
  }
  run->spec = std::move(*spec);
  if (auto wrong = WrongExpression(run->spec.health_check_exprs, run->spec.depends_on, parts_.services.limits.cel)) {
    state.ForgetIntent();
    net::Task<controller::Outcome> task = Stall(run, reason::kInvalidCELExpression, *std::move(wrong));
    co_return co_await std::move(task);
  }
  expressions_.Update(*object);
  run->as = Identity(key, run->spec);
  run->source = parts_.registry.Find({run->spec.source.kind, run->spec.source.ns, run->spec.source.name});
  if (run->source && run->source->revision != state.attempt.revision) TellCanceledWait(*run, run->spec.source.ToString());
  const bool same_intent = state.applied && (why & trigger::kConfig) == 0 && state.generation == GenerationOf(*object) && run->source &&
                           run->source->revision == state.revision && document::AnnotationOf(*object, kRequestedAt) == state.requested;
  const bool retries = state.unhealthy && (why & trigger::kTimer) != 0;
  if (same_intent && state.health && (why & trigger::kDrift) == 0 && !retries) {
    run->attempt = state.attempt;
    net::Task<controller::Outcome> task = CheckHealth(run);
    co_return co_await std::move(task);
  }
  const bool nothing_for_us = ((why & ~(trigger::kHealth | trigger::kDependency)) == 0) && (same_intent || !state.waits_for_dependency);
  if (nothing_for_us && state.due != base::TimePoint()) co_return controller::Outcome{.again_in = Left(state), .back_off = false};
  if (why == trigger::kDrift && run->started < state.drift_not_before) {
    co_return controller::Outcome{.again_in = state.drift_not_before - run->started, .back_off = false};
  }
  net::Task<controller::Outcome> task = RunFull(run);
  co_return co_await std::move(task);
}

/// Another revision, or being suspended, ends the wait for health. Flux says so where the gate is open (else it would wait to the end).
void Reconciler::TellCanceledWait(const Run& run, const std::string& trigger) {
  const State& state = *run.state;
  if (!state.health || state.unhealthy || !parts_.services.gates.Enabled(Gate::CancelHealthCheckOnNewRevision)) return;
  Run ended = run;
  ended.attempt = state.attempt;
  Emit(ended, kube::EventType::Normal, reason::kHealthCheckCanceled,
       "Health checks canceled due to new reconciliation triggered by " + trigger);
}

/// What the gates, or what is served at all, hold against the spec; nullopt if nothing.
std::optional<std::string> Reconciler::Refused(const Spec& spec) const {
  const bool workload_identity = parts_.services.gates.Enabled(Gate::ObjectLevelWorkloadIdentity);
  if (spec.decryption && !spec.decryption->service_account_name.empty()) {
    if (workload_identity) return RefusedField("spec.decryption.serviceAccountName").message;
    return "to use spec.decryption.serviceAccountName for decryption authentication please enable the ObjectLevelWorkloadIdentity feature "
           "gate in the controller";
  }
  return std::nullopt;
}

/// Looks for the source's tree. Sets `not_yet` where it is too early to complain: somebody is going to look, or an earlier process's artifact is
/// about to be restored.
std::optional<Error> Reconciler::FindSource(Run& run, bool& not_yet) const {
  const SourceReference& ref = run.spec.source;
  State& state = *run.state;
  if (run.source && !MayBeOutdated(run)) {
    state.waits_for_source.clear();
    return std::nullopt;
  }
  if (run.source) {
    not_yet = true;
    return base::MakeError(base::Reason::Unavailable, "Source '" + ref.ToString() + "' has not been looked at yet");
  }
  const kube::ObjectStore& sources = *SourcesOf(ref.kind);
  const SharedObject source = sources.Get({ref.ns, ref.name});
  if (state.waits_for_source != ref.ToString()) {
    state.waits_for_source = ref.ToString();
    state.source_missing_since = run.started;
  }
  const bool early = run.started < state.source_missing_since + kSourceGrace;
  if (!source && sources.synced()) {  // it may have been made after us, in one apply
    not_yet = early;
    return base::NotFound("Source '" + ref.ToString() + "' not found");
  }
  const bool kept = source && source->At({"status", "artifact"}) != nullptr;
  const Value* observed = source ? source->At({"status", "observedGeneration"}) : nullptr;
  const bool unseen = !source || observed == nullptr || observed->AsInt().value_or(-1) < 0;
  not_yet = (kept || unseen) && early;
  return base::NotFound("Source artifact not found, retrying in " + base::FormatGoDuration(parts_.services.requeue_dependency));
}

/// A source wakes us before its status is written, so after a crash its status may be older than what we have applied. To apply that would be to go back, if only
/// until the remote has answered. So a tree from a status is used only for the revision that we were at, and even that, since an apply may have been cut off before it was
/// on record, not before the source had a moment to look.
bool Reconciler::MayBeOutdated(const Run& run) const {
  if (!run.source->restored) return false;
  State& state = *run.state;
  const std::string name = run.spec.source.ToString();
  if (state.waits_for_source != name) {
    state.waits_for_source = name;
    state.source_missing_since = run.started;
  }
  const std::string attempted = sources::FromLegacyRevision(run.object->StringAt({"status", "lastAttemptedRevision"}));
  return (!attempted.empty() && attempted != run.source->revision) || run.started < state.source_missing_since + kSourceGrace;
}

/// Why a dependency holds this run up; nullopt if none does.
std::optional<std::string> Reconciler::UnmetDependency(const Run& run) const {
  for (const Dependency& dependency : run.spec.depends_on) {
    if (auto why = WhyUnready(run, dependency)) return why;
  }
  return std::nullopt;
}

std::optional<std::string> Reconciler::WhyUnready(const Run& run, const Dependency& wanted) const {
  const std::string name = "dependency '" + wanted.name.ToString() + "'";
  const SharedObject dependency = parts_.store.Get(wanted.name);
  if (!dependency) return name + " not found";
  if (!wanted.ready_expr.empty()) {
    const Result<bool> ready = IsReadyByExpression(wanted, *run.object, *dependency, parts_.services.limits.cel);
    if (!ready) return ready.error().message;
    if (!*ready) return name + " is not ready according to readyExpr eval";
    if (!parts_.services.gates.Enabled(Gate::AdditiveCELDependencyCheck)) return std::nullopt;
  }
  if (!IsReady(*dependency)) return name + " is not ready";
  const Result<Spec> spec = ParseBuildSpec(*dependency);
  const bool same_source = spec && spec->source.kind == run.spec.source.kind && spec->source.ns == run.spec.source.ns &&
                           spec->source.name == run.spec.source.name;
  if (same_source && sources::FromLegacyRevision(dependency->StringAt({"status", "lastAppliedRevision"})) != run.source->revision)
    return name + " revision is not up to date";
  return std::nullopt;
}

/// Whether what held `key` up holds it no more: asked when a dependency changed, so that only good news starts a run.
bool Reconciler::MayGoOn(const Key& key) const {
  Run run;
  run.object = parts_.store.Get(key);
  Result<Spec> spec = run.object ? ParseSpec(*run.object) : base::NotFound("");
  if (!spec) return false;
  run.key = key;
  run.spec = *std::move(spec);
  run.source = parts_.registry.Find({run.spec.source.kind, run.spec.source.ns, run.spec.source.name});
  return run.source != nullptr && !UnmetDependency(run);
}

net::Task<controller::Outcome> Reconciler::RunFull(std::shared_ptr<Run> run) {
  State& state = *run->state;
  if (auto refused = RefusedSource(run->key, run->spec.source)) {
    net::Task<controller::Outcome> task = Stall(run, refused->first, std::move(refused->second));
    co_return co_await std::move(task);
  }
  if (parts_.services.gates.Enabled(Gate::DirectSourceFetch)) {
    net::Task<void> task = ReadSourceLive(run);
    co_await std::move(task);
  }
  bool not_yet = false;
  if (auto missing = FindSource(*run, not_yet)) {
    if (not_yet) co_return Next(state, kSourceGrace);
    const bool kept = run->object->StringAt({"status", "lastAppliedRevision"}).size() > 0;
    if (kept && missing->message.starts_with("Source artifact") && IsAnswered(*run->object))
      co_return Next(state, parts_.services.requeue_dependency);  // its last state holds
    const bool absent = !missing->message.starts_with("Source artifact");
    const base::Duration again = absent ? RetryInterval(run->spec) : parts_.services.requeue_dependency;
    net::Task<controller::Outcome> task = Fail(run, reason::kArtifactFailed, std::move(*missing), again);
    co_return co_await std::move(task);
  }
  run->attempt.timeout = base::FormatGoDuration(run->spec.timeout);
  run->attempt.revision = run->source->revision;
  run->attempt.origin_revision = run->source->origin_revision;
  const auto unmet = UnmetDependency(*run);
  state.waits_for_dependency = unmet.has_value();
  if (unmet) {
    net::Task<controller::Outcome> task =
        Fail(run, reason::kDependencyNotReady, base::MakeError(base::Reason::Unavailable, *unmet), parts_.services.requeue_dependency);
    co_return co_await std::move(task);
  }
  net::Task<std::optional<controller::Outcome>> loading = LoadSource(run);
  if (const std::optional<controller::Outcome> outcome = co_await std::move(loading)) co_return *outcome;
  net::Task<bool> judging = GivesWay(run);
  if (co_await std::move(judging)) {
    queue_->Add(run->key, trigger::kRest);
    co_return controller::Outcome{};
  }
  net::Task<Result<void>> finding = FindCluster(run);
  Result<void> found = co_await std::move(finding);
  if (!found) {
    net::Task<controller::Outcome> task = Fail(run, reason::kFailed, std::move(found).error());
    co_return co_await std::move(task);
  }
  BuildOutput built;
  SLUICE_FAILPOINT("build.before");
  net::Task<Result<bool>> building = BuildInto(run, built);
  Result<bool> needed = co_await std::move(building);
  SLUICE_FAILPOINT("build.after");
  if (!needed) {
    const bool no_path = needed.error().message.starts_with("kustomization path not found");
    const auto why = no_path ? reason::kArtifactFailed : IsStillEncrypted(needed.error()) ? reason::kFailed : reason::kBuildFailed;
    net::Task<controller::Outcome> task = Fail(run, why, std::move(needed).error());
    co_return co_await std::move(task);
  }
  if (!*needed) {  // nothing that this Kustomization reads has changed: only the revision moves on
    run->attempt.digest = state.attempt.digest;
    run->attempt.inventory = state.attempt.inventory;
    state.revision = run->source->revision;
    state.requested = document::AnnotationOf(*run->object, kRequestedAt);
    state.attempt = run->attempt;
    if (state.health && !state.unhealthy) {
      net::Task<controller::Outcome> waiting = CheckHealth(run);
      co_return co_await std::move(waiting);
    }
    state.started = run->started;
    if (run->spec.ChecksHealth() && !state.awaited.empty()) {
      net::Task<controller::Outcome> asking = AwaitHealth(run);
      co_return co_await std::move(asking);
    }
    net::Task<controller::Outcome> task = Succeed(run, std::nullopt);
    co_return co_await std::move(task);
  }
  net::Task<controller::Outcome> task = ApplyAndPrune(run, std::move(built));
  co_return co_await std::move(task);
}

net::Task<Result<void>> Reconciler::FindCluster(std::shared_ptr<Run> run) {
  State& state = *run->state;
  run->cluster = own_cluster_;
  if (run->spec.kube_config) {
    net::Task<Result<std::shared_ptr<const Cluster>>> finding = clusters_->Find(run->key.ns, *run->spec.kube_config);
    CO_TRY(run->cluster, co_await std::move(finding));
  }
  if (state.cluster && state.cluster != run->cluster) state.ForgetIntent();
  state.cluster = run->cluster;
  co_return Result<void>();
}

/// A crash leaves no object that nobody knows of. Where many are at work, a status each would hold all of them up: then the journal has it, and whatever status comes
/// next. Otherwise the status also tells whoever looks that something is going on.
net::Task<Result<void>> Reconciler::RecordInventory(std::shared_ptr<Run> run, std::vector<kube::ObjectRef> all) {
  const Inventory together = InventoryOf(all).Union(run->inventory);
  if (queue_->running() + queue_->depth() >= options_.journal_from) {
    net::Task<Result<void>> recording = journal_.Record(run->key, run->state->uid, together);
    Result<void> recorded = co_await std::move(recording);
    if (!recorded && recorded.error().reason == base::Reason::Canceled) co_return recorded;
    if (recorded) {
      run->inventory = together;
      run->attempt.inventory = together.ToValue();
      co_return recorded;
    }
  }
  Attempt attempt = run->attempt;
  attempt.inventory = together.ToValue();
  const std::string message = ProgressMessage("Detecting drift", attempt);
  Value status = StatusProgressing(*run->object, attempt, message, true, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
  Result<SharedObject> written = co_await std::move(writing);
  if (!written && IsTooLarge(written.error())) {
    co_return std::move(written).error().Wrap(
        "nothing is applied, since the inventory of " + std::to_string(together.entries().size()) +
        " objects does not fit into the status of one Kustomization; make several of it, of which each has a part of spec.path");
  }
  if (!written) co_return std::move(written).error();
  run->object = std::move(written).value();
  run->inventory = together;
  journal_.Settle(run->key);
  co_return Result<void>();
}

/// Nothing is asked about objects that are as they should be, so whether the account may do what it does is tried where another one is to act, or somebody wants to
/// know. A spec that is on record as done was done by its account.
bool Reconciler::ProvesRights(const Run& run) const {
  const Value* observed = run.object->At({"status", "observedGeneration"});
  const bool asked = document::AnnotationOf(*run.object, kRequestedAt) != run.object->StringAt({"status", "lastHandledReconcileAt"});
  const bool done = observed != nullptr && observed->AsInt() == GenerationOf(*run.object);
  return !run.as.user.empty() && (asked || (!done && run.as.user != run.state->account));
}

net::Task<void> Reconciler::ReportWait(std::shared_ptr<Run> run) {
  Value status =
      StatusProgressing(*run->object, run->attempt, ProgressMessage("Detecting drift", run->attempt), true, parts_.services.clock.Now());
  net::Task<Result<SharedObject>> writing = writer_.Write(run->object, std::move(status));
  Result<SharedObject> written = co_await std::move(writing);
  if (written && GenerationOf(**written) == GenerationOf(*run->object)) run->object = *std::move(written);
}

net::Task<controller::Outcome> Reconciler::ApplyAndPrune(std::shared_ptr<Run> run, BuildOutput built) {
  State& state = *run->state;
  run->attempt.digest = built.digest;
  run->inventory = ReadInventory(*run);
  Result<IgnoreRules> ignore = IgnoreRules::Compile(run->spec.ignore);
  if (!ignore) {
    net::Task<controller::Outcome> task = Fail(run, reason::kFailed, std::move(ignore).error());
    co_return co_await std::move(task);
  }
  const Inventory before = run->inventory, intended = InventoryOf(built.objects);
  std::optional<RemovalDecision> removal;
  if (MayHoldMass(
          *run,
          intended)) {  // then its word is on record with the first write: after a crash the objects that came would outweigh those that went
    net::Task<RemovalDecision> judging = JudgeRemoval(run, before, intended);
    removal = co_await std::move(judging);
  }
  ApplyRequest request{.objects = std::move(built.objects),
                       .as = run->as,
                       .owner = run->key,
                       .force = run->spec.force,
                       .custom_stage_kinds = options_.custom_stage_kinds,
                       .takeover = {.manager = std::string(kFieldManager), .overridden = options_.override_managers},
                       .migrate_api_version = options_.migrate_api_version,
                       .ignore = ignore->empty() ? nullptr : std::make_shared<const IgnoreRules>(std::move(*ignore)),
                       .recreate_timeout = run->spec.timeout,
                       .cautious = ShowsFailure(*run->object),
                       .prove_rights = ProvesRights(*run),
                       .recorded = run->inventory};
  WaitReport report(parts_.services.client.transport().environment().io);
  request.on_wait = [this, run, &report](bool waiting) {
    queue_->SetWaiting(run->key, waiting);
    if (waiting) report.Begin([this, run] { return ReportWait(run); });
  };
  bool recorded = false;
  request.before_create = [this, run, &recorded, &report](std::vector<kube::ObjectRef> all) -> net::Task<Result<void>> {
    recorded = true;
    net::Task<void> ending = report.End();  // or what it writes might be the older record
    co_await std::move(ending);
    net::Task<Result<void>> recording = RecordInventory(run, std::move(all));
    co_return co_await std::move(recording);
  };
  Applier applier(run->cluster->client, run->cluster->index, parts_.services.clock, state.woken);
  SLUICE_FAILPOINT("apply.before");
  net::Task<ApplyResult> applying = applier.Run(std::move(request));
  ApplyResult result = co_await std::move(applying);
  net::Task<void> ending = report.End();
  co_await std::move(ending);
  SLUICE_FAILPOINT("apply.after");
  std::string changes = ChangeLines(result.applied);
  if (result.error) {
    if (!changes.empty()) result.error->message += "\n" + changes;
    // What was only about to be written is no longer on record: it is not ours, and perhaps not even ours to look at.
    if (recorded) run->attempt.inventory = InventoryOf(result.applied).Union(InventoryOf(result.unsure)).Union(before).ToValue();
    net::Task<controller::Outcome> task = Fail(run, reason::kFailed, std::move(*result.error));
    co_return co_await std::move(task);
  }
  if (!removal) {             // after what comes is there: it may mean to build what thousands of others are about to apply
    state.hands_over = true;  // whoever takes something meanwhile wakes us
    net::Task<RemovalDecision> judging = JudgeRemoval(run, before, intended);
    removal = co_await std::move(judging);
  }
  SLUICE_FAILPOINT("removal.decide.after");
  state.hands_over = !removal->handed.empty();
  Inventory wanted = InventoryOf(result.applied);
  PruneResult pruned;
  if (run->spec.prune) {
    std::erase_if(removal->remove, [&](const rollout::InventoryEntry& entry) { return wanted.Contains(entry.id); });
    PruneRequest pruning{.entries = std::move(removal->remove), .as = run->as, .owner = run->key};
    net::Task<PruneResult> deleting = Prune(run->cluster->client, run->cluster->index, std::move(pruning));
    pruned = co_await std::move(deleting);
    SLUICE_FAILPOINT("prune.after");
  }
  if (!changes.empty()) Emit(*run, kube::EventType::Normal, reason::kProgressing, changes);
  const std::string deletions = DeletionLines(pruned);
  if (!deletions.empty()) Emit(*run, kube::EventType::Normal, reason::kProgressing, deletions);
  for (const auto* kept : {&pruned.left, &removal->handed, &removal->held}) {
    for (const rollout::InventoryEntry& entry : *kept) wanted.Add(entry);
  }
  run->attempt.inventory = wanted.ToValue();
  if (pruned.error) {
    net::Task<controller::Outcome> task = Fail(run, reason::kPruneFailed, std::move(*pruned.error));
    co_return co_await std::move(task);
  }
  if (run->attempt.held) {
    Error held = base::MakeError(base::Reason::Forbidden, run->attempt.held->message);
    net::Task<controller::Outcome> task = Fail(run, reason::kPruneHeld, std::move(held), Interval(run->spec));
    co_return co_await std::move(task);
  }
  state.applied = true;
  state.account = run->as.user;
  state.generation = GenerationOf(*run->object);
  state.revision = run->source->revision;
  state.requested = document::AnnotationOf(*run->object, kRequestedAt);
  state.reads = std::move(built.reads);
  state.elsewhere = built.remotes != nullptr;
  state.repositories.clear();
  if (built.remotes) state.repositories = built.remotes->Repositories();
  state.changed = !changes.empty() || !pruned.deleted.empty();
  state.attempt = run->attempt;
  state.started = run->started;
  if (state.changed && (run->why & trigger::kDrift) != 0) {
    state.drifts = run->started - state.last_drift < kDriftWindow ? state.drifts + 1 : 0;
    state.last_drift = run->started;
    const auto pause =
        state.drifts < kFreeDrifts
            ? base::Duration(0)
            : std::min<base::Duration>(std::chrono::seconds(1LL << std::min(state.drifts - kFreeDrifts, 12U)), run->spec.interval);
    state.drift_not_before = run->started + std::chrono::duration_cast<base::TimePoint::duration>(pause);
  }
  net::Task<controller::Outcome> task = BeginHealth(run, std::move(result.applied));
  co_return co_await std::move(task);
}

}  // namespace sluice::controller::kustomization
