// helm/release/objects.h: the objects of a manifest, and whose they are (helm-contract 9, 10 and 12). Pure: which kinds have a namespace is the caller's
// to know (kube::Mapper).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "helm/release/record.h"

namespace sluice::helm {

/// The objects in `manifest`, in order: documents that hold nothing are passed over, lists are flattened.
/// Errors: Invalid `error parsing : error converting YAML to JSON: …`, `Object 'Kind' is missing in '…'`.
base::Result<std::vector<document::Value>> ParseManifest(std::string_view manifest);

/// Sets app.kubernetes.io/managed-by, meta.helm.sh/release-name and -namespace.
void SetOwnership(document::Value& object, const std::string& name, const std::string& ns);
/// Whether `live` is that release's. Errors: Invalid, in Helm's words: `invalid ownership metadata; label validation error: missing key …`.
base::Result<void> CheckOwnership(const document::Value& live, const std::string& name, const std::string& ns);
/// `Deployment "web" in namespace "prod"`
std::string ResourceString(const document::Value& object);
/// `apps/v1, Kind=Deployment`
std::string GvkString(const document::GroupVersionKind& gvk);

/// What uninstalling deletes of `manifest`, in the order of deletion, and what helm.sh/resource-policy keeps.
struct UninstallObjects {
  std::vector<document::Value> remove;
  std::vector<std::string> kept;  ///< `[PersistentVolumeClaim] data`
};
base::Result<UninstallObjects> ObjectsToUninstall(std::string_view manifest);
/// Does helm.sh/resource-policy of a live object say exactly `keep`?
bool IsKept(const document::Value& live);
/// Deleted before: by Helm's UninstallOrder, unknown kinds last by name.
bool UninstalledBefore(std::string_view left_kind, std::string_view right_kind);

/// The indices of the hooks of `event`, in the order they run: by weight, then by name.
std::vector<std::size_t> HooksFor(const std::vector<ReleaseHook>& hooks, std::string_view event);

}  // namespace sluice::helm
