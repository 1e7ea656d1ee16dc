#include "controller/kustomization/spec.h"

#include <algorithm>

#include "controller/spec_reader.h"

namespace sluice::controller::kustomization {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

constexpr base::Duration kMinTimeout = std::chrono::seconds(30);

Result<void> ReadTimes(const SpecReader& spec, Spec& out) {
  TRY(spec.RequiredString("interval"));
  TRY(out.interval, spec.Duration("interval", {}));
  TRY(out.retry_interval, spec.Duration("retryInterval", out.interval));
  TRY(out.timeout, spec.Duration("timeout", std::max(out.interval - kMinTimeout, kMinTimeout)));
  return {};
}

Result<SourceReference> ReadSource(const SpecReader& ref, const std::string& own_namespace) {
  SourceReference out;
  TRY(out.api_version, ref.String("apiVersion"));
  TRY(out.kind, ref.RequiredString("kind"));
  TRY(out.name, ref.RequiredString("name"));
  TRY(out.ns, ref.String("namespace"));
  if (out.ns.empty()) out.ns = own_namespace;
  return out;
}

Result<DeletionPolicy> ReadDeletionPolicy(const SpecReader& spec) {
  TRY(const std::string word, spec.String("deletionPolicy"));
  if (word.empty() || word == "MirrorPrune") return DeletionPolicy::MirrorPrune;
  if (word == "Delete") return DeletionPolicy::Delete;
  if (word == "WaitForTermination") return DeletionPolicy::WaitForTermination;
  if (word == "Orphan") return DeletionPolicy::Orphan;
  return Invalid("spec.deletionPolicy: \"" + word + "\" is none of MirrorPrune, Delete, WaitForTermination, Orphan");
}

Result<std::vector<HealthCheck>> ReadHealthChecks(const SpecReader& spec, const std::string& own_namespace) {
  std::vector<HealthCheck> out;
  for (const SpecReader& item : spec.Items("healthChecks")) {
    HealthCheck check;
    TRY(check.api_version, item.String("apiVersion"));
    TRY(check.kind, item.RequiredString("kind"));
    TRY(check.name, item.RequiredString("name"));
    TRY(check.ns, item.String("namespace"));
    if (check.api_version.empty()) check.api_version = "apps/v1";
    if (check.ns.empty()) check.ns = own_namespace;
    out.push_back(std::move(check));
  }
  return out;
}

Result<Substitute> ReadPostBuild(const SpecReader& post) {
  Substitute out;
  TRY(out.variables, post.StringMap("substitute"));
  for (const SpecReader& item : post.Items("substituteFrom")) {
    Substitute::From from;
    TRY(const std::string kind, item.RequiredString("kind"));
    if (kind != "Secret" && kind != "ConfigMap") return Invalid(item.PathOf("kind") + ": \"" + kind + "\" is neither Secret nor ConfigMap");
    from.secret = kind == "Secret";
    TRY(from.name, item.RequiredString("name"));
    TRY(from.optional, item.Bool("optional", false));
    out.from.push_back(std::move(from));
  }
  TRY(const std::string strategy, post.String("substituteStrategy"));
  if (!strategy.empty() && strategy != "WithVariables" && strategy != "Always") {
    return Invalid(post.PathOf("substituteStrategy") + ": \"" + strategy + "\" is neither WithVariables nor Always");
  }
  out.always = strategy == "Always";
  return out;
}

Result<Decryption> ReadDecryption(const SpecReader& decryption) {
  Decryption out;
  TRY(const std::string provider, decryption.RequiredString("provider"));
  if (provider != "sops") return Invalid(decryption.PathOf("provider") + ": \"" + provider + "\" is not sops");
  if (decryption.Has("secretRef")) {
    TRY(out.secret, decryption.Child("secretRef").RequiredString("name"));
  }
  TRY(out.service_account_name, decryption.String("serviceAccountName"));
  return out;
}

Result<void> ReadBuildFields(const SpecReader& spec, Spec& out) {
  TRY(out.path, spec.String("path"));
  TRY(out.target_namespace, spec.String("targetNamespace"));
  TRY(out.name_prefix, spec.String("namePrefix"));
  TRY(out.name_suffix, spec.String("nameSuffix"));
  if (spec.Has("patches")) out.patches = *spec.Child("patches").value();
  if (spec.Has("images")) out.images = *spec.Child("images").value();
  TRY(out.components, spec.Strings("components"));
  TRY(out.ignore_missing_components, spec.Bool("ignoreMissingComponents", false));
  TRY(out.build_metadata, spec.Strings("buildMetadata"));
  const SpecReader metadata = spec.Child("commonMetadata");
  TRY(out.common_labels, metadata.StringMap("labels"));
  TRY(out.common_annotations, metadata.StringMap("annotations"));
  if (spec.Has("postBuild")) {
    TRY(out.post_build, ReadPostBuild(spec.Child("postBuild")));
  }
  if (spec.Has("decryption")) {
    TRY(out.decryption, ReadDecryption(spec.Child("decryption")));
  }
  return {};
}

Result<Spec> Parse(const Value& object, bool applies) {
  const std::string own_namespace(document::NamespaceOf(object));
  const SpecReader spec(object.Find("spec"), "spec");
  Spec out;
  if (applies || spec.Has("interval")) TRY(ReadTimes(spec, out));
  if (applies || spec.Has("sourceRef")) {
    TRY(out.source, ReadSource(spec.Child("sourceRef"), own_namespace));
  }
  TRY(out.prune, spec.Bool("prune", false));
  TRY(out.force, spec.Bool("force", false));
  TRY(out.wait, spec.Bool("wait", false));
  TRY(out.suspend, spec.Bool("suspend", false));
  TRY(out.deletion_policy, ReadDeletionPolicy(spec));
  TRY(out.health_checks, ReadHealthChecks(spec, own_namespace));
  TRY(out.health_check_exprs, ReadHealthCheckExprs(spec));
  TRY(out.depends_on, ReadDependencies(spec, own_namespace));
  TRY(out.service_account_name, spec.String("serviceAccountName"));
  TRY(out.ignore, ReadIgnore(spec));
  TRY(ReadBuildFields(spec, out));
  if (spec.Has("kubeConfig")) {
    TRY(out.kube_config, ReadKubeConfig(spec.Child("kubeConfig")));
  }
  return out;
}

}  // namespace

Result<Spec> ParseSpec(const Value& object) { return Parse(object, true); }
Result<Spec> ParseBuildSpec(const Value& object) { return Parse(object, false); }

}  // namespace sluice::controller::kustomization
