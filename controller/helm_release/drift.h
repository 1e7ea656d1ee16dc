// controller/helm_release/drift.h: does the cluster hold what a release was made of (flux-contract 7.10)? Objects that the index knows to be as they were applied cost no
// request; of the others a dry run says what applying them would change. Belongs to the I/O thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "controller/clusters.h"
#include "controller/ignore.h"
#include "document/value.h"
#include "helm/release/record.h"
#include "kube/client.h"
#include "rollout/takeover.h"

namespace sluice::controller::helm_release {

inline constexpr std::string_view kFieldManager = "helm-controller";
inline constexpr std::string_view kDriftKey =
    "helm.toolkit.fluxcd.io/driftDetection";  ///< label or annotation; `disabled` leaves the object alone

struct Drift {
  enum class Type { Removed, Changed, Excluded };
  Type type = Type::Changed;
  kube::ObjectRef ref;
  std::size_t additions = 0, changes = 0, removals = 0;
  document::Value payload;        ///< what is applied to put it right
  std::uint64_t fingerprint = 0;  ///< of that, for the index
};

/// `Deployment/prod/web changed (0 additions, 1 changes, 0 removals)`, a line each.
std::string Summarize(const std::vector<Drift>& drifts);
/// Whether anything was removed or changed.
bool HasChanges(const std::vector<Drift>& drifts);

/// The objects of `release` as they were applied, whole, with the namespace that they have in the cluster. Errors: Invalid, and those of discovery.
net::Task<base::Result<std::vector<document::Value>>> AppliedObjects(kube::Mapper& mapper, std::shared_ptr<const helm::Release> release);

struct DriftOptions {
  kube::Impersonate as;
  const IgnoreRules& ignore;                     ///< outlives the calls
  std::vector<std::string> overridden_managers;  ///< whose fields are taken over first
};

/// What differs, in the order of `objects`. Errors: those of the server (`unable to determine cluster state: …`), if nothing was found to differ.
net::Task<base::Result<std::vector<Drift>>> FindDrift(const Cluster& cluster, std::vector<document::Value> objects, DriftOptions options);

struct Correction {
  std::vector<std::string> done;    ///< `Deployment/prod/web configured`
  std::vector<std::string> failed;  ///< `Deployment/prod/web patch failure: why`
};
net::Task<Correction> CorrectDrift(const Cluster& cluster, std::vector<Drift> drifts, kube::Impersonate as);

}  // namespace sluice::controller::helm_release
