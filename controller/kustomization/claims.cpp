#include "controller/kustomization/claims.h"

#include "base/parser_limits.h"
#include "controller/kustomization/build.h"
#include "controller/kustomization/variables.h"
#include "net/await.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using document::ObjectId;

Result<std::vector<ObjectId>> IdsBuilt(const Claimer& claimer, const Variables& variables, const Limits& limits, Builder& builder,
                                       std::stop_token stop) {
  if (claimer.reads && base::Unchanged(*claimer.reads, *claimer.source->files))
    return std::vector<ObjectId>(claimer.on_record.begin(), claimer.on_record.end());
  std::vector<ObjectId> ids;
  const BuildInput input{.files = *claimer.source->files,
                         .spec = claimer.spec,
                         .name = claimer.key.name,
                         .ns = claimer.key.ns,
                         .variables = variables,
                         .mask_encrypted = true,
                         .limits = limits.build,
                         .max_manifests_bytes = base::Parsers().max_manifests_bytes,
                         .time = limits.build_time};
  TRY(const BuildOutput built, builder.Build(input, std::move(stop)));
  for (const document::Value& object : built.objects) ids.push_back(document::IdOf(object));
  return ids;
}

}  // namespace

net::Task<std::set<ObjectId>> ClaimsOf(Services& services, Builder& builder, std::vector<Claimer> claimers) {
  std::set<ObjectId> claimed;
  for (Claimer& claimer : claimers) {
    net::Task<Result<Variables>> reading = ReadVariables(services.client, claimer.key.ns, claimer.spec);
    Result<Variables> variables = co_await std::move(reading);
    if (!variables) continue;
    auto work = [claimer = std::make_shared<const Claimer>(std::move(claimer)), values = std::move(*variables), limits = services.limits,
                 &builder](std::stop_token stop) { return IdsBuilt(*claimer, values, limits, builder, std::move(stop)); };
    net::Task<Result<std::vector<ObjectId>>> building = services.workers.Run(std::move(work));
    const Result<std::vector<ObjectId>> ids = co_await std::move(building);
    if (ids) claimed.insert(ids->begin(), ids->end());
  }
  co_return claimed;
}

}  // namespace sluice::controller::kustomization
