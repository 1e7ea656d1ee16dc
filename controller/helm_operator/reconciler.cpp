// The way of one run to what is to be done: the chart, the values, the release as it is. The steps are in reconciler_actions.cpp.
#include "controller/helm_operator/reconciler.h"

#include <algorithm>

#include "base/failpoint.h"
#include "controller/helm_operator/antecedent.h"
#include "controller/helm_operator/run.h"
#include "controller/helm_release/notices.h"
#include "controller/helm_release/renderer.h"
#include "helm/functions/functions.h"
#include "net/await.h"

namespace sluice::controller::helm_operator {
namespace {

using base::Error;
using base::Result;
using kube::SharedObject;

constexpr auto kDialect = helm::Dialect::Helm3;
constexpr std::string_view kMigrate = "helm.fluxcd.io/migrate";

/// Says so for as long as it lives.
class Waiting {
 public:
  explicit Waiting(const std::function<void(bool)>& say) : say_(say) { say_(true); }
  ~Waiting() { say_(false); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  const std::function<void(bool)>& say_;
};

Facts FactsOf(const helm::ReleaseRecord* last, bool ours, const WorkingStatus& status, const Spec& spec) {
  Facts facts{.exists = last != nullptr,
              .ours = ours,
              .synced = status.HasSynced(),
              .never_observed = status.NeverObserved(),
              .rolled_back = status.HasRolledBack(),
              .may_retry = ShouldRetryUpgrade(spec.rollback, status.rollback_count)};
  if (last != nullptr) facts.status = last->release.info.status;
  return facts;
}

/// What a worker renders from; it owns what `input` refers to.
struct RenderJob {
  std::shared_ptr<const LoadedChart> loaded;
  std::shared_ptr<const helm::Value> values;
  std::shared_ptr<const helm::Release> reuse = nullptr;
  std::optional<helm_release::RenderInput> input = std::nullopt;
};

/// All of them ask as the controller; a release's record may hold what a Secret once said.
helm_release::Sharing SharingOf(const Key& key, const Spec& spec, bool reuses_record) {
  const auto from_secret = [](const ValuesSource& source) { return source.kind == ValuesSource::Kind::Secret; };
  const std::string chart = spec.git ? spec.git->url + "\n" + spec.git->secret_ns + "/" + spec.git->secret_name
                                     : spec.repository->url + "\n" + spec.repository->pull_secret;
  return {.ns = key.ns,
          .chart = "operator\n" + chart,
          .account = "",
          .cluster = "",
          .secrets = reuses_record || std::ranges::any_of(spec.values_from, from_secret)};
}

}  // namespace

net::Task<Result<void>> WaitingFollower::AwaitReady(std::vector<releases::Awaited> objects, releases::AwaitOptions options) {
  const Waiting place(on_wait_);
  net::Task<Result<void>> waiting = PollingFollower::AwaitReady(std::move(objects), options);
  co_return co_await std::move(waiting);
}

net::Task<Result<void>> WaitingFollower::AwaitGone(std::vector<kube::ObjectRef> objects, base::Duration timeout) {
  const Waiting place(on_wait_);
  net::Task<Result<void>> waiting = PollingFollower::AwaitGone(std::move(objects), timeout);
  co_return co_await std::move(waiting);
}

net::Task<Result<void>> WaitingFollower::AwaitHook(std::vector<kube::ObjectRef> objects, base::Duration timeout) {
  const Waiting place(on_wait_);
  net::Task<Result<void>> waiting = PollingFollower::AwaitHook(std::move(objects), timeout);
  co_return co_await std::move(waiting);
}

Reconciler::Reconciler(Parts parts, ReconcilerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      writer_(parts_.services.client, parts_.store, std::string(kFieldManager)),
      charts_(parts_.charts, options_.charts),
      facts_(parts_.services.clock),
      http_(parts_.runtime.io(), {.max_header_bytes = parts_.services.limits.registry.answers.max_header_bytes}) {}

Reconciler::~Reconciler() = default;

void Reconciler::Connect(WorkQueue& queue, kube::OwnedIndex& index, kube::Observer& observer) {
  queue_ = &queue;
  cluster_ = std::make_shared<const Cluster>(Cluster{parts_.services.client, index, observer});
}

Outcome Reconciler::Again(base::Duration delay) const {
  return {.again_in = parts_.services.random.Jitter(delay, parts_.services.interval_jitter), .back_off = false};
}

net::Task<Outcome> Reconciler::Reconcile(Key key, Triggers why) {
  SharedObject object = parts_.store.Get(key);
  if (!object) {
    states_.erase(key);
    co_return Outcome{.again_in = {}, .back_off = false, .gone = true};
  }
  std::shared_ptr<State>& slot = states_[key];
  const std::string_view uid = object->StringAt({"metadata", "uid"});
  if (!slot || slot->uid != uid) {
    slot = std::make_shared<State>();
    slot->uid = uid;
  }
  const std::shared_ptr<State> state = slot;
  if (!IsDeleting(*object) && !HasFinalizer(*object)) {
    net::Task<Result<SharedObject>> marking = writer_.SetFinalizer(object, true);
    Result<SharedObject> marked = co_await std::move(marking);
    if (!marked) co_return Outcome{.again_in = {}, .back_off = true};
    object = std::move(*marked);
  }
  auto run = std::make_shared<Run>(object);
  run->key = key;
  run->log = LogOf(parts_.services, *object);
  run->state = state;
  run->why = why;
  Result<Spec> spec = ParseSpec(*object, options_.rules);
  run->spec.release_name = ReleaseNameOf(*object);
  run->spec.ns = TargetNamespaceOf(*object);
  if (spec) run->spec = *spec;
  net::Task<Outcome> task = IsDeleting(*object) ? Finalize(run) : spec ? RunFull(run) : Refuse(run, spec.error());
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::RunFull(RunPtr run) {
  net::Task<Result<void>> fetching = FetchChart(run);
  Result<void> done = co_await std::move(fetching);
  if (!done) {
    net::Task<Outcome> task = Fail(run, Phase::ChartFetchFailed, std::move(done).error().Wrap("failed to prepare chart for release"));
    co_return co_await std::move(task);
  }
  net::Task<Result<void>> reading = ReadValues(run);
  done = co_await std::move(reading);
  if (!done) {
    net::Task<Outcome> task = Fail(run, Phase::Failed, std::move(done).error().Wrap("failed to compose values for release"));
    co_return co_await std::move(task);
  }
  OpenStorage(run);
  net::Task<Result<Decision>> determining = Determine(run);
  Result<Decision> decision = co_await std::move(determining);
  if (!decision) {
    net::Task<Outcome> task = Fail(run, Phase::Failed, std::move(decision).error().Wrap("failed to determine sync action for release"));
    co_return co_await std::move(task);
  }
  run->state->failures = 0;
  net::Task<Outcome> task = Perform(run, *decision);
  co_return co_await std::move(task);
}

net::Task<Result<void>> Reconciler::FetchChart(RunPtr run) {
  Charts::Request request{.ns = run->key.ns,
                          .spec = run->spec,
                          .last_attempted = run->status.last_attempted_revision,
                          .look = (run->why & (trigger::kRequested | trigger::kSpec)) != 0,
                          .on_wait = [this, key = run->key](bool waiting) { queue_->SetWaiting(key, waiting); }};
  net::Task<Result<Charts::Answer>> getting = charts_.Get(std::move(request), run->state->chart);
  CO_TRY(Charts::Answer answer, co_await std::move(getting));
  run->loaded = std::move(answer.loaded);
  run->revision = std::move(answer.revision);
  run->chart_changed = answer.changed;
  const bool news = run->chart_changed || !run->status.IsTrue("ChartFetched");
  if (!news || run->UnderWay()) co_return Result<void>();
  net::Task<Result<void>> entering = Enter(run, Phase::ChartFetched);
  co_return co_await std::move(entering);
}

net::Task<Result<void>> Reconciler::ReadValues(RunPtr run) {
  net::Task<Result<std::vector<ReadSource>>> reading = ReadSources({parts_.services, http_}, run->spec.values_from, run->loaded);
  CO_TRY(std::vector<ReadSource> sources, co_await std::move(reading));
  using Shared = std::shared_ptr<const helm::Value>;
  auto compose = [sources = std::move(sources), own = run->spec.values]() -> Result<Shared> {
    TRY(helm::Value values, Compose(sources, own));
    return std::make_shared<const helm::Value>(std::move(values));
  };
  net::Task<Result<Shared>> composing = parts_.services.workers.Run(std::move(compose));
  CO_TRY(run->values, co_await std::move(composing));
  co_return Result<void>();
}

/// Releases of Helm 2 are not ours to convert, and must not be installed over.
net::Task<Result<void>> Reconciler::CheckMigration(const Run& run) const {
  if (document::AnnotationOf(*run.object, kMigrate).empty()) co_return Result<void>();
  co_return base::MakeError(base::Reason::Unsupported, "annotation " + std::string(kMigrate) +
                                                           ": releases of Helm 2 are not converted; run `helm 2to3 convert " +
                                                           run.spec.release_name + "`, or remove the annotation if there is none");
}

/// Is the release this HelmRelease's, or nobody's?
net::Task<Result<void>> Reconciler::CheckOwner(RunPtr run) {
  const helm::ReleaseRecord& last = *run->Last();
  if (run->actions->IsOurs(last)) co_return Result<void>();
  std::string owner = last.progress.owner;
  if (owner.empty()) {
    auto release = std::make_shared<const helm::Release>(last.release);
    net::Task<Result<std::string>> asking = AntecedentOf(parts_.services.client, std::move(release));
    Result<std::string> found = co_await std::move(asking);
    if (!found) co_return std::move(found).error().Wrap("failed to determine ownership over release");
    owner = *std::move(found);
  }
  if (owner.empty() || owner == ResourceIdOf(*run->object)) co_return Result<void>();
  co_return base::MakeError(base::Reason::Conflict, "release appears to be managed by '" + owner + "'");
}

net::Task<Result<Decision>> Reconciler::Determine(RunPtr run) {
  net::Task<Result<void>> reading = ReadStorage(run);
  CO_TRY(co_await std::move(reading));
  const helm::ReleaseRecord* last = run->Last();
  net::Task<Result<void>> checking = last == nullptr ? CheckMigration(*run) : CheckOwner(run);
  CO_TRY(co_await std::move(checking));
  Facts facts = FactsOf(last, last != nullptr && run->actions->IsOurs(*last), run->status, run->spec);
  facts.under_way = run->UnderWay();
  facts.rollback_done = run->phase_before == Phase::RollingBack && last != nullptr && last->release.info.rollback_revision > 0;
  facts.chart_changed = run->chart_changed;
  co_return Decide(facts);
}

net::Task<Outcome> Reconciler::Perform(RunPtr run, Decision decision) {
  SLUICE_FAILPOINT("release.before");
  net::Task<Result<void>> acting = [&]() -> net::Task<Result<void>> {
    switch (decision.action) {
      case Action::Install: return Install(run);
      case Action::Upgrade: return Upgrade(run, std::nullopt);
      case Action::Resume: return Resume(run);
      case Action::Remedy: return Answer(run);
      case Action::Conclude: return Conclude(run);
      case Action::Compare: break;
    }
    return CompareAndUpgrade(run, decision.with_attempt);
  }();
  const Result<void> acted = co_await std::move(acting);
  if (!acted && acted.error().reason == base::Reason::Canceled) co_return Again(std::chrono::seconds(1));
  net::Task<Outcome> ending = End(run);
  co_return co_await std::move(ending);
}

net::Task<Result<helm::Draft>> Reconciler::MakeDraft(RunPtr run, bool upgrade) {
  net::Task<Result<helm::Capabilities>> asking = facts_.CapabilitiesOf(parts_.services.client);
  CO_TRY(helm::Capabilities capabilities, co_await std::move(asking));
  auto job = std::make_shared<RenderJob>(RenderJob{run->loaded, run->values});
  helm::RenderOptions render;
  render.dialect = kDialect;
  render.name = run->spec.release_name;
  render.ns = run->spec.ns;
  render.revision = helm::NextRevision(run->history);
  render.is_upgrade = upgrade;
  render.is_install = !upgrade;
  render.capabilities = std::move(capabilities);
  render.notify = helm_release::LogNotices(run->log);
  render.engine.functions.dialect = kDialect;
  render.engine.functions.now = [now = Now()] { return now; };
  render.engine.functions.zone = helm::ReadSystemZone;
  render.engine.lookup = helm_release::MakeLookup(parts_.runtime, parts_.scope, cluster_, {});
  if (upgrade && run->spec.reuse_values) {
    const auto current = helm::CurrentOf(run->history, run->spec.release_name);
    if (current) job->reuse = std::make_shared<const helm::Release>((*current)->release);
  }
  job->input.emplace(helm_release::RenderInput{.chart = *job->loaded->chart,
                                               .version = "",
                                               .values = *job->values,
                                               .render = std::move(render),
                                               .reuse = job->reuse.get(),
                                               .owner = run->key,
                                               .limits = parts_.services.limits,
                                               .shared_by = SharedBy(SharingOf(run->key, run->spec, job->reuse != nullptr))});
  auto work = [job, &renderer = parts_.charts.renderer, &pool = pool_](std::stop_token stop) {
    return helm_release::ThrowBugs(renderer.Draft(*job->input, pool, std::move(stop)));
  };
  net::Task<Result<helm::Draft>> drafting = parts_.services.workers.Run(std::move(work));
  co_return co_await std::move(drafting);
}

/// All of them, those of dependencies that the values turn off included, as Helm 3 installs them.
net::Task<Result<std::vector<helm::CrdFile>>> Reconciler::CrdsOf(RunPtr run) {
  if (run->spec.skip_crds || !run->loaded->chart->facts.has_crds) co_return std::vector<helm::CrdFile>();
  auto job = std::make_shared<RenderJob>(RenderJob{run->loaded, std::make_shared<const helm::Value>()});
  job->input.emplace(helm_release::RenderInput{.chart = *job->loaded->chart,
                                               .version = "",
                                               .values = *job->values,
                                               .render = {},
                                               .owner = run->key,
                                               .limits = parts_.services.limits,
                                               .shared_by = SharedBy(SharingOf(run->key, run->spec, false))});
  auto find = [job, &renderer = parts_.charts.renderer](std::stop_token stop) {
    return helm_release::ThrowBugs(renderer.Crds(*job->input, std::move(stop)));
  };
  net::Task<Result<std::vector<helm::CrdFile>>> finding = parts_.services.workers.Run(std::move(find));
  co_return co_await std::move(finding);
}

}  // namespace sluice::controller::helm_operator
