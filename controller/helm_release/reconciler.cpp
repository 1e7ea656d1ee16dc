// The way of one run to what it needs before anything can be released: dependencies, the chart, values, the cluster. What follows is in reconciler_release.cpp.
#include "controller/helm_release/reconciler.h"

#include <algorithm>

#include "base/failpoint.h"
#include "controller/conditions.h"
#include "controller/helm_release/post_render.h"
#include "controller/helm_release/run.h"
#include "controller/object_events.h"
#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Error;
using base::Result;
using document::Value;
using kube::SharedObject;

bool IsReady(const Value& object) {
  const Value* status = object.Find("status");
  if (status == nullptr) return false;
  const Value* observed = status->Find("observedGeneration");
  return observed != nullptr && observed->AsInt() == GenerationOf(object) && Conditions::FromStatus(*status).IsTrue(condition::kReady);
}

SpecDefaults DefaultsOf(const Services& services) {
  return {.helm3 = services.gates.Enabled(Gate::UseHelm3Defaults),
          .retry_on_failure = services.gates.Enabled(Gate::DefaultToRetryOnFailure)};
}

}  // namespace

Reconciler::Reconciler(Parts parts, ReconcilerOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      writer_(parts_.services.client, parts_.store, std::string(kFieldManager)),
      expressions_(parts_.services.limits.cel),
      charts_(parts_.loader, parts_.services.workers, parts_.renderer),
      facts_(parts_.services.clock) {}

Reconciler::~Reconciler() = default;

void Reconciler::Connect(kube::OwnedIndex& index, WorkQueue& queue, Clusters& clusters) {
  own_cluster_ = std::make_shared<const Cluster>(Cluster{parts_.services.client, index, parts_.observer});
  queue_ = &queue;
  clusters_ = &clusters;
}

void Reconciler::ForgetAll() { states_.clear(); }

// ---- News ----------------------------------------------------------------------------------------------------------------------------

void Reconciler::OnChanged(const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) {
  const auto at = states_.find(owner);
  if (at != states_.end() && (!at->second->cluster || !at->second->cluster->remote())) Wake(*at->second, owner, ref, changes);
}

void Reconciler::OnRemoteChanged(const Cluster* cluster, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) {
  const auto at = states_.find(owner);
  if (at != states_.end() && at->second->cluster.get() == cluster) Wake(*at->second, owner, ref, changes);
}

void Reconciler::Wake(State& state, const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) {
  state.woken.Set();
  if (state.drift_mode == DriftMode::Disabled) return;
  if (!kube::Has(changes, kube::Change::Drift) && !kube::Has(changes, kube::Change::Deleted)) return;
  if (!state.settled) {
    state.drifted_meanwhile = true;
    return;
  }
  parts_.services.log.Debug(
      "owned object changed",
      {{"controllerKind", "HelmRelease"}, {"namespace", owner.ns}, {"name", owner.name}, {"object", ref.Id().ToString()}});
  queue_->Add(owner, trigger::kDrift);
}

void Reconciler::OnReleaseChanged(const SharedObject& before, const SharedObject& after) {
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
  if (const auto own = states_.find(key);
      before && own != states_.end() && own->second->waits_for_dependency && links_.AsksByExpression(key) && MetadataMoved(*before, *after))
    queue_->Add(key, trigger::kDependency);
  const bool ready = IsReady(*after);
  for (const Key& dependent : links_.DependentsOf(key)) {
    const auto at = states_.find(dependent);
    if (at == states_.end() || !at->second->waits_for_dependency) continue;
    if (ready || links_.AsksByExpression(dependent)) queue_->Add(dependent, trigger::kDependency);
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
  for (const Key& key : links_.OfSource(source)) {
    const auto at = states_.find(key);
    const auto artifact = parts_.registry.Find(source);
    // A HelmChart is noted again whenever its status is written: no news as long as the artifact is the same.
    const bool same = at != states_.end() && at->second->settled && artifact && artifact->digest == at->second->source_digest;
    if (!same) queue_->Add(key, trigger::kSource);
  }
}

void Reconciler::OnSourceWritten(const SourceKey& source) {
  const std::string name = source.kind + "/" + source.ns + "/" + source.name;
  for (const Key& key : links_.OfSource(source)) {
    const auto at = states_.find(key);
    if (at != states_.end() && at->second->waits_for_source == name) queue_->Add(key, trigger::kSource);
  }
}

// ---- One run -------------------------------------------------------------------------------------------------------------------------

controller::Outcome Reconciler::Next(State& state, base::Duration delay) {
  state.due = Now() + std::chrono::duration_cast<base::TimePoint::duration>(delay);
  return {.again_in = delay, .back_off = false};
}

base::Duration Reconciler::Interval(const Spec& spec) { return Period(parts_.services, spec.interval); }

kube::Impersonate Reconciler::Identity(const Key& key, const Spec& spec) const {
  const std::string& account = spec.service_account_name.empty() ? options_.default_service_account : spec.service_account_name;
  return account.empty() ? kube::Impersonate{} : kube::Impersonate::ServiceAccount(key.ns, account);
}

net::Task<controller::Outcome> Reconciler::Reconcile(Key key, Triggers why) {
  SharedObject object = parts_.store.Get(key);
  if (!object) {
    states_.erase(key);
    queue_->Forget(key);
    co_return controller::Outcome{};
  }
  auto& slot = states_[key];
  const std::string_view uid = object->StringAt({"metadata", "uid"});
  if (!slot || slot->uid != uid) {
    slot = std::make_shared<State>();
    slot->uid = uid;
  }
  auto run = std::make_shared<Run>(object);
  run->key = key;
  run->log = LogOf(parts_.services, *object);
  run->keep = slot;
  run->state = slot.get();
  run->why = why;
  run->started = Now();
  Result<Spec> spec = ParseSpec(*object, DefaultsOf(parts_.services));
  if (spec) {
    run->spec = std::move(*spec);
    run->as = Identity(key, run->spec);
  }
  if (IsDeleting(*object)) {
    net::Task<controller::Outcome> task = Finalize(run);
    co_return co_await std::move(task);
  }
  if (!HasFinalizer(*object)) {
    net::Task<Result<SharedObject>> marking = writer_.SetFinalizer(object, true);
    Result<SharedObject> marked = co_await std::move(marking);
    if (!marked) co_return controller::Outcome{.again_in = {}, .back_off = true};
    run->object = std::move(*marked);
  }
  State& state = *slot;
  if (!spec) {
    net::Task<controller::Outcome> task = Stall(run, reason::kReconcileError, spec.error().message);
    co_return co_await std::move(task);
  }
  if (run->spec.suspend) {
    net::Task<controller::Outcome> task = Suspend(run);
    co_return co_await std::move(task);
  }
  if (auto wrong = WrongExpression(run->spec.health_check_exprs, run->spec.depends_on, parts_.services.limits.cel)) {
    net::Task<controller::Outcome> task = Stall(run, reason::kInvalidCelExpression, *std::move(wrong));
    co_return co_await std::move(task);
  }
  expressions_.Update(*object);
  const bool same_intent =
      state.settled && state.generation == GenerationOf(*object) && state.requested == document::AnnotationOf(*object, kRequestedAt);
  const bool for_others = (why & ~(trigger::kHealth | trigger::kDependency)) == 0 && !state.waits_for_dependency;
  const bool too_soon = why == trigger::kDrift && run->started < state.drift_not_before;
  if (too_soon) co_return controller::Outcome{.again_in = state.drift_not_before - run->started, .back_off = false};
  if (same_intent && for_others && state.due > run->started)
    co_return controller::Outcome{.again_in = state.due - run->started, .back_off = false};
  net::Task<controller::Outcome> task = RunFull(run);
  co_return co_await std::move(task);
}

net::Task<controller::Outcome> Reconciler::RunFull(RunPtr run) {
  run->state->settled = false;
  run->state->drifted_meanwhile = false;
  run->state->drift_mode = run->spec.drift_mode;
  run->status.Reconciling(reason::kProgressing, "Fulfilling prerequisites", Now());
  using Part = net::Task<Early> (Reconciler::*)(RunPtr);
  // The order is Flux's, and with it the order in which what is missing is told.
  constexpr Part kParts[] = {&Reconciler::WriteHelmChart, &Reconciler::CheckDependencies, &Reconciler::FindSource,
                             &Reconciler::ReadValues,     &Reconciler::LoadChart,         &Reconciler::FindCluster,
                             &Reconciler::LeaveOldTarget, &Reconciler::JudgeAnew};
  for (const Part part : kParts) {
    net::Task<Early> task = (this->*part)(run);
    const Early early = co_await std::move(task);
    if (early) co_return *early;
  }
  NoteAttempt(*run);
  SLUICE_FAILPOINT("release.before");
  net::Task<controller::Outcome> task = Release(run);
  co_return co_await std::move(task);
}

net::Task<Reconciler::Early> Reconciler::CheckDependencies(RunPtr run) {
  run->state->waits_for_dependency = false;
  for (const Dependency& wanted : run->spec.depends_on) {
    const auto why = WhyUnready(*run, wanted);
    if (!why) continue;
    run->state->waits_for_dependency = true;
    run->log.Info("dependencies do not meet ready condition", {{"reason", *why}});
    const bool news = run->status.MessageOf(condition::kReady) != *why;
    if (news) Emit(*run, kube::EventType::Normal, reason::kDependencyNotReady, *why);
    run->status.SetFalse(condition::kReady, reason::kDependencyNotReady, *why, Now());
    const controller::Outcome outcome = Next(*run->state, parts_.services.requeue_dependency);
    net::Task<controller::Outcome> task = Finish(run, outcome, false);
    co_return co_await std::move(task);
  }
  run->status.Recover({reason::kDependencyNotReady}, Now());
  co_return Early();
}

std::optional<std::string> Reconciler::WhyUnready(const Run& run, const Dependency& wanted) const {
  const std::string name = wanted.name.ToString();
  const SharedObject dependency = parts_.store.Get(wanted.name);
  if (!dependency)
    return "unable to get '" + name + "' dependency: helmreleases.helm.toolkit.fluxcd.io \"" + wanted.name.name + "\" not found";
  if (!wanted.ready_expr.empty()) {
    const Result<bool> ready = IsReadyByExpression(wanted, *run.object, *dependency, parts_.services.limits.cel);
    if (!ready) return ready.error().message;
    if (!*ready) return "dependency '" + name + "' is not ready according to readyExpr eval";
    if (!parts_.services.gates.Enabled(Gate::AdditiveCELDependencyCheck)) return std::nullopt;
  }
  if (!IsReady(*dependency)) return "dependency '" + name + "' is not ready";
  return std::nullopt;
}

net::Task<Reconciler::Early> Reconciler::ReadValues(RunPtr run) {
  net::Task<Result<std::vector<ReadReference>>> reading = ReadReferences(parts_.services.client, run->key.ns, run->spec.values_from);
  Result<std::vector<ReadReference>> references = co_await std::move(reading);
  std::optional<Error> trouble;
  if (references) {
    auto compose = [ns = run->key.ns, references = *std::move(references), own = run->spec.values]() {
      return Compose(ns, references, own);
    };
    net::Task<Result<Composed>> composing = parts_.services.workers.Run(std::move(compose));
    Result<Composed> composed = co_await std::move(composing);
    if (composed) {
      run->composed = std::make_shared<const Composed>(std::move(*composed));
    } else {
      trouble = std::move(composed).error();
    }
  } else {
    trouble = std::move(references).error();
  }
  if (trouble) {
    net::Task<controller::Outcome> task = Fail(run, reason::kValuesError, std::move(*trouble), std::nullopt);
    co_return co_await std::move(task);
  }
  run->status.Recover({reason::kValuesError}, Now());
  co_return Early();
}

net::Task<Reconciler::Early> Reconciler::FindCluster(RunPtr run) {
  run->cluster = own_cluster_;
  if (run->spec.kube_config) {
    net::Task<Result<std::shared_ptr<const Cluster>>> finding = clusters_->Find(run->key.ns, *run->spec.kube_config);
    Result<std::shared_ptr<const Cluster>> found = co_await std::move(finding);
    if (!found) {
      net::Task<controller::Outcome> task = Fail(run, reason::kRestClientError, std::move(found).error(), std::nullopt);
      co_return co_await std::move(task);
    }
    run->cluster = std::move(*found);
  }
  run->state->cluster = run->cluster;
  run->status.Recover({reason::kRestClientError}, Now());
  co_return Early();
}

/// Another name, namespace or chart than before is another release: the old one goes first.
net::Task<Reconciler::Early> Reconciler::LeaveOldTarget(RunPtr run) {
  const std::string change = TargetChange(run->spec, run->status.memory.history.Latest(), run->status.storage_ns, run->chart->facts.name);
  if (change.empty()) co_return Early();
  run->log.Info("release target configuration changed: running uninstall for current release", {{"reason", change}});
  net::Task<Result<void>> uninstalling = Uninstall(run);
  const Result<void> uninstalled = co_await std::move(uninstalling);
  if (!uninstalled) {
    const controller::Outcome again{.again_in = {}, .back_off = true};
    net::Task<controller::Outcome> task = Finish(run, again, false);
    co_return co_await std::move(task);
  }
  run->status.memory.history.Clear();
  run->status.memory.ClearFailures();
  run->status.storage_ns.clear();
  const controller::Outcome again{.again_in = base::Duration(0), .back_off = false};
  net::Task<controller::Outcome> task = Finish(run, again, false);
  co_return co_await std::move(task);
}

/// The index keeps no whole objects: those whose status was, or is to be, told by expressions are read once more, a list a kind.
net::Task<Reconciler::Early> Reconciler::JudgeAnew(RunPtr run) {
  const auto custom = expressions_.Find(run->key.ns, run->key.name);
  if (custom == run->state->judged_by) co_return Early();
  std::set<document::GroupVersionKind> kinds;
  for (const kube::OwnedObject& owned : run->cluster->index.ListOwned(run->key)) {
    const auto concerned = [&owned](const auto& by) { return by && by->Concerns(owned.ref.gvk.group, owned.ref.gvk.kind); };
    if (concerned(custom) || concerned(run->state->judged_by)) kinds.insert(owned.ref.gvk);
  }
  const kube::ListOptions options{.label_selector = std::string(kNameLabel) + "=" + run->key.name + "," + std::string(kNamespaceLabel) +
                                                    "=" + run->key.ns};
  kube::ListSink sink;
  sink.item = [cluster = run->cluster](const Value& object) { cluster->index.Rejudge(object); };
  sink.restart = [] {};
  for (const document::GroupVersionKind& gvk : kinds) {
    net::Task<Result<std::string>> listing = run->cluster->client.List(gvk, options, sink);
    const Result<std::string> listed = co_await std::move(listing);
    if (!listed) co_return controller::Outcome{.again_in = {}, .back_off = true};
  }
  run->state->judged_by = custom;
  co_return Early();
}

void Reconciler::NoteAttempt(Run& run) {
  WorkingStatus& status = run.status;
  const std::string_view requested = document::AnnotationOf(*run.object, kRequestedAt);
  const auto asked = [&](std::string_view annotation, std::string& handled) {
    const std::string_view value = document::AnnotationOf(*run.object, annotation);
    const bool is = IsRequested(value, requested, status.handled_reconcile, handled);
    if (!value.empty()) handled = value;
    return is;
  };
  const bool reset = asked(kResetAt, status.handled_reset);
  run.forced = asked(kForceAt, status.handled_force);
  run.wanted = {.chart_name = run.chart->facts.name,
                .chart_version = run.chart_version,
                .config_digest = run.composed->digest,
                .post_renderers_digest = PostRenderersDigest(run.spec),
                .common_metadata_digest = CommonMetadataDigest(run.spec)};
  const Attempted& before = status.attempted;
  run.same_generation = before.generation == status.generation();
  const std::string why = ResetReason(status.generation(), before.generation, run.chart_version, before.revision, run.wanted.config_digest,
                                      before.config_digest, reset);
  if (!why.empty()) {
    if (status.memory.failures > 0) run.log.Debug("resetting failure count", {{"reason", why}});
    status.memory.ClearFailures();
  }
  status.storage_ns = run.spec.storage_ns;
  status.attempted = {.generation = status.generation(),
                      .revision = run.chart_version,
                      .revision_digest = run.oci_digest,
                      .config_digest = run.wanted.config_digest};
}

}  // namespace sluice::controller::helm_release
