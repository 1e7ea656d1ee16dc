// The steps themselves: what each hands to releases/actions.h, and what of its result goes into the status, the history and the events.
#include <algorithm>

#include "base/failpoint.h"
#include "controller/helm_release/notices.h"
#include "controller/helm_release/post_render.h"
#include "controller/helm_release/run.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "net/host.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using document::Value;

constexpr auto kSyncTimeout = std::chrono::seconds(30);

std::string Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

std::string WithLogs(std::string_view message, const std::string& logs) {
  return std::string(message) + (logs.empty() ? "" : "\n\nLast Helm logs:\n\n" + logs);
}

releases::ServerSide ServerSideOf(ApplyMode mode) {
  switch (mode) {
    case ApplyMode::Enabled: return releases::ServerSide::Enabled;
    case ApplyMode::Disabled: return releases::ServerSide::Disabled;
    case ApplyMode::Auto: break;
  }
  return releases::ServerSide::Auto;
}

releases::CrdPolicy PolicyOf(CrdPolicy policy) {
  switch (policy) {
    case CrdPolicy::Skip: return releases::CrdPolicy::Skip;
    case CrdPolicy::Create: return releases::CrdPolicy::Create;
    case CrdPolicy::CreateReplace: break;
  }
  return releases::CrdPolicy::CreateReplace;
}

kube::Propagation PropagationOf(const std::string& word) {
  if (word == "foreground") return kube::Propagation::Foreground;
  return word == "orphan" ? kube::Propagation::Orphan : kube::Propagation::Background;
}

template <class Options>
Options Common(const Spec& spec, const ActionSpec& action) {
  Options out;
  out.name = spec.release_name;
  out.ns = spec.ns;
  out.timeout = spec.TimeoutOf(action);
  out.wait = !action.disable_wait;
  out.wait_for_jobs = !action.disable_wait_for_jobs;
  out.disable_hooks = action.disable_hooks;
  return out;
}

/// What a worker renders from; it owns what `input` refers to.
struct RenderJob {
  std::shared_ptr<const OpenedChart> chart;
  std::shared_ptr<const Composed> composed;
  Spec spec;
  std::shared_ptr<const helm::Release> reuse = nullptr;
  std::optional<RenderInput> input = std::nullopt;
};

struct Drafted {
  helm::Draft draft;
  std::vector<kube::ObjectRef> rendered;
};

std::vector<kube::ObjectRef> RefsIn(std::string_view manifest) {
  std::vector<kube::ObjectRef> out;
  const auto objects = helm::ParseManifest(manifest);
  if (!objects) return out;
  for (const Value& object : *objects) out.push_back(kube::ObjectRef::Of(object));
  return out;
}

bool IsCanceled(const releases::Outcome& outcome) { return outcome.error && outcome.error->reason == base::Reason::Canceled; }

}  // namespace

// ---- Options -------------------------------------------------------------------------------------------------------------------------

releases::InstallOptions Reconciler::InstallOptionsOf(const Run& run) const {
  const InstallSpec& spec = run.spec.install;
  auto out = Common<releases::InstallOptions>(run.spec, spec);
  out.server_side = spec.server_side_apply;
  out.force_conflicts = spec.server_side_apply;
  out.take_ownership = !spec.disable_take_ownership;
  out.replace = spec.replace;
  out.create_namespace = spec.create_namespace && run.spec.has_target_namespace;
  out.strict_validation = !spec.disable_openapi_validation;
  return out;
}

releases::UpgradeOptions Reconciler::UpgradeOptionsOf(const Run& run) const {
  const UpgradeSpec& spec = run.spec.upgrade;
  auto out = Common<releases::UpgradeOptions>(run.spec, spec);
  out.server_side = ServerSideOf(spec.server_side_apply);
  out.take_ownership = !spec.disable_take_ownership;
  out.force = spec.force;
  out.cleanup_on_fail = spec.cleanup_on_fail;
  out.strict_validation = !spec.disable_openapi_validation;
  out.max_history = run.spec.max_history;
  return out;
}

