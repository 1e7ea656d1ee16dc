// controller/helm_operator/antecedent.h: whose a release is, as the operator marks it: every object of it names its HelmRelease in the annotation
// helm.fluxcd.io/antecedent. Belongs to the I/O thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/release/record.h"
#include "kube/client.h"

namespace sluice::controller::helm_operator {

inline constexpr std::string_view kAntecedent = "helm.fluxcd.io/antecedent";
inline constexpr std::string_view kFieldManager = "helm-operator";

/// The HelmRelease (`ns:helmrelease/name`) that the first marked object of `release` names; "" if none is marked, so that anybody may take it over. What cannot be
/// read is passed over, but Canceled is an error.
net::Task<base::Result<std::string>> AntecedentOf(kube::Client& client, std::shared_ptr<const helm::Release> release);

/// Marks every object of `release` as `id`'s. What is not there is passed over. Errors: of the first that failed; the others are marked.
net::Task<base::Result<void>> Mark(kube::Client& client, std::shared_ptr<const helm::Release> release, std::string id);

}  // namespace sluice::controller::helm_operator
