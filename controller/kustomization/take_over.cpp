#include "controller/kustomization/take_over.h"

#include <functional>
#include <optional>

#include "net/await.h"
#include "rollout/annotations.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using document::Value;

constexpr int kAttempts = 10;

using MakePatch = std::function<std::optional<Value>(const Value& live)>;

net::Task<Result<void>> PatchAsSeen(kube::Client& client, kube::ObjectRef ref, std::string manager, kube::Impersonate as, MakePatch make) {
  for (int attempt = 1;; ++attempt) {
    const kube::ReadOptions look{.as = as};
    net::Task<Result<Value>> reading = client.Get(ref, look);
    const Result<Value> live = co_await std::move(reading);
    if (!live && live.error().reason == base::Reason::NotFound) co_return Result<void>();
    if (!live) co_return live.error();
    const std::optional<Value> patch = make(*live);
    if (!patch) co_return Result<void>();
    const kube::WriteOptions options{.manager = manager, .as = as, .metadata_only = true};
    net::Task<Result<Value>> writing = client.Patch(ref, kube::PatchType::Json, *patch, options);
    const Result<Value> written = co_await std::move(writing);
    if (written) co_return Result<void>();
    if (written.error().reason != base::Reason::Conflict || attempt == kAttempts) co_return written.error();
  }
}

}  // namespace

net::Task<Result<void>> TakeOverFields(kube::Client& client, kube::ObjectRef ref, rollout::TakeoverRules rules, kube::Impersonate as) {
  const std::string manager = rules.manager;
  MakePatch make = [rules = std::move(rules)](const Value& live) { return rollout::TakeoverPatch(live, rules); };
  net::Task<Result<void>> patching = PatchAsSeen(client, std::move(ref), manager, std::move(as), std::move(make));
  co_return co_await std::move(patching);
}

net::Task<Result<void>> MigrateFields(kube::Client& client, kube::ObjectRef ref, std::string manager, kube::Impersonate as) {
  MakePatch make = [version = ref.gvk.ApiVersion()](const Value& live) -> std::optional<Value> {
    const rollout::Selectors asks = rollout::SelectorsOf(live);
    if (asks.Excluded() || asks.Has(rollout::Selector::SsaIfNotPresent)) return std::nullopt;
    return rollout::MigrationPatch(live, version);
  };
  net::Task<Result<void>> patching = PatchAsSeen(client, std::move(ref), std::move(manager), std::move(as), std::move(make));
  co_return co_await std::move(patching);
}

}  // namespace sluice::controller::kustomization