releases::RollbackOptions Reconciler::RollbackOptionsOf(const Run& run) const {
  const RollbackSpec& spec = run.spec.rollback;
  auto out = Common<releases::RollbackOptions>(run.spec, spec);
  out.server_side = ServerSideOf(spec.server_side_apply);
  out.force = spec.force;
  out.cleanup_on_fail = spec.cleanup_on_fail;
  out.max_history = run.spec.max_history;
  return out;
}

releases::UninstallOptions Reconciler::UninstallOptionsOf(const Run& run) const {
  const UninstallSpec& spec = run.spec.uninstall;
  auto out = Common<releases::UninstallOptions>(run.spec, spec);
  out.keep_history = spec.keep_history;
  out.propagation = PropagationOf(spec.propagation);
  return out;
}

releases::Actions::ResumeOptions Reconciler::ResumeOptionsOf(const Run& run) const {
  return {.install = InstallOptionsOf(run),
          .upgrade = UpgradeOptionsOf(run),
          .rollback = RollbackOptionsOf(run),
          .uninstall = UninstallOptionsOf(run)};
}

void Reconciler::OpenStorage(RunPtr run, std::string ns) {
  Run* const raw = run.get();  // owns what is made here
  const auto observe = [raw](const helm::ReleaseRecord& record, bool deleted) {
    std::erase_if(raw->history, [&](const helm::ReleaseRecord& each) { return each.release.version == record.release.version; });
    if (deleted) return;
    raw->history.push_back(record);
    helm::SortHistory(raw->history);
    raw->written[record.release.version] = record.release;
  };
  releases::Storage::Options storage{.ns = std::move(ns),
                                     .manager = std::string(kFieldManager),
                                     .as = run->as,
                                     .owner = run->key.ns + "/" + run->key.name,
                                     .observer = observe};
  run->storage = std::make_unique<releases::Storage>(run->cluster->client, parts_.services.clock, pool_, std::move(storage));
  IndexFollower::Parts parts{.cluster = run->cluster,
                             .clock = parts_.services.clock,
                             .as = run->as,
                             .woken = run->state->woken,
                             .custom = expressions_.Find(run->key.ns, run->key.name),
                             .on_wait = [this, key = run->key](bool waiting) { queue_->SetWaiting(key, waiting); },
                             .on_progress = {},
                             .legacy = run->spec.legacy_wait};
  parts.on_progress = [this, weak = std::weak_ptr<Run>(run)](std::string details) {
    return ReportProgress(weak.lock(), std::move(details));
  };
  run->follower = std::make_unique<IndexFollower>(std::move(parts));
  releases::Actions::Environment environment{.client = run->cluster->client,
                                             .clock = parts_.services.clock,
                                             .storage = *run->storage,
                                             .follower = *run->follower,
                                             .log = run->log,
                                             .as = run->as,
                                             .manager = std::string(kFieldManager)};
  run->actions = std::make_unique<releases::Actions>(std::move(environment));
}

net::Task<void> Reconciler::ReportProgress(RunPtr run, std::string details) {
  if (!run || run->announced.empty()) co_return;
  run->status.Reconciling(reason::kProgressing, run->announced + ": " + details, Now());
  net::Task<Result<void>> writing = Write(run);
  [[maybe_unused]] const Result<void> written = co_await std::move(writing);  // the next report, or the end, says it again
}

// ---- Rendering -----------------------------------------------------------------------------------------------------------------------

/// A release's record may hold what a Secret once said.
Sharing Reconciler::SharingOf(const Run& run, bool reuses_record) {
  const auto from_secret = [](const ValuesReference& reference) { return reference.secret; };
  const std::optional<ChartTemplate>& made = run.spec.chart;  // into a HelmChart of its own
  const SourceKey source = made ? SourceKey{made->source_kind, made->source_ns, made->source_name} : run.source_key;
  const std::string chart = source.kind + "/" + source.ns + "/" + source.name + (made ? "\n" + made->chart : "");
  return {.ns = run.key.ns,
          .chart = chart,
          .account = run.as.user,
          .cluster = run.spec.kube_config ? "of " + run.key.name : "",
          .secrets = reuses_record || std::ranges::any_of(run.spec.values_from, from_secret)};
}

