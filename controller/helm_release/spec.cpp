#include "controller/helm_release/spec.h"

#include <algorithm>

#include "base/digest.h"
#include "controller/spec_reader.h"
#include "document/json.h"

namespace sluice::controller::helm_release {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

Result<int> ReadInt(const SpecReader& from, std::string_view field, int fallback) {
  if (!from.Has(field)) return fallback;
  const auto number = from.Child(field).value()->AsInt();
  if (!number || *number > 1'000'000 || *number < -1'000'000) return Invalid(from.PathOf(field) + ": want a number");
  return static_cast<int>(*number);
}

Result<std::optional<bool>> ReadMaybe(const SpecReader& from, std::string_view field) {
  if (!from.Has(field)) return std::optional<bool>();
  TRY(const bool flag, from.Bool(field, false));
  return std::optional<bool>(flag);
}

/// One of the words `words`, as its place among them; `fallback` if absent.
Result<std::size_t> ReadWord(const SpecReader& from, std::string_view field, std::initializer_list<std::string_view> words,
                             std::size_t fallback) {
  TRY(const std::string word, from.String(field));
  if (word.empty()) return fallback;
  const auto* const at = std::find(words.begin(), words.end(), word);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  std::string all;
  for (const std::string_view each : words) all += (all.empty() ? "" : ", ") + std::string(each);
  return Invalid(from.PathOf(field) + ": \"" + word + "\" is none of " + all);
}

Result<ChartTemplate> ReadChart(const SpecReader& from, const std::string& own_namespace, base::Duration interval) {
  ChartTemplate out;
  const SpecReader spec = from.Child("spec"), source = spec.Child("sourceRef"), metadata = from.Child("metadata");
  TRY(out.labels, metadata.StringMap("labels"));
  TRY(out.annotations, metadata.StringMap("annotations"));
  TRY(out.chart, spec.RequiredString("chart"));
  TRY(out.version, spec.String("version"));
  TRY(out.source_kind, source.RequiredString("kind"));
  TRY(out.source_name, source.RequiredString("name"));
  TRY(out.source_ns, source.String("namespace"));
  if (out.source_ns.empty()) out.source_ns = own_namespace;
  TRY(out.interval, spec.Duration("interval", interval));
  TRY(out.reconcile_strategy, spec.String("reconcileStrategy"));
  TRY(out.values_files, spec.Strings("valuesFiles"));
  TRY(out.ignore_missing_values_files, spec.Bool("ignoreMissingValuesFiles", false));
  if (spec.Has("verify")) {
    TRY(out.verify_provider, spec.Child("verify").RequiredString("provider"));
    TRY(out.verify_secret, spec.Child("verify").Child("secretRef").String("name"));
  }
  return out;
}

Result<ChartRef> ReadChartRef(const SpecReader& from, const std::string& own_namespace) {
  ChartRef out;
  TRY(out.kind, from.RequiredString("kind"));
  TRY(ReadWord(from, "kind", {"OCIRepository", "HelmChart", "ExternalArtifact"}, 0));
  TRY(out.name, from.RequiredString("name"));
  TRY(out.ns, from.String("namespace"));
  if (out.ns.empty()) out.ns = own_namespace;
  return out;
}

Result<void> ReadAction(const SpecReader& from, ActionSpec& out) {
  if (from.Has("timeout")) {
    TRY(out.timeout, from.Duration("timeout", {}));
  }
  TRY(out.disable_wait, from.Bool("disableWait", false));
  TRY(out.disable_wait_for_jobs, from.Bool("disableWaitForJobs", false));
  TRY(out.disable_hooks, from.Bool("disableHooks", false));
  return {};
}

Result<Remediation> ReadRemediation(const SpecReader& from) {
  Remediation out;
  TRY(out.retries, ReadInt(from, "retries", 0));
  TRY(out.ignore_test_failures, ReadMaybe(from, "ignoreTestFailures"));
  TRY(out.remediate_last_failure, ReadMaybe(from, "remediateLastFailure"));
  TRY(const std::size_t strategy, ReadWord(from, "strategy", {"rollback", "uninstall"}, 0));
  out.uninstall = strategy == 1;
  return out;
}

Result<RetryStrategy> ReadStrategy(const SpecReader& action, const SpecDefaults& defaults) {
  RetryStrategy out;
  out.retries_only = defaults.retry_on_failure;
  if (!action.Has("strategy")) return out;
  const SpecReader from = action.Child("strategy");
  TRY(from.RequiredString("name"));
  TRY(const std::size_t name, ReadWord(from, "name", {"RemediateOnFailure", "RetryOnFailure"}, 0));
  out.retries_only = name == 1;
  if (from.Has("retryInterval") && !out.retries_only)
    return Invalid(from.PathOf("retryInterval") + ": cannot be set when .name is 'RemediateOnFailure'");
  TRY(out.interval, from.Duration("retryInterval", std::chrono::minutes(5)));
  return out;
}

Result<CrdPolicy> ReadCrds(const SpecReader& from) {
  TRY(const std::size_t word, ReadWord(from, "crds", {"Skip", "Create", "CreateReplace"}, 1));
  return static_cast<CrdPolicy>(word);
}

Result<ApplyMode> ReadApplyMode(const SpecReader& from) {
  TRY(const std::size_t word, ReadWord(from, "serverSideApply", {"auto", "enabled", "disabled"}, 0));
  return static_cast<ApplyMode>(word);
}

Result<InstallSpec> ReadInstall(const SpecReader& from, const SpecDefaults& defaults) {
  InstallSpec out;
  TRY(ReadAction(from, out));
  TRY(out.remediation, ReadRemediation(from.Child("remediation")));
  out.remediation.uninstall = true;
  TRY(out.strategy, ReadStrategy(from, defaults));
  TRY(out.disable_openapi_validation, from.Bool("disableOpenAPIValidation", false));
  TRY(out.disable_schema_validation, from.Bool("disableSchemaValidation", false));
  TRY(out.disable_take_ownership, from.Bool("disableTakeOwnership", false));
  TRY(out.replace, from.Bool("replace", false));
  TRY(out.create_namespace, from.Bool("createNamespace", false));
  TRY(out.server_side_apply, from.Bool("serverSideApply", !defaults.helm3));
  TRY(out.crds, ReadCrds(from));
  return out;
}

Result<UpgradeSpec> ReadUpgrade(const SpecReader& from, const SpecDefaults& defaults) {
  UpgradeSpec out;
  TRY(ReadAction(from, out));
  TRY(out.remediation, ReadRemediation(from.Child("remediation")));
  TRY(out.strategy, ReadStrategy(from, defaults));
  TRY(out.disable_openapi_validation, from.Bool("disableOpenAPIValidation", false));
  TRY(out.disable_schema_validation, from.Bool("disableSchemaValidation", false));
  TRY(out.disable_take_ownership, from.Bool("disableTakeOwnership", false));
  TRY(out.force, from.Bool("force", false));
  TRY(out.preserve_values, from.Bool("preserveValues", false));
  TRY(out.cleanup_on_fail, from.Bool("cleanupOnFail", false));
  TRY(const std::size_t change, ReadWord(from, "chartNameChangeStrategy", {"Reinstall", "InPlaceUpdate"}, 0));
  out.change_chart_in_place = change == 1;
  TRY(out.crds, ReadCrds(from));
  TRY(out.server_side_apply, ReadApplyMode(from));
  return out;
}

Result<RollbackSpec> ReadRollback(const SpecReader& from) {
  RollbackSpec out;
  TRY(ReadAction(from, out));
  TRY(out.force, from.Bool("force", false));
  TRY(out.cleanup_on_fail, from.Bool("cleanupOnFail", false));
  TRY(out.server_side_apply, ReadApplyMode(from));
  return out;
}

Result<UninstallSpec> ReadUninstall(const SpecReader& from) {
  UninstallSpec out;
  TRY(ReadAction(from, out));
  TRY(out.keep_history, from.Bool("keepHistory", false));
  TRY(ReadWord(from, "deletionPropagation", {"background", "foreground", "orphan"}, 0));
  TRY(const std::string propagation, from.String("deletionPropagation"));
  if (!propagation.empty()) out.propagation = propagation;
  return out;
}

Result<TestSpec> ReadTest(const SpecReader& from) {
  TestSpec out;
  TRY(out.enable, from.Bool("enable", false));
  TRY(out.ignore_failures, from.Bool("ignoreFailures", false));
  if (from.Has("timeout")) {
    TRY(out.timeout, from.Duration("timeout", {}));
  }
  for (const SpecReader& item : from.Items("filters")) {
    TestFilter filter;
    TRY(filter.name, item.RequiredString("name"));
    TRY(filter.exclude, item.Bool("exclude", false));
    out.filters.push_back(std::move(filter));
  }
  return out;
}

Result<std::vector<ValuesReference>> ReadValuesFrom(const SpecReader& spec) {
  std::vector<ValuesReference> out;
  for (const SpecReader& item : spec.Items("valuesFrom")) {
    ValuesReference reference;
    TRY(item.RequiredString("kind"));
    TRY(const std::size_t kind, ReadWord(item, "kind", {"Secret", "ConfigMap"}, 0));
    reference.secret = kind == 0;
    TRY(reference.name, item.RequiredString("name"));
    TRY(reference.key, item.String("valuesKey"));
    if (reference.key.empty()) reference.key = "values.yaml";
    TRY(reference.target_path, item.String("targetPath"));
    TRY(reference.optional, item.Bool("optional", false));
    TRY(reference.literal, item.Bool("literal", false));
    out.push_back(std::move(reference));
  }
  return out;
}

Result<void> ReadRelease(const SpecReader& spec, const std::string& own_name, const std::string& own_namespace, Spec& out) {
  TRY(const std::string target, spec.String("targetNamespace"));
  TRY(const std::string storage, spec.String("storageNamespace"));
  TRY(const std::string name, spec.String("releaseName"));
  out.has_target_namespace = !target.empty();
  out.ns = target.empty() ? own_namespace : target;
  out.storage_ns = storage.empty() ? own_namespace : storage;
  out.release_name = ShortenName(!name.empty() ? name : target.empty() ? own_name : target + "-" + own_name);
  return {};
}

Result<void> ReadDrift(const SpecReader& from, Spec& out) {
  TRY(const std::size_t mode, ReadWord(from, "mode", {"disabled", "warn", "enabled"}, 0));
  out.drift_mode = static_cast<DriftMode>(mode);
  TRY(out.drift_ignore, ReadIgnore(from));
  return {};
}

Result<void> ReadRendering(const SpecReader& spec, const SpecDefaults& defaults, Spec& out) {
  const std::size_t strategy = defaults.helm3 ? 0 : 1;
  TRY(const std::size_t word, ReadWord(spec, "postRenderStrategy", {"nohooks", "combined", "separate"}, strategy));
  out.post_render_strategy = static_cast<PostRenderStrategy>(word);
  if (spec.Has("postRenderers")) out.post_renderers = *spec.Child("postRenderers").value();
  if (spec.Has("commonMetadata")) out.common_metadata = *spec.Child("commonMetadata").value();
  if (spec.Has("values")) out.values = *spec.Child("values").value();
  if (!out.values.IsNull() && !out.values.IsMapping()) return Invalid("spec.values: want a mapping");
  TRY(const std::size_t wait, ReadWord(spec.Child("waitStrategy"), "name", {"poller", "legacy"}, defaults.helm3 ? 1 : 0));
  out.legacy_wait = wait == 1;
  return {};
}

Result<void> ReadChartSource(const SpecReader& spec, const std::string& own_namespace, Spec& out) {
  if (spec.Has("chart") == spec.Has("chartRef")) return Invalid("either chart or chartRef must be set");
  if (spec.Has("chart")) {
    TRY(out.chart, ReadChart(spec.Child("chart"), own_namespace, out.interval));
  } else {
    TRY(out.chart_ref, ReadChartRef(spec.Child("chartRef"), own_namespace));
  }
  return {};
}

/// The members of `from` that `order` names, in its order, without empty ones: what Go's encoding/json makes of a struct.
Value Struct(const Value& from, std::initializer_list<std::string_view> order, std::string_view always = {}) {
  Value out = Value::Mapping();
  for (const std::string_view field : order) {
    const Value* value = from.Find(field);
    const bool absent = value == nullptr || value->IsNull();
    if (field == always) {
      out.Set(field, absent ? Value("") : *value);
    } else if (!absent && !(value->IsScalar() ? value->text().empty() : value->empty())) {
      out.Set(field, *value);
    }
  }
  return out;
}

Value Patch(const Value& from) {
  Value out = Struct(from, {"patch"}, "patch");
  const Value* target = from.Find("target");
  if (target != nullptr && target->IsMapping())
    out.Set("target", Struct(*target, {"group", "version", "kind", "namespace", "name", "annotationSelector", "labelSelector"}));
  return out;
}

Value PostRenderer(const Value& from) {
  Value out = Value::Mapping();
  const Value* kustomize = from.Find("kustomize");
  if (kustomize == nullptr || !kustomize->IsMapping()) return out;
  Value inner = Value::Mapping();
  if (const Value* patches = kustomize->Find("patches"); patches != nullptr && !patches->empty())
    for (const Value& patch : patches->items()) inner["patches"].Append(Patch(patch));
  if (const Value* images = kustomize->Find("images"); images != nullptr && !images->empty())
    for (const Value& image : images->items()) inner["images"].Append(Struct(image, {"name", "newName", "newTag", "digest"}, "name"));
  out.Set("kustomize", std::move(inner));
  return out;
}

std::string DigestOf(const Value& value, bool sort_keys) {
  return "sha256:" + base::Sha256Hex(document::EmitJson(value, {.sort_keys = sort_keys, .escape_html = true}) + "\n");
}

}  // namespace

