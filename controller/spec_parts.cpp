#include "controller/spec_parts.h"

namespace sluice::controller {

using base::Invalid;
using base::Result;
using document::Value;

Result<std::vector<Dependency>> ReadDependencies(const SpecReader& spec, const std::string& own_namespace) {
  std::vector<Dependency> out;
  for (const SpecReader& item : spec.Items("dependsOn")) {
    Dependency dependency;
    TRY(dependency.name.name, item.RequiredString("name"));
    TRY(dependency.name.ns, item.String("namespace"));
    TRY(dependency.ready_expr, item.String("readyExpr"));
    if (dependency.name.ns.empty()) dependency.name.ns = own_namespace;
    out.push_back(std::move(dependency));
  }
  return out;
}

Result<std::vector<IgnoreRule>> ReadIgnore(const SpecReader& spec) {
  std::vector<IgnoreRule> out;
  for (const SpecReader& item : spec.Items("ignore")) {
    IgnoreRule rule;
    TRY(rule.paths, item.Strings("paths"));
    if (rule.paths.empty()) return Invalid(item.PathOf("paths") + ": required");
    const SpecReader target = item.Child("target");
    kustomize::Selector& selector = rule.target;
    TRY(selector.group, target.String("group"));
    TRY(selector.version, target.String("version"));
    TRY(selector.kind, target.String("kind"));
    TRY(selector.name, target.String("name"));
    TRY(selector.ns, target.String("namespace"));
    TRY(selector.label_selector, target.String("labelSelector"));
    TRY(selector.annotation_selector, target.String("annotationSelector"));
    out.push_back(std::move(rule));
  }
  return out;
}

Result<KubeConfig> ReadKubeConfig(const SpecReader& config) {
  if (config.Has("secretRef") == config.Has("configMapRef")) {
    return Invalid("exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified");
  }
  KubeConfig out;
  if (config.Has("configMapRef")) {
    TRY(out.config_map, config.Child("configMapRef").RequiredString("name"));
    return out;
  }
  TRY(out.secret, config.Child("secretRef").RequiredString("name"));
  TRY(out.key, config.Child("secretRef").String("key"));
  return out;
}

Result<std::vector<rollout::CustomHealthCheck>> ReadHealthCheckExprs(const SpecReader& spec) {
  std::vector<rollout::CustomHealthCheck> out;
  for (const SpecReader& item : spec.Items("healthCheckExprs")) {
    rollout::CustomHealthCheck check;
    TRY(check.api_version, item.RequiredString("apiVersion"));
    TRY(check.kind, item.String("kind"));
    TRY(check.in_progress, item.String("inProgress"));
    TRY(check.failed, item.String("failed"));
    TRY(check.current, item.String("current"));
    out.push_back(std::move(check));
  }
  return out;
}

Result<std::vector<rollout::CustomHealthCheck>> ReadHealthCheckExprs(const Value& object) {
  return ReadHealthCheckExprs(SpecReader(object.Find("spec"), "spec"));
}

}  // namespace sluice::controller