net::Task<Result<helm::Draft>> Reconciler::MakeDraft(RunPtr run, bool upgrade) {
  net::Task<Result<helm::Capabilities>> asking = facts_.CapabilitiesOf(run->cluster->client);
  CO_TRY(helm::Capabilities capabilities, co_await std::move(asking));
  auto job = std::make_shared<RenderJob>(RenderJob{run->chart, run->composed, run->spec});
  helm::RenderOptions render;
  render.dialect = helm::Dialect::Helm4;
  render.name = run->spec.release_name;
  render.ns = run->spec.ns;
  render.revision = helm::NextRevision(run->history);
  render.is_upgrade = upgrade;
  render.is_install = !upgrade;
  render.skip_schema_validation = upgrade ? run->spec.upgrade.disable_schema_validation : run->spec.install.disable_schema_validation;
  render.capabilities = std::move(capabilities);
  render.notify = LogNotices(run->log);
  render.engine.functions.dialect = helm::Dialect::Helm4;
  render.engine.functions.now = [now = Now()] { return now; };
  render.engine.functions.zone = helm::ReadSystemZone;
  if (parts_.services.gates.Enabled(Gate::AllowDNSLookups)) render.engine.host_by_name = net::LowestAddressOf;
  render.engine.lookup = MakeLookup(parts_.runtime, parts_.scope, run->cluster, run->as);
  if (upgrade && run->spec.upgrade.preserve_values) {
    const auto current = helm::CurrentOf(run->history, run->spec.release_name);
    if (current) job->reuse = std::make_shared<const helm::Release>((*current)->release);
  }
  job->input.emplace(RenderInput{.chart = *job->chart,
                                 .version = run->chart_version,
                                 .values = job->composed->values,
                                 .render = std::move(render),
                                 .reuse = job->reuse.get(),
                                 .post_render = &job->spec,
                                 .owner = run->key,
                                 .limits = parts_.services.limits,
                                 .shared_by = SharedBy(SharingOf(*run, job->reuse != nullptr))});
  auto work = [job, &renderer = parts_.renderer, &pool = pool_](std::stop_token stop) -> Result<Drafted> {
    TRY(helm::Draft draft, ThrowBugs(renderer.Draft(*job->input, pool, std::move(stop))));
    std::vector<kube::ObjectRef> rendered = RefsIn(*draft.manifest);
    return Drafted{std::move(draft), std::move(rendered)};
  };
  net::Task<Result<Drafted>> drafting = parts_.services.workers.Run(std::move(work));
  CO_TRY(Drafted drafted, co_await std::move(drafting));
  std::set<document::GroupVersionKind> kinds;
  for (const kube::ObjectRef& ref : drafted.rendered) kinds.insert(ref.gvk);
  for (const document::GroupVersionKind& kind : kinds) {
    net::Task<Result<void>> following = run->cluster->index.EnsureWatched(kind, kSyncTimeout);
    const Result<void> followed = co_await std::move(following);  // an action asks for what is not followed
    if (!followed && followed.error().reason == base::Reason::Canceled) co_return followed.error();
  }
  run->rendered = std::move(drafted.rendered);
  co_return std::move(drafted.draft);
}