Result<Spec> ParseSpec(const Value& object, const SpecDefaults& defaults) {
  const std::string own_namespace(document::NamespaceOf(object)), own_name(document::NameOf(object));
  const SpecReader spec(object.Find("spec"), "spec");
  Spec out;
  TRY(spec.RequiredString("interval"));
  TRY(out.interval, spec.Duration("interval", {}));
  TRY(out.timeout, spec.Duration("timeout", std::chrono::minutes(5)));
  TRY(out.suspend, spec.Bool("suspend", false));
  TRY(ReadChartSource(spec, own_namespace, out));
  TRY(ReadRelease(spec, own_name, own_namespace, out));
  TRY(out.depends_on, ReadDependencies(spec, own_namespace));
  TRY(out.max_history, ReadInt(spec, "maxHistory", 5));
  TRY(out.service_account_name, spec.String("serviceAccountName"));
  if (spec.Has("kubeConfig")) {
    TRY(out.kube_config, ReadKubeConfig(spec.Child("kubeConfig")));
  }
  TRY(ReadDrift(spec.Child("driftDetection"), out));
  TRY(out.install, ReadInstall(spec.Child("install"), defaults));
  TRY(out.upgrade, ReadUpgrade(spec.Child("upgrade"), defaults));
  TRY(out.rollback, ReadRollback(spec.Child("rollback")));
  TRY(out.uninstall, ReadUninstall(spec.Child("uninstall")));
  TRY(out.test, ReadTest(spec.Child("test")));
  TRY(out.values_from, ReadValuesFrom(spec));
  TRY(ReadRendering(spec, defaults, out));
  TRY(out.health_check_exprs, ReadHealthCheckExprs(spec));
  return out;
}

std::string ShortenName(const std::string& name) {
  constexpr std::size_t kMax = 53, kHash = 12;
  if (name.size() <= kMax) return name;
  return name.substr(0, kMax - kHash - 1) + "-" + base::Sha256Hex(name).substr(0, kHash);
}

std::string HelmChartName(const Value& object) {
  return std::string(document::NamespaceOf(object)) + "-" + std::string(document::NameOf(object));
}

std::string PostRenderersDigest(const Spec& spec) {
  if (spec.post_renderers.IsNull()) return "";
  Value list = Value::Sequence();
  for (const Value& each : spec.post_renderers.items()) list.Append(PostRenderer(each));
  return DigestOf(list, false);
}

std::string CommonMetadataDigest(const Spec& spec) {
  if (spec.common_metadata.IsNull()) return "";
  return DigestOf(Struct(spec.common_metadata, {"annotations", "labels"}), true);
}

}  // namespace sluice::controller::helm_release
