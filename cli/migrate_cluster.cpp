#include "cli/migrate_cluster.h"

#include <iostream>

#include "cli/session.h"
#include "net/await.h"
#include "rollout/takeover.h"

namespace sluice::cli {
namespace {

using base::Reason;
using base::Result;
using document::Value;

constexpr int kAttempts = 5;  // somebody else may be writing the object
const document::GroupVersionKind kCrd{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};

void Say(std::string_view sign, const std::string& what) { std::cout << sign << " " << what << std::endl; }

std::string StorageVersionOf(const Value& crd) {
  const Value* versions = crd.At({"spec", "versions"});
  for (const Value& version : versions == nullptr ? std::span<const Value>() : versions->items()) {
    const Value* storage = version.Find("storage");
    if (storage != nullptr && storage->AsBool().value_or(false)) return std::string(version.StringAt({"name"}));
  }
  return {};
}

/// Whether it says that objects are stored in that version, and in no other.
bool IsStoredAs(const Value& crd, const std::string& version) {
  const Value* stored = crd.At({"status", "storedVersions"});
  return stored != nullptr && stored->size() == 1 && stored->items()[0].text() == version;
}

/// Any write stores an object in the storage version; a patch that changes nothing will do. But entries of managedFields that are of a version which is not
/// served any more would break every later apply.
Result<void> Rewrite(Session& session, Value object) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(object);
  for (int attempt = 1;; ++attempt) {
    const std::optional<Value> entries = rollout::MigrationPatch(object, ref.gvk.ApiVersion());
    const kube::PatchType type = entries ? kube::PatchType::Json : kube::PatchType::Merge;
    const Value patch = entries ? *entries : Value::Mapping();
    const Result<Value> written = session.Wait(session.client->Patch(ref, type, patch, {.manager = "flux", .metadata_only = true}));
    if (written || written.error().reason == Reason::NotFound) return {};
    if (written.error().reason != Reason::Conflict || attempt == kAttempts) return written.error();
    Result<Value> live = session.Get(ref);
    if (!live && live.error().reason == Reason::NotFound) return {};
    TRY(object, std::move(live));
  }
}

Result<void> RewriteAll(Session& session, const document::GroupVersionKind& gvk, const std::string& crd) {
  Result<std::vector<Value>> objects = session.Wait(session.client->ListAll(gvk, {}));
  if (!objects) return std::move(objects).error().Wrap("failed to list resources for CRD " + crd);
  for (Value& object : *objects) {
    const std::string what = gvk.kind + "/" + std::string(document::NamespaceOf(object)) + "/" + std::string(document::NameOf(object));
    if (Result<void> written = Rewrite(session, std::move(object)); !written) return written.error().Wrap(what + " failed to migrate");
    Say("✔", what + " migrated to version " + gvk.version);
  }
  return {};
}

/// `crd` as it was before its objects were written: if its versions change meanwhile, the status does not say what is not so (Conflict).
Result<void> MigrateKind(Session& session, const Value& crd) {
  const std::string name(document::NameOf(crd)), version = StorageVersionOf(crd);
  if (version.empty()) return base::Invalid("no storage version found for CRD " + name);
  const document::GroupVersionKind gvk{std::string(crd.StringAt({"spec", "group"})), version,
                                       std::string(crd.StringAt({"spec", "names", "kind"}))};
  if (Result<void> written = RewriteAll(session, gvk, name); !written)
    return written.error().Wrap("failed to migrate resources for CRD " + name);
  if (IsStoredAs(crd, version)) return {};
  Value patch = Value::Mapping();
  patch["metadata"].Set("resourceVersion", crd.StringAt({"metadata", "resourceVersion"}));
  patch["status"].Set("storedVersions", Value::Sequence({Value(version)}));
  const Result<Value> told =
      session.Wait(session.client->Patch({kCrd, "", name}, kube::PatchType::Merge, patch, {.manager = "flux", .subresource = "status"}));
  if (!told) return told.error().Wrap("failed to update CRD " + name + " status");
  Say("✔", name + " migrated to storage version " + version);
  return {};
}

Result<void> MigrateKinds(Session& session) {
  Result<std::vector<Value>> crds = session.Wait(session.client->ListAll(kCrd, {.label_selector = "app.kubernetes.io/part-of=flux"}));
  if (!crds) return std::move(crds).error().Wrap("failed to list CRDs");
  for (const Value& crd : *crds) TRY(MigrateKind(session, crd));
  return {};
}

}  // namespace

int MigrateCluster(const ClusterFlags& flags) {
  Say("►", "starting migration of custom resources");
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 1);
  const Result<void> migrated = MigrateKinds(**session);
  if (migrated) Say("✔", "custom resources migrated successfully");
  return Ended(migrated);
}

}  // namespace sluice::cli
