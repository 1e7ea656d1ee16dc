// The CRDs of a chart, outside of its release (helm-contract 1.5, flux-contract 7.7).
#include <algorithm>

#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"
#include "releases/actions.h"
#include "releases/writer.h"
#include "rollout/status.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;

constexpr base::Duration kEstablished = std::chrono::seconds(60);

bool IsDefinition(const Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  return gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition";
}

Result<std::vector<Value>> DefinitionsIn(const std::vector<helm::CrdFile>& files, const std::map<std::string, std::string>& labels,
                                         const base::Logger& log) {
  std::vector<Value> definitions;
  for (const helm::CrdFile& file : files) {
    auto objects = helm::ParseManifest(*file.data);
    if (!objects) return objects.error().Wrap("failed to parse CustomResourceDefinitions from " + file.path);
    for (Value& object : *objects) {
      if (!IsDefinition(object)) {
        log.Info("what is no CustomResourceDefinition in crds/ of a chart is passed over", {{"object", helm::ResourceString(object)}});
        continue;
      }
      for (const auto& [key, value] : labels) document::SetLabel(object, key, value);
      definitions.push_back(std::move(object));
    }
  }
  return definitions;
}

/// Client-side: PUT over what is there. nullopt: it is not there.
net::Task<Result<std::optional<Value>>> Replace(const Actions::Environment& env, Value definition) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(definition);
  const kube::ReadOptions reading{.as = env.as, .metadata_only = true};
  const Result<Value> live = co_await env.client.Get(ref, reading);
  if (!live && live.error().reason == Reason::NotFound) co_return std::optional<Value>();
  if (!live) co_return live.error().Wrap("failed to get CustomResourceDefinition " + ref.name);
  definition["metadata"].Set("resourceVersion", live->StringAt({"metadata", "resourceVersion"}));
  const kube::WriteOptions writing{.manager = env.manager, .as = env.as};
  CO_TRY(Value stored, co_await env.client.Replace(definition, writing));
  co_return std::optional<Value>(std::move(stored));
}

}  // namespace

net::Task<Result<std::vector<kube::ObjectRef>>> Actions::ApplyCrds(std::vector<helm::CrdFile> crds, CrdPolicy policy, bool server_side,
                                                                   std::map<std::string, std::string> labels) {
  CO_TRY(const std::vector<Value> definitions, DefinitionsIn(crds, labels, env_.log));
  std::vector<kube::ObjectRef> refs;
  for (const Value& definition : definitions) refs.push_back(kube::ObjectRef::Of(definition));
  if (policy == CrdPolicy::Skip) co_return refs;
  const WriterOptions options{
      .manager = env_.manager, .as = env_.as, .server_side = server_side, .force_conflicts = server_side, .upgrade_managers = true};
  PollingFollower follower(env_.client, env_.clock, env_.as);
  Writer writer(env_.client, follower, options);
  std::vector<Awaited> unready;
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    Value stored;
    bool replaced = false;
    if (policy == CrdPolicy::CreateReplace && !server_side) {
      Result<std::optional<Value>> put = co_await Replace(env_, definitions[i]);
      if (!put) co_return put.error().Wrap("failed to update CustomResourceDefinition(s)");
      replaced = put->has_value();
      if (replaced) stored = **std::move(put);
    }
    if (!replaced) {
      const Result<void> created = co_await writer.Create(definitions[i], &stored);
      if (!created && created.error().reason == Reason::AlreadyExists) continue;
      if (!created) co_return created.error().Wrap("failed to create CustomResourceDefinition " + refs[i].name);
    }
    if (rollout::ComputeStatus(stored, env_.clock.Now()).phase != rollout::Phase::Current) unready.push_back({.ref = refs[i]});
  }
  if (unready.empty()) co_return refs;
  const AwaitOptions waiting{.timeout = kEstablished};
  const Result<void> ready = co_await follower.AwaitReady(std::move(unready), waiting);
  if (!ready) co_return ready.error().Wrap("failed to wait for CustomResourceDefinition(s)");
  env_.client.mapper().Invalidate();
  co_return refs;
}

}  // namespace sluice::releases
