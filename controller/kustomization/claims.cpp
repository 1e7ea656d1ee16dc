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
  KnownIds known;                        ///< the last answer to the same spec and variables, or null
  std::shared_ptr<RemoteBases> remotes;  ///< null: refused. Added to between the tries
};

/// null: what the claimer has on record is what it claims. Or what is missing to say more.
struct Reply {
  KnownIds ids;
  std::optional<RemoteName> missing;
};

Reply BuildIds(const Question& asked, Builder& builder, std::stop_token stop) {
  const Claimer& claimer = asked.claimer;
  BuiltIds out{.generation = claimer.generation, .variables = DigestOf(asked.variables), .reads = {}, .artifact = {}, .ids = {}};
  std::optional<HeldRemotes> held;
  if (asked.remotes) held.emplace(*asked.remotes);
  const BuildInput input{.files = *claimer.source->files,
                         .spec = claimer.spec,
                         .name = claimer.key.name,
                         .ns = claimer.key.ns,
                         .variables = asked.variables,
                         .mask_encrypted = true,
                         .remote = held ? &*held : nullptr,
                         .limits = asked.limits.build,
                         .max_manifests_bytes = base::Parsers().max_manifests_bytes,
                         .time = asked.limits.build_time};
  Result<BuildOutput> built = builder.Build(input, std::move(stop));
  if (held && held->missing()) return {.ids = nullptr, .missing = held->missing()};
  const bool elsewhere = asked.remotes && asked.remotes->size() > 0;
  if (!built && elsewhere) return {.ids = nullptr, .missing = std::nullopt};  // somebody else's host may be the reason: nothing to remember
  if (!built || elsewhere)
    out.artifact = claimer.source->digest;
  else
    out.reads = std::move(built->reads);
  for (const document::Value& object : built ? built->objects : std::vector<document::Value>()) out.ids.push_back(document::IdOf(object));
  return {.ids = std::make_shared<const BuiltIds>(std::move(out)), .missing = std::nullopt};
}

bool StillHolds(const BuiltIds& known, const SourceArtifact& source) {
  return known.reads ? base::Unchanged(*known.reads, *source.files) : !known.artifact.empty() && known.artifact == source.digest;
}

Result<Reply> Answer(const Question& asked, Builder& builder, std::stop_token stop) {
  const SourceArtifact& source = *asked.claimer.source;
  if (asked.claimer.reads && base::Unchanged(*asked.claimer.reads, *source.files)) return Reply();
  if (asked.known && StillHolds(*asked.known, source)) return Reply{.ids = asked.known, .missing = std::nullopt};
  return BuildIds(asked, builder, std::move(stop));
}

/// Fetches what the claimer names elsewhere, one after the other.
net::Task<Result<KnownIds>> AskUntilAnswered(ClaimParts parts, std::shared_ptr<const Question> question) {
  while (true) {
    auto work = [question, &builder = parts.builder](std::stop_token stop) { return Answer(*question, builder, std::move(stop)); };
    net::Task<Result<Reply>> asking = parts.services.workers.Run(std::move(work));
    CO_TRY(Reply reply, co_await std::move(asking));
    if (!reply.missing) co_return std::move(reply.ids);
    net::Task<Result<void>> fetching = parts.fetcher->Fetch(*std::move(reply.missing), question->remotes, parts.on_wait);
    CO_TRY(co_await std::move(fetching));
  }
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

net::Task<Claims> ClaimsOf(ClaimParts parts, ClaimMemory& memory, std::vector<Claimer> claimers) {
  Claims claims;
  for (Claimer& claimer : claimers) {
    const Claim claim{.by = claimer.key, .up_to_date = false, .waits_for_us = claimer.waits_for_us};
    net::Task<Result<Variables>> reading = ReadVariables(parts.services.client, claimer.key.ns, claimer.spec);
    Result<Variables> variables = co_await std::move(reading);
    if (!variables) continue;
    const auto at = memory.find(claimer.key);
    const bool same = at != memory.end() && at->second->generation == claimer.generation && at->second->variables == DigestOf(*variables);
    auto question = std::make_shared<const Question>(Question{std::move(claimer), *std::move(variables), parts.services.limits,
                                                              same ? at->second : nullptr,
                                                              parts.fetcher == nullptr ? nullptr : std::make_shared<RemoteBases>()});
    net::Task<Result<KnownIds>> asking = AskUntilAnswered(parts, question);
    const Result<KnownIds> known = co_await std::move(asking);
    if (!known) continue;
    if (*known) memory[claim.by] = *known;
    if (*known)
      for (const ObjectId& id : (*known)->ids) AddClaim(claims, id, claim);
    else
      for (const ObjectId& id : question->claimer.on_record) AddClaim(claims, id, claim);
  }
  co_return claims;
}

}  // namespace sluice::controller::kustomization
