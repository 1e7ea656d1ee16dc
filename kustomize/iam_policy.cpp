#include "kustomize/iam_policy.h"

#include "document/yaml.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using document::Value;

namespace {

/// kustomize pastes the names into a YAML text, where they are what YAML makes of them.
Value Pasted(const std::string& text) {
  Value value = UntaggedScalar(text);
  value.set_style(document::Style::Plain);
  return value;
}

}  // namespace

base::Result<Value> GenerateIamPolicy(const IamPolicyArgs& args) {
  if (args.cloud != "gke") return base::Invalid("cloud '" + args.cloud + "' is not supported, only gke is");
  const std::string account = args.account_name + "@" + args.account_project_id + ".iam.gserviceaccount.com";
  Value object = Value::Mapping();
  object.Set("apiVersion", "v1");
  object.Set("kind", "ServiceAccount");
  Value& metadata = object.Set("metadata", Value::Mapping());
  metadata.Set("annotations", Value::Mapping()).Set("iam.gke.io/gcp-service-account", Pasted(account));
  metadata.Set("name", Pasted(args.kubernetes_name));
  if (!args.kubernetes_namespace.empty()) metadata.Set("namespace", Pasted(args.kubernetes_namespace));
  return object;
}

}  // namespace sluice::kustomize
