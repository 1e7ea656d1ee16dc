// Where a run's manifests come from: which sources are allowed, and how the tree of one that nobody in this process holds gets here.
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/state.h"
#include "controller/spec_reader.h"
#include "net/await.h"

namespace sluice::controller::kustomization {

kube::ObjectStore* Reconciler::SourcesOf(std::string_view kind) const {
  if (kind == "GitRepository") return &parts_.git_repositories;
  const auto at = parts_.other_sources.find(kind);
  return at == parts_.other_sources.end() ? nullptr : at->second;
}

std::optional<std::pair<std::string_view, std::string>> Reconciler::RefusedSource(const Run& run) const {
  const SourceReference& ref = run.spec.source;
  using Refusal = std::pair<std::string_view, std::string>;
  if (SourcesOf(ref.kind) == nullptr)
    return Refusal(reason::kFeatureGateDisabled, RefusedField("spec.sourceRef.kind \"" + ref.kind + "\"").message);
  const std::string cannot = "can't access '" + ref.ToString() + "', ";
  if (options_.no_cross_namespace_refs && ref.ns != run.key.ns)
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

}  // namespace sluice::controller::kustomization