net::Task<Result<void>> Reconciler::ApplyCrds(RunPtr run, bool upgrade) {
  if (!run->chart->facts.has_crds) co_return Result<void>();
  auto job = std::make_shared<RenderJob>(RenderJob{run->chart, run->composed, run->spec});
  job->input.emplace(RenderInput{.chart = *job->chart,
                                 .version = "",
                                 .values = job->composed->values,
                                 .render = {},
                                 .owner = run->key,
                                 .limits = parts_.services.limits,
                                 .shared_by = SharedBy(SharingOf(*run, false))});
  auto select = [job, &renderer = parts_.renderer](std::stop_token stop) -> Result<std::vector<helm::CrdFile>> {
    auto crds = ThrowBugs(renderer.Crds(*job->input, std::move(stop)));  // without the dependencies that the values turn off
    if (!crds) return std::move(crds).error().Wrap("failed to process chart dependencies");
    return crds;
  };
  net::Task<Result<std::vector<helm::CrdFile>>> selecting = parts_.services.workers.Run(std::move(select));
  Result<std::vector<helm::CrdFile>> selected = co_await std::move(selecting);
  if (!selected) co_return std::move(selected).error().Wrap("failed to apply CustomResourceDefinitions");
  std::vector<helm::CrdFile> crds = *std::move(selected);
  if (crds.empty()) co_return Result<void>();
  const helm::ReleaseRecord* last = run->Last();
  const bool before = last != nullptr && last->release.ServerSide();
  const ApplyMode mode = run->spec.upgrade.server_side_apply;
  const bool server_side =
      upgrade ? mode == ApplyMode::Enabled || (mode == ApplyMode::Auto && before) : run->spec.install.server_side_apply;
  const releases::CrdPolicy policy = PolicyOf(upgrade ? run->spec.upgrade.crds : run->spec.install.crds);
  net::Task<Result<std::vector<kube::ObjectRef>>> applying =
      run->actions->ApplyCrds(std::move(crds), policy, server_side, OwnerLabels(run->key));
  Result<std::vector<kube::ObjectRef>> applied = co_await std::move(applying);
  if (!applied) co_return std::move(applied).error().Wrap("failed to apply CustomResourceDefinitions");
  run->crds = std::move(*applied);
  co_return Result<void>();
}

// ---- What a step leaves behind ---------------------------------------------------------------------------------------------------------

/// The newest revision that was written is the step's; of the others what is known is brought up to date.
void Reconciler::NoteWritten(Run& run, std::string_view action) {
  Snapshots& history = run.status.memory.history;
  if (run.written.empty()) return;
  const int newest = run.written.rbegin()->first;
  for (const auto& [version, release] : run.written) {
    const Snapshot* known = history.Of(release);
    const bool is_new = version == newest && (action == "install" || action == "upgrade");
    if (known == nullptr && version != newest) continue;
    const std::string oci = is_new ? run.oci_digest : known == nullptr ? std::string() : known->oci_digest;
    const std::string word = version == newest || known == nullptr ? std::string(action) : known->action;
    history.Note(SnapshotOf(release, oci, word, options_.snapshot_digest_algo));
  }
}

void Reconciler::NoteInventory(Run& run, const helm::Release& release) {
  std::vector<kube::ObjectRef> refs = run.rendered.empty() ? RefsIn(release.manifest_text()) : run.rendered;
  std::vector<rollout::InventoryEntry> entries;
  for (kube::ObjectRef& ref : refs) {
    const kube::ResourcePtr resource = run.cluster->client.mapper().Cached(ref.gvk);
    if (ref.ns.empty() && (resource == nullptr || resource->namespaced)) ref.ns = release.ns;
    if (resource != nullptr && !resource->namespaced) ref.ns.clear();
    entries.push_back({.id = ref.Id(), .version = ref.gvk.version});
  }
  for (const kube::ObjectRef& ref : run.crds) entries.push_back({.id = ref.Id(), .version = ref.gvk.version});
  if (run.crds.empty() && run.status.inventory) {  // a step that had nothing to do with them
    for (const rollout::InventoryEntry& entry : run.status.inventory->entries()) {
      const bool listed = std::ranges::any_of(entries, [&](const auto& each) { return each.id == entry.id; });
      const bool chart_has_crds = run.chart->facts.has_crds;
      if (entry.id.kind == "CustomResourceDefinition" && chart_has_crds && !listed) entries.push_back(entry);
    }
  }
  run.status.inventory = rollout::Inventory(std::move(entries));
}

void Reconciler::NoteFailure(Run& run, std::string_view, std::string_view type, std::string_view reason, const releases::Outcome& outcome,
                             std::string_view message) {
  ++run.status.memory.failures;
  run.status.SetFalse(type, reason, message, Now());
  run.log.Error(std::string(message), outcome.error ? outcome.error->message : std::string());
}

// ---- Steps ---------------------------------------------------------------------------------------------------------------------------

