// Where a run's manifests come from: which sources are allowed, and how the tree of one that nobody in this process holds gets here.
#include <utility>

#include "base/files.h"
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/state.h"
#include "controller/spec_reader.h"
#include "net/await.h"

namespace sluice::controller::kustomization {
namespace {

constexpr base::Duration kLongestReportDelay = std::chrono::seconds(15);

}  // namespace

kube::ObjectStore* Reconciler::SourcesOf(std::string_view kind) const {
  if (kind == "GitRepository") return &parts_.git_repositories;
  const auto at = parts_.other_sources.find(kind);
  return at == parts_.other_sources.end() ? nullptr : at->second;
}

std::optional<std::pair<std::string_view, std::string>> Reconciler::RefusedSource(const Key& key, const SourceReference& ref) const {
  using Refusal = std::pair<std::string_view, std::string>;
  if (SourcesOf(ref.kind) == nullptr)
    return Refusal(reason::kFeatureGateDisabled, RefusedField("spec.sourceRef.kind \"" + ref.kind + "\"").message);
  const std::string cannot = "can't access '" + ref.ToString() + "', ";
  if (options_.no_cross_namespace_refs && ref.ns != key.ns)
    return Refusal(reason::kAccessDenied, cannot + "cross-namespace references have been blocked");
  if (ref.kind == "ExternalArtifact" && !parts_.services.gates.Enabled(Gate::ExternalArtifact))
    return Refusal(reason::kFeatureGateDisabled, cannot + "ExternalArtifact feature gate is disabled");
  return std::nullopt;
}

/// What the server says now instead of what the watch said last. (A GitRepository is ours: nobody knows of its artifact before we do.)
net::Task<void> Reconciler::ReadSourceLive(std::shared_ptr<Run> run) {
  const SourceReference& ref = run->spec.source;
  if (ref.kind == "GitRepository") co_return;
  net::Task<void> reading = controller::ReadSourceLive(parts_.services.client, *SourcesOf(ref.kind), {ref.ns, ref.name});
  co_await std::move(reading);
  run->source = parts_.registry.Find({ref.kind, ref.ns, ref.name});
}

net::Task<std::optional<controller::Outcome>> Reconciler::LoadSource(std::shared_ptr<Run> run) {
  if (run->source->files) co_return std::nullopt;
  net::Task<ArtifactLoader::Answer> loading = parts_.loader.Load(run->source);
  ArtifactLoader::Answer answer = co_await std::move(loading);
  if (answer.files) {
    auto whole = std::make_shared<SourceArtifact>(*run->source);
    whole->files = std::move(answer.files);
    run->source = std::move(whole);
    co_return std::nullopt;
  }
  if (answer.again && answer.quiet) co_return Next(*run->state, *answer.again);
  std::optional<base::Duration> again = answer.again;
  if (answer.error.reason == base::Reason::NotFound) {
    again = parts_.services.requeue_dependency;
    answer.error.message = "Source is not ready, artifact not found, retrying in " + base::FormatGoDuration(*again);
  }
  run->attempt.fetched = false;
  net::Task<controller::Outcome> task = Fail(run, reason::kArtifactFailed, std::move(answer.error), again);
  co_return co_await std::move(task);
}

/// A new revision in which nothing changed of what this Kustomization reads has only to be reported. That can wait until everybody has begun to whom it may mean
/// work: a report costs the server as much as a small apply. It does not wait if others wait for the report, and not for ever.
net::Task<bool> Reconciler::GivesWay(std::shared_ptr<Run> run) {
  State& state = *run->state;
  const base::TimePoint since = std::exchange(state.gives_way_since, base::TimePoint());
  const bool only_revision = (run->why & trigger::kSource) != 0 && (run->why & ~(trigger::kSource | trigger::kRest)) == 0;
  if (!only_revision || !state.applied || state.elsewhere || state.unhealthy || state.generation != GenerationOf(*run->object))
    co_return false;
  const bool overdue = since != base::TimePoint() && run->started - since > kLongestReportDelay;
  if (overdue || !links_.DependentsOf(run->key).empty()) co_return false;
  auto unchanged = [reads = state.reads, files = run->source->files]() -> base::Result<bool> { return base::Unchanged(reads, *files); };
  net::Task<base::Result<bool>> comparing = parts_.services.workers.Run(std::move(unchanged));
  const base::Result<bool> same = co_await std::move(comparing);
  if (!same || !*same || !queue_->HasNewerIntent(run->key)) co_return false;  // asked last: all of a source's are listed by now
  state.gives_way_since = since == base::TimePoint() ? run->started : since;
  co_return true;
}

}  // namespace sluice::controller::kustomization
