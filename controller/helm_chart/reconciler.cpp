// One look: what is stored, what the source is. How the chart is made is in reconciler_build.cpp, how a look ends in reconciler_end.cpp.
#include "controller/helm_chart/reconciler.h"

#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/object_events.h"
#include "controller/progress.h"
#include "controller/source_steps.h"
#include "net/await.h"

namespace sluice::controller::helm_chart {
namespace {

using base::Result;
using document::Value;
using kube::SharedObject;

constexpr std::string_view kManager = "source-controller";
constexpr std::string_view kHelmRepository = "HelmRepository";

/// As the API server names the kind in `… "x" not found`.
std::string ResourceOf(std::string_view kind) {
  const std::string plural = kind == kHelmRepository ? "helmrepositories" : kind == "GitRepository" ? "gitrepositories" : "buckets";
  return plural + ".source.toolkit.fluxcd.io";
}

bool IsStatic(const Value& source) { return source.StringAt({"spec", "type"}) == "oci"; }

}  // namespace

Reconciler::Reconciler(Parts parts) : parts_(std::move(parts)), writer_(parts_.services.client, parts_.store, std::string(kManager)) {}

void Reconciler::OnSourceChanged(const SourceKey& source) {
  if (!parts_.sources.contains(source.kind)) return;
  const std::shared_ptr<const SourceArtifact> artifact = parts_.registry.Find(source);
  if (!artifact) return;
  for (const SharedObject& chart : parts_.store.ListNamespace(source.ns)) {
    if (chart->StringAt({"spec", "sourceRef", "kind"}) != source.kind || chart->StringAt({"spec", "sourceRef", "name"}) != source.name)
      continue;
    const bool waits = !ArtifactIn(*chart).has_value();
    if (waits || chart->StringAt({"status", "observedSourceArtifactRevision"}) != artifact->revision)
      queue_->Add(KeyOf(*chart), trigger::kSource);
  }
}

void Reconciler::OnRepositoryChanged(const SharedObject& before, const SharedObject& after) {
  if (!after || !IsStatic(*after) || (before && GenerationOf(*before) == GenerationOf(*after))) return;
  const std::string_view ns = document::NamespaceOf(*after), name = document::NameOf(*after);
  for (const SharedObject& chart : parts_.store.ListNamespace(ns)) {
    if (chart->StringAt({"spec", "sourceRef", "kind"}) == kHelmRepository && chart->StringAt({"spec", "sourceRef", "name"}) == name)
      queue_->Add(KeyOf(*chart), trigger::kSource);
  }
}

net::Task<Outcome> Reconciler::Reconcile(Key key, Triggers) {
  SharedObject object = parts_.store.Get(key);
  if (!object) co_return Outcome{.again_in = {}, .back_off = false, .gone = true};
  if (IsDeleting(*object)) {
    net::Task<Outcome> task = FinalizeSource(parts_.services, parts_.artifacts, parts_.events, writer_, object);
    co_return co_await std::move(task);
  }
  if (IsSuspended(*object)) {
    net::Task<Outcome> task = EndSuspended(parts_.services, writer_, object, "HelmChart");
    co_return co_await std::move(task);
  }
  net::Task<SharedObject> marking = Mark(writer_, object);
  object = co_await std::move(marking);
  if (!object) co_return Outcome{.again_in = {}, .back_off = true};
  auto run = std::make_shared<Run>();
  run->key = key;
  run->object = object;
  Result<Spec> spec = ParseSpec(*object);
  if (!spec) {
    const bool unsupported = spec.error().reason == base::Reason::Unsupported;
    Trouble trouble{.failure = {.type = std::string(condition::kFetchFailed),
                                .reason = unsupported ? "FeatureGateDisabled" : "Failed",
                                .message = spec.error().message,
                                .stalled = true}};
    net::Task<Outcome> task = Fail(run, std::move(trouble));
    co_return co_await std::move(task);
  }
  run->spec = std::move(*spec);
  net::Task<Outcome> task = Look(run);
  co_return co_await std::move(task);
}

net::Task<Outcome> Reconciler::Look(std::shared_ptr<Run> run) {
  net::Task<void> checking = CheckPrevious(run);
  co_await std::move(checking);
  net::Task<std::optional<Trouble>> finding = FindSource(run);
  std::optional<Trouble> trouble = co_await std::move(finding);
  Verdict verdict;
  if (!trouble) {
    net::Task<Verdict> building = Reporting(parts_.services, writer_, ObjectOf(run), ProgressOfLook(*run->object),
                                            run->tree ? BuildFromTree(run) : BuildFromRepository(run));
    verdict = co_await std::move(building);
    trouble = std::move(verdict.trouble);
  }
  net::Task<Outcome> task = trouble ? Fail(run, std::move(*trouble)) : Store(run, std::move(*verdict.build));
  co_return co_await std::move(task);
}

/// What is on record counts if its file is in the store, with its digest.
net::Task<void> Reconciler::CheckPrevious(std::shared_ptr<Run> run) {
  net::Task<Recorded> checking = CheckRecorded(parts_.services, parts_.artifacts, parts_.events, run->object);
  Recorded recorded = co_await std::move(checking);
  run->previous = std::move(recorded.artifact);
  run->lost = recorded.lost && recorded.lost->reason != base::Reason::Canceled;
}

net::Task<std::optional<Reconciler::Trouble>> Reconciler::FindSource(std::shared_ptr<Run> run) {
  const Spec& spec = run->spec;
  const auto store = parts_.sources.find(spec.source_kind);
  if (store == parts_.sources.end()) {
    const std::string message =
        "failed to get source: unsupported source kind '" + spec.source_kind + "', must be one of: [HelmRepository GitRepository Bucket]";
    co_return Trouble{.failure = {.type = std::string(condition::kFetchFailed),
                                  .reason = "SourceUnavailable",
                                  .message = message,
                                  .said_reason = "UnsupportedSourceKind",
                                  .said_message = message,
                                  .stalled = true}};
  }
  if (!store->second->synced()) {  // what is not listed yet is not absent
    net::Task<Result<void>> listing = store->second->WaitSynced(std::chrono::seconds(30));
    const Result<void> listed = co_await std::move(listing);
    if (!listed) co_return Trouble{.canceled = true};
  }
  run->source = store->second->Get({run->key.ns, spec.source_name});
  if (!run->source) {
    co_return Trouble{
        .failure = {.type = std::string(condition::kFetchFailed),
                    .reason = "SourceUnavailable",
                    .message = "failed to get source: " + ResourceOf(spec.source_kind) + " \"" + spec.source_name + "\" not found"}};
  }
  co_return FindArtifact(*run);
}

Reconciler::Trouble Reconciler::NoSourceArtifact(const Run& run) const {
  return {.failure = {.type = std::string(condition::kFetchFailed),
                      .reason = "NoSourceArtifact",
                      .message = "no artifact available for " + run.spec.source_kind + " source '" + run.spec.source_name + "'"}};
}

std::optional<Reconciler::Trouble> Reconciler::FindArtifact(Run& run) const {
  const std::optional<sources::Artifact> recorded = ArtifactIn(*run.source);
  if (run.spec.source_kind == kHelmRepository) {
    if (IsStatic(*run.source)) return std::nullopt;
    if (!recorded || !parts_.artifacts.Exists(*recorded)) return NoSourceArtifact(run);
    run.index = recorded;
    run.source_revision = recorded->revision;
    return std::nullopt;
  }
  run.tree = parts_.registry.Find({.kind = run.spec.source_kind, .ns = run.key.ns, .name = run.spec.source_name});
  if (!run.tree && recorded) return Trouble{.quiet = true, .again = std::chrono::seconds(2)};  // an earlier process's: it is being restored
  if (!run.tree) return NoSourceArtifact(run);
  run.source_revision = run.tree->revision;
  return std::nullopt;
}

}  // namespace sluice::controller::helm_chart
