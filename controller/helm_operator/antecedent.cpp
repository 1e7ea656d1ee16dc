#include "controller/helm_operator/antecedent.h"

#include <optional>

#include "controller/helm_release/drift.h"
#include "document/object.h"
#include "net/await.h"

namespace sluice::controller::helm_operator {

using base::Result;
using document::Value;

net::Task<Result<std::string>> AntecedentOf(kube::Client& client, std::shared_ptr<const helm::Release> release) {
  net::Task<Result<std::vector<Value>>> locating = helm_release::AppliedObjects(client.mapper(), std::move(release));
  CO_TRY(const std::vector<Value> objects, co_await std::move(locating));
  const kube::ReadOptions options{.as = {}, .metadata_only = true};
  for (const Value& object : objects) {
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    net::Task<Result<Value>> reading = client.Get(ref, options);
    const Result<Value> live = co_await std::move(reading);
    if (!live && live.error().reason == base::Reason::Canceled) co_return live.error();
    if (!live) continue;
    const std::string_view owner = document::AnnotationOf(*live, kAntecedent);
    if (!owner.empty()) co_return std::string(owner);
  }
  co_return std::string();
}

net::Task<Result<void>> Mark(kube::Client& client, std::shared_ptr<const helm::Release> release, std::string id) {
  net::Task<Result<std::vector<Value>>> locating = helm_release::AppliedObjects(client.mapper(), std::move(release));
  CO_TRY(const std::vector<Value> objects, co_await std::move(locating));
  Value patch = Value::Mapping();
  patch["metadata"]["annotations"].Set(kAntecedent, id);
  const kube::WriteOptions options{.manager = std::string(kFieldManager), .metadata_only = true};
  std::optional<base::Error> trouble;
  for (const Value& object : objects) {
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    net::Task<Result<Value>> marking = client.Patch(ref, kube::PatchType::Merge, patch, options);
    const Result<Value> marked = co_await std::move(marking);
    const bool failed = !marked && marked.error().reason != base::Reason::NotFound;
    if (failed && marked.error().reason == base::Reason::Canceled) co_return marked.error();
    if (failed && !trouble) trouble = marked.error().Wrap("marking " + ref.Id().ToString());
  }
  if (trouble) co_return *std::move(trouble);
  co_return Result<void>();
}

}  // namespace sluice::controller::helm_operator