net::Task<Result<void>> Reconciler::InstallOrUpgrade(RunPtr run, Step step) {
  const bool upgrade = step == Step::Upgrade;
  const std::string action(NameOf(step));
  WorkingStatus& status = run->status;
  const base::TimePoint begun = Now();
  status.memory.last_action = action;
  if (!upgrade && !run->resumes) status.memory.history.Clear();
  status.Remove(condition::kTestSuccess);
  status.Remove(condition::kRemediated);
  releases::Outcome outcome;
  if (run->resumes) {
    net::Task<releases::Outcome> resuming = run->actions->Resume(ResumeOptionsOf(*run), run->history);
    outcome = co_await std::move(resuming);
  } else {
    net::Task<Result<void>> preparing = ApplyCrds(run, upgrade);
    Result<void> prepared = co_await std::move(preparing);
    if (prepared) {
      net::Task<Result<helm::Draft>> drafting = MakeDraft(run, upgrade);
      Result<helm::Draft> draft = co_await std::move(drafting);
      if (!draft) prepared = std::move(draft).error();
      if (draft && upgrade) {
        net::Task<releases::Outcome> acting = run->actions->Upgrade(UpgradeOptionsOf(*run), run->history, std::move(*draft));
        outcome = co_await std::move(acting);
      } else if (draft) {
        net::Task<releases::Outcome> acting = run->actions->Install(InstallOptionsOf(*run), run->history, std::move(*draft));
        outcome = co_await std::move(acting);
      }
    }
    if (!prepared) outcome.error = std::move(prepared).error();
  }
  if (outcome.error) outcome.error->message = run->Conceal(std::move(outcome.error->message));
  if (IsCanceled(outcome)) co_return *outcome.error;
  SLUICE_FAILPOINT("release.action.after");
  status.action_duration = base::FormatGoDuration(Now() - begun);
  run->state->begun = false;
  NoteWritten(*run, action);
  if (!run->written.empty()) NoteInventory(*run, run->written.rbegin()->second);
  if (outcome.error) {
    const std::string message =
        FailureMessage(action, run->spec, run->chart->facts.name, run->chart_version, Trimmed(outcome.error->message));
    const std::string_view why = upgrade ? reason::kUpgradeFailed : reason::kInstallFailed;
    NoteFailure(*run, action, condition::kReleased, why, outcome, message);
    EmitOf(*run, nullptr, kube::EventType::Warning, why, WithLogs(message, outcome.logs));
    if (!run->written.empty()) ++(upgrade ? status.memory.upgrade_failures : status.memory.install_failures);
    status.Summarize(run->spec, Now());
    if (run->written.empty()) co_return *outcome.error;
    co_return Result<void>();
  }
  const Snapshot* latest = status.memory.history.Latest();
  if (latest == nullptr) co_return base::Invalid("the " + action + " left no record of the release");
  const std::string message = SuccessMessage(action, *latest);
  const std::string_view why = upgrade ? reason::kUpgradeSucceeded : reason::kInstallSucceeded;
  status.SetTrue(condition::kReleased, why, message, Now());
  if (run->spec.test.enable && !latest->HasBeenTested()) {
    status.SetUnknown(condition::kTestSuccess, reason::kAwaitingTests,
                      "Helm release " + latest->FullName() + " with chart " + latest->ChartText() + " is awaiting tests", Now());
  }
  if ((upgrade ? run->spec.upgrade.strategy : run->spec.install.strategy).retries_only) status.memory.ClearFailures();
  EmitOf(*run, latest, kube::EventType::Normal, why, message);
  status.Summarize(run->spec, Now());
  co_return Result<void>();
}

