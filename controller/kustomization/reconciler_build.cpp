// How a run's objects are built: on another thread, in a process (builder.h), as often as something from elsewhere is missing (remote_bases.h).
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "base/parser_limits.h"
#include "controller/conditions.h"
#include "controller/kustomization/reconciler.h"
#include "controller/kustomization/state.h"
#include "net/await.h"
#include "sources/git/url.h"

namespace sluice::controller::kustomization {

using base::Result;

/// What it takes to build on another thread.
struct Reconciler::BuildJob {
  std::shared_ptr<const SourceArtifact> source;
  Spec spec;
  Key key;
  Variables variables;
  DecryptionKeys decryption;
  std::optional<base::ReadSet> stands;  ///< of the last build, which may do
  bool strict = true;
  Limits limits;
  std::shared_ptr<RemoteBases> remotes;  ///< null: refused. Added to between the attempts
};

/// A build, or what it takes to go on with it; neither: the last one stands.
struct Reconciler::BuildAttempt {
  std::optional<BuildOutput> built;
  std::optional<RemoteName> missing;
};

Result<Reconciler::BuildAttempt> Reconciler::TryBuild(const BuildJob& job, Builder& builder, std::stop_token stop) {
  if (job.stands && base::Unchanged(*job.stands, *job.source->files)) return BuildAttempt();
  std::optional<HeldRemotes> held;
  if (job.remotes) held.emplace(*job.remotes);
  const BuildInput input{.files = *job.source->files,
                         .spec = job.spec,
                         .name = job.key.name,
                         .ns = job.key.ns,
                         .variables = job.variables,
                         .strict_substitution = job.strict,
                         .decryption = job.decryption,
                         .remote = held ? &*held : nullptr,
                         .limits = job.limits.build,
                         .max_manifests_bytes = base::Parsers().max_manifests_bytes,
                         .time = job.limits.build_time};
  Result<BuildOutput> built = builder.Build(input, std::move(stop));
  if (!built && built.error().reason == base::Reason::Internal)
    throw std::runtime_error(built.error().message);  // the queue counts the tries
  if (!built && built.error().reason == base::Reason::Canceled) return std::move(built).error();
  if (held && held->missing()) return BuildAttempt{.built = std::nullopt, .missing = held->missing()};
  if (!built) {
    base::Error error = std::move(built).error();
    error.message = sources::WithoutUserinfo(error.message);  // an entry is shown as it is written
    return error;
  }
  return BuildAttempt{.built = *std::move(built), .missing = std::nullopt};
}

/// Builds, unless the last build still stands: then false.
net::Task<Result<bool>> Reconciler::BuildInto(std::shared_ptr<Run> run, BuildOutput& output) {
  State& state = *run->state;
  net::Task<Result<Variables>> reading = ReadVariables(parts_.services.client, run->key.ns, run->spec);
  CO_TRY(Variables variables, co_await std::move(reading));
  const base::TimePoint now = parts_.services.clock.Now();
  const document::NamespacedName none;
  const bool shared = !options_.sops_age_secret_own_namespace || run->key.ns == options_.sops_age_secret.ns;
  const document::NamespacedName& age_secret = shared ? options_.sops_age_secret : none;
  net::Task<Result<sops::Keys>> unlocking = ReadKeys(parts_.services.client, run->key.ns, run->spec, age_secret, now);
  CO_TRY(sops::Keys keys, co_await std::move(unlocking));
  std::string digest = DigestOf(variables) + DigestOf(keys);
  // (Who hands something over looks again whether it is still claimed.)
  const bool may_stand = state.applied && !state.elsewhere && !state.unhealthy && !state.hands_over &&
                         state.generation == GenerationOf(*run->object) && state.variables == digest &&
                         (run->why & (trigger::kDrift | trigger::kTimer | trigger::kRequested | trigger::kConfig)) == 0;
  const Limits& limits = parts_.services.limits;
  const bool strict = parts_.services.gates.Enabled(Gate::StrictPostBuildSubstitutions);
  auto job = std::make_shared<BuildJob>(BuildJob{
      run->source, run->spec, run->key, std::move(variables), {std::move(keys), now, limits.sops}, std::nullopt, strict, limits, {}});
  if (may_stand) job->stands = state.reads;
  if (!options_.no_remote_bases) job->remotes = std::make_shared<RemoteBases>();
  while (true) {
    auto work = [job, &builder = parts_.builder](std::stop_token stop) { return TryBuild(*job, builder, std::move(stop)); };
    net::Task<Result<BuildAttempt>> building = parts_.services.workers.Run(std::move(work));
    CO_TRY(BuildAttempt attempt, co_await std::move(building));
    if (attempt.missing) {
      auto on_wait = [this, key = run->key](bool waiting) { queue_->SetWaiting(key, waiting); };
      net::Task<Result<void>> fetching = fetcher_.Fetch(*std::move(attempt.missing), job->remotes, std::move(on_wait));
      CO_TRY(co_await std::move(fetching));
      continue;
    }
    if (!attempt.built) co_return false;
    output = *std::move(attempt.built);
    break;
  }
  if (job->remotes && job->remotes->size() > 0) output.remotes = job->remotes;
  state.ForgetIntent();
  state.variables = std::move(digest);
  co_return true;
}

}  // namespace sluice::controller::kustomization
