#include "kustomize/iam_policy.h"

#include "document/yaml.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using document::Style;
using document::Value;

base::Result<Value> GenerateIamPolicy(const IamPolicyArgs& args) {
  if (args.cloud != "gke") return base::Invalid("cloud '" + args.cloud + "' is not supported, only gke is");
  const std::string account = args.account_name + "@" + args.account_project_id + ".iam.gserviceaccount.com";
  Value object = Value::Mapping();
  object.Set("apiVersion", "v1");
  object.Set("kind", "ServiceAccount");
  Value& metadata = object.Set("metadata", Value::Mapping());
  // kustomize pastes the names into a YAML text, where they are what YAML makes of them.
  metadata.Set("annotations", Value::Mapping()).Set("iam.gke.io/gcp-service-account", UntaggedScalar(account, Style::Plain));
  metadata.Set("name", UntaggedScalar(args.kubernetes_name, Style::Plain));
  if (!args.kubernetes_namespace.empty()) metadata.Set("namespace", UntaggedScalar(args.kubernetes_namespace, Style::Plain));
  return object;
}

}  // namespace sluice::kustomize
