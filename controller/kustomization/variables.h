// controller/kustomization/variables.h: the variables of postBuild: those of ConfigMaps and Secrets in order, then those written in the spec.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "controller/kustomization/spec.h"
#include "kube/client.h"

namespace sluice::controller::kustomization {

using Variables = std::vector<std::pair<std::string, std::string>>;  ///< rising precedence; the values may be secret

/// The value of a variable as it is put in: newlines are dropped, as Flux does.
std::string OneLine(std::string text);

/// Reads what `spec.postBuild` names in namespace `ns`. Reads live, never from a cache.
/// Errors: NotFound `postBuild.substituteFrom: ConfigMap 'ns/name' not found` (unless optional), and those of reading.
net::Task<base::Result<Variables>> ReadVariables(kube::Client& client, std::string ns, const Spec& spec);

/// One word for all of them, to tell whether they changed without keeping them.
std::string DigestOf(const Variables& variables);

}  // namespace sluice::controller::kustomization
