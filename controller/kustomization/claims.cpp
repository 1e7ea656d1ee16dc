#include "controller/kustomization/claims.h"

#include "base/parser_limits.h"
#include "controller/kustomization/build.h"
#include "controller/kustomization/variables.h"
#include "net/await.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using document::ObjectId;

using KnownIds = std::shared_ptr<const BuiltIds>;

/// One question: what it takes to answer it on another thread.
struct Question {
  Claimer claimer;
  Variables variables;
  Limits limits;
  KnownIds known;  ///< the last answer to the same spec and variables, or null
};

KnownIds BuildIds(const Question& asked, Builder& builder, std::stop_token stop) {
  const Claimer& claimer = asked.claimer;
  BuiltIds out{.generation = claimer.generation, .variables = DigestOf(asked.variables), .reads = {}, .artifact = {}, .ids = {}};
  const BuildInput input{.files = *claimer.source->files,
                         .spec = claimer.spec,
                         .name = claimer.key.name,
                         .ns = claimer.key.ns,
                         .variables = asked.variables,
                         .mask_encrypted = true,
                         .limits = asked.limits.build,
                         .max_manifests_bytes = base::Parsers().max_manifests_bytes,
                         .time = asked.limits.build_time};
  Result<BuildOutput> built = builder.Build(input, std::move(stop));
  if (!built) {
    out.artifact = claimer.source->digest;
    return std::make_shared<const BuiltIds>(std::move(out));
  }
  for (const document::Value& object : built->objects) out.ids.push_back(document::IdOf(object));
  out.reads = std::move(built->reads);
  return std::make_shared<const BuiltIds>(std::move(out));
}

bool StillHolds(const BuiltIds& known, const SourceArtifact& source) {
  return known.reads ? base::Unchanged(*known.reads, *source.files) : !known.artifact.empty() && known.artifact == source.digest;
}

/// The answer; null: what it has on record is what it claims.
Result<KnownIds> Answer(const Question& asked, Builder& builder, std::stop_token stop) {
  const SourceArtifact& source = *asked.claimer.source;
  if (asked.claimer.reads && base::Unchanged(*asked.claimer.reads, *source.files)) return KnownIds();
  if (asked.known && StillHolds(*asked.known, source)) return asked.known;
  return BuildIds(asked, builder, std::move(stop));
}

}  // namespace

void AddClaim(Claims& claims, const ObjectId& id, const Claim& claim) {
  const auto doubts = [](const Claim& one) { return (one.waits_for_us ? 2 : 0) + (one.up_to_date ? 1 : 0); };
  const auto [at, added] = claims.try_emplace(id, claim);
  if (!added && doubts(claim) < doubts(at->second)) at->second = claim;
}

std::set<ObjectId> IdsOf(const Claims& claims) {
  std::set<ObjectId> ids;
  for (const auto& [id, claim] : claims) ids.insert(ids.end(), id);
  return ids;
}

net::Task<Claims> ClaimsOf(Services& services, Builder& builder, ClaimMemory& memory, std::vector<Claimer> claimers) {
  Claims claims;
  for (Claimer& claimer : claimers) {
    const Claim claim{.by = claimer.key, .up_to_date = false, .waits_for_us = claimer.waits_for_us};
    net::Task<Result<Variables>> reading = ReadVariables(services.client, claimer.key.ns, claimer.spec);
    Result<Variables> variables = co_await std::move(reading);
    if (!variables) continue;
    const auto at = memory.find(claimer.key);
    const bool same = at != memory.end() && at->second->generation == claimer.generation && at->second->variables == DigestOf(*variables);
    auto question =
        std::make_shared<const Question>(Question{std::move(claimer), *std::move(variables), services.limits, same ? at->second : nullptr});
    auto work = [question, &builder](std::stop_token stop) { return Answer(*question, builder, std::move(stop)); };
    net::Task<Result<KnownIds>> asking = services.workers.Run(std::move(work));
    const Result<KnownIds> answer = co_await std::move(asking);
    if (!answer) continue;
    if (*answer) memory[claim.by] = *answer;
    if (*answer)
      for (const ObjectId& id : (*answer)->ids) AddClaim(claims, id, claim);
    else
      for (const ObjectId& id : question->claimer.on_record) AddClaim(claims, id, claim);
  }
  co_return claims;
}

}  // namespace sluice::controller::kustomization
