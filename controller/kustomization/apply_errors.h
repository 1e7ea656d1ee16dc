// controller/kustomization/apply_errors.h: failures of applying in Flux's words (flux-contract 6.7, "Errors"). Pure.
#pragma once

#include "base/result.h"
#include "kube/client.h"

namespace sluice::controller::kustomization {

/// `Service/shop/web dry-run failed (Invalid): …`, `ConfigMap/shop/a not found: namespaces "shop" not found`,
/// `ConfigMap/a namespace not specified, error: …`. The word in brackets is the server's own, left out where it had none.
base::Error DryRunError(const kube::ObjectRef& ref, base::Error error);

/// Whether the server said no, so that nothing was written; else nobody knows.
bool IsRefusal(const base::Error& error);

/// Whether the server refused because a field cannot change: only a new object can have it.
bool IsImmutable(const base::Error& error);

}  // namespace sluice::controller::kustomization