net::Task<Result<void>> Reconciler::RollBack(RunPtr run) {
  WorkingStatus& status = run->status;
  const Snapshot* previous = status.memory.history.Previous(IgnoresTestFailures(run->spec, status.memory));
  releases::Outcome outcome;
  std::optional<Snapshot> target;
  if (previous != nullptr) target = *previous;
  if (run->resumes) {
    net::Task<releases::Outcome> resuming = run->actions->Resume(ResumeOptionsOf(*run), run->history);
    outcome = co_await std::move(resuming);
  } else {
    if (!target) co_return base::NotFound("missing target release for rollback: required to rollback");
    // What is rolled back to must be what it was; else trying the upgrade again is the better remedy.
    const helm::ReleaseRecord* stored = helm::FindRevision(run->history, target->version);
    if (stored == nullptr || !Shows(*target, stored->release)) {
      run->log.Info("unable to verify previous release in storage to roll back to", {{"version", target->version}});
      net::Task<Result<void>> upgrading = InstallOrUpgrade(run, Step::Upgrade);
      co_return co_await std::move(upgrading);
    }
    releases::RollbackOptions options = RollbackOptionsOf(*run);
    options.version = target->version;
    run->rendered.clear();
    net::Task<releases::Outcome> acting = run->actions->Rollback(std::move(options), run->history);
    outcome = co_await std::move(acting);
  }
  if (IsCanceled(outcome)) co_return *outcome.error;
  run->crds.clear();
  NoteWritten(*run, "rollback");
  if (!run->written.empty()) NoteInventory(*run, run->written.rbegin()->second);
  const std::string of = target ? target->FullName() + " with chart " + target->ChartText() : std::string("?");
  const Snapshot* shown = target ? &*target : status.memory.history.Latest();
  if (outcome.error) {
    const std::string message = "Helm rollback to previous release " + of + " failed: " + Trimmed(outcome.error->message);
    NoteFailure(*run, "rollback", condition::kRemediated, reason::kRollbackFailed, outcome, message);
    EmitOf(*run, shown, kube::EventType::Warning, reason::kRollbackFailed, WithLogs(message, outcome.logs));
  } else {
    const std::string message = "Helm rollback to previous release " + of + " succeeded";
    status.SetTrue(condition::kRemediated, reason::kRollbackSucceeded, message, Now());
    EmitOf(*run, shown, kube::EventType::Normal, reason::kRollbackSucceeded, message);
  }
  status.Summarize(run->spec, Now());
  if (outcome.error && run->written.empty()) co_return *outcome.error;
  co_return Result<void>();
}

net::Task<Result<void>> Reconciler::UninstallToRemedy(RunPtr run) {
  WorkingStatus& status = run->status;
  releases::Outcome outcome;
  if (run->resumes) {
    net::Task<releases::Outcome> resuming = run->actions->Resume(ResumeOptionsOf(*run), run->history);
    outcome = co_await std::move(resuming);
  } else {
    net::Task<releases::Outcome> acting = run->actions->Uninstall(UninstallOptionsOf(*run), run->history);
    outcome = co_await std::move(acting);
  }
  if (IsCanceled(outcome)) co_return *outcome.error;
  NoteWritten(*run, "uninstall-remediation");
  const Snapshot* latest = status.memory.history.Latest();
  const std::string of = latest == nullptr ? std::string("?") : latest->FullName() + " with chart " + latest->ChartText();
  if (outcome.error) {
    const std::string message = "Helm uninstall remediation for release " + of + " failed: " + Trimmed(outcome.error->message);
    NoteFailure(*run, "uninstall", condition::kRemediated, reason::kUninstallFailed, outcome, message);
    EmitOf(*run, latest, kube::EventType::Warning, reason::kUninstallFailed, WithLogs(message, outcome.logs));
  } else {
    const std::string message = "Helm uninstall remediation for release " + of + " succeeded";
    status.SetTrue(condition::kRemediated, reason::kUninstallSucceeded, message, Now());
    EmitOf(*run, latest, kube::EventType::Normal, reason::kUninstallSucceeded, message);
  }
  status.Summarize(run->spec, Now());
  if (outcome.error && run->written.empty()) co_return *outcome.error;
  co_return Result<void>();
}

