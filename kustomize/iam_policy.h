// kustomize/iam_policy.h: the IAMPolicyGenerator plugin. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

struct IamPolicyArgs {
  std::string cloud;
  std::string kubernetes_namespace, kubernetes_name;  ///< kubernetesService
  std::string account_name, account_project_id;       ///< serviceAccount
};

/// A ServiceAccount bound to a cloud account. Errors: Invalid (a cloud other than `gke`).
base::Result<document::Value> GenerateIamPolicy(const IamPolicyArgs& args);

}  // namespace sluice::kustomize