net::Task<Result<void>> Reconciler::RunTests(RunPtr run) {
  WorkingStatus& status = run->status;
  releases::TestOptions options;
  options.name = run->spec.release_name;
  options.ns = run->spec.ns;
  options.timeout = TimeoutOf(Step::Test, run->spec);
  for (const TestFilter& filter : run->spec.test.filters) options.filters.push_back({.name = filter.name, .exclude = filter.exclude});
  net::Task<releases::Outcome> testing = run->actions->Test(std::move(options), run->history);
  const releases::Outcome outcome = co_await std::move(testing);
  if (IsCanceled(outcome)) co_return *outcome.error;
  const helm::ReleaseRecord* last = run->Last();
  const Snapshot* before = status.memory.history.Latest();
  if (last != nullptr && before != nullptr && before->IsOf(last->release) && (outcome.ok() || !run->written.empty())) {
    Snapshot tested = SnapshotOf(last->release, before->oci_digest, before->action, options_.snapshot_digest_algo);
    tested.test_hooks = TestHooksOf(last->release, run->spec.test.filters);
    status.memory.history.Note(std::move(tested));
  }
  const Snapshot& latest = *status.memory.history.Latest();
  const std::string of = "for release " + latest.FullName() + " with chart " + latest.ChartText() + ": ";
  if (outcome.error) {
    const std::string message = "Helm test failed " + of + Trimmed(outcome.error->message);
    NoteFailure(*run, "test", condition::kTestSuccess, reason::kTestFailed, outcome, message);
    EmitOf(*run, &latest, kube::EventType::Warning, reason::kTestFailed, WithLogs(message, outcome.logs));
    if (latest.HasBeenTested() && ActiveRemediation(run->spec, status.memory) != nullptr && !IgnoresTestFailures(run->spec, status.memory))
      ++(status.memory.last_action == "upgrade" ? status.memory.upgrade_failures : status.memory.install_failures);
    status.Summarize(run->spec, Now());
    if (!latest.HasBeenTested()) co_return *outcome.error;
    co_return Result<void>();
  }
  const std::size_t hooks = latest.test_hooks ? latest.test_hooks->size() : 0;
  const std::string summary =
      hooks == 0 ? std::string("no test hooks") : std::to_string(hooks) + " test hook" + (hooks > 1 ? "s" : "") + " completed successfully";
  status.SetTrue(condition::kTestSuccess, reason::kTestSucceeded, "Helm test succeeded " + of + summary, Now());
  EmitOf(*run, &latest, kube::EventType::Normal, reason::kTestSucceeded, "Helm test succeeded " + of + summary);
  status.Summarize(run->spec, Now());
  co_return Result<void>();
}

net::Task<Result<void>> Reconciler::Unlock(RunPtr run) {
  WorkingStatus& status = run->status;
  const helm::ReleaseRecord* last = run->Last();
  if (last == nullptr) co_return Result<void>();
  const std::string state(helm::ToString(last->release.info.status));
  const Snapshot* known = status.memory.history.Of(last->release);
  const std::string oci = known == nullptr ? std::string() : known->oci_digest;
  const Snapshot current = SnapshotOf(last->release, oci, known == nullptr ? "" : known->action, options_.snapshot_digest_algo);
  const bool was_known = known != nullptr;
  net::Task<releases::Outcome> unlocking = run->actions->Unlock(run->history);
  const releases::Outcome outcome = co_await std::move(unlocking);
  if (IsCanceled(outcome)) co_return *outcome.error;
  const std::string of = "Helm release " + current.FullName() + " with chart " + current.ChartText() + " in " + state + " state";
  if (outcome.error) {
    const std::string message = "Unlock of " + of + " failed: " + Trimmed(outcome.error->message);
    NoteFailure(*run, "unlock", condition::kReleased, reason::kPendingRelease, outcome, message);
    EmitOf(*run, &current, kube::EventType::Warning, reason::kPendingRelease, message);
    status.Summarize(run->spec, Now());
    co_return *outcome.error;
  }
  if (was_known && !run->written.empty())
    status.memory.history.Note(SnapshotOf(run->written.rbegin()->second, oci, current.action, options_.snapshot_digest_algo));
  status.SetFalse(condition::kReleased, reason::kPendingRelease, "Unlocked " + of, Now());
  EmitOf(*run, &current, kube::EventType::Normal, reason::kPendingRelease, "Unlocked " + of);
  status.Summarize(run->spec, Now());
  co_return Result<void>();
}

}  // namespace sluice::controller::helm_release
