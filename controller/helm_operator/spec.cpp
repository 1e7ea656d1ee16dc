#include "controller/helm_operator/spec.h"

#include "controller/spec_reader.h"
#include "document/object.h"
#include "helm/release/record.h"

namespace sluice::controller::helm_operator {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

constexpr std::int64_t kMaxNumber = 1'000'000;
constexpr std::string_view kValuesKey = "values.yaml";

Result<std::int64_t> ReadNumber(const SpecReader& from, std::string_view field, std::int64_t fallback) {
  if (!from.Has(field)) return fallback;
  const auto number = from.Child(field).value()->AsInt();
  if (!number || *number < 0 || *number > kMaxNumber)
    return Invalid(from.PathOf(field) + ": want a number from 0 to " + std::to_string(kMaxNumber));
  return *number;
}

/// Whole seconds; 300 unless set.
Result<base::Duration> ReadTimeout(const SpecReader& from) {
  constexpr std::int64_t kDefault = 300;
  TRY(const std::int64_t seconds, ReadNumber(from, "timeout", kDefault));
  return base::Duration(std::chrono::seconds(seconds));
}

/// `git@host:path`, which Git takes for ssh, as a URL; anything else as it is.
std::string AsUrl(const std::string& address) {
  const std::size_t colon = address.find(':');
  const bool is_url = address.find("://") != std::string::npos;
  if (is_url || colon == std::string::npos || colon == 0 || address.find('/') < colon) return address;
  const std::string path = address.substr(colon + 1);
  return "ssh://" + address.substr(0, colon) + (path.starts_with('/') ? "" : "/") + path;
}

base::Error OtherNamespace(const std::string& path, const std::string& ns) {
  return base::MakeError(base::Reason::Forbidden,
                         path + ": cross-namespace references are not allowed: cannot access namespace '" + ns + "'");
}

/// `namespace` of a reference, or the object's own.
Result<std::string> ReadNamespace(const SpecReader& from, const std::string& own, const SpecRules& rules) {
  TRY(std::string ns, from.String("namespace"));
  if (ns.empty()) return own;
  if (rules.no_cross_namespace_refs && ns != own) return OtherNamespace(from.PathOf("namespace"), ns);
  return ns;
}

Result<GitChart> ReadGit(const SpecReader& chart, const std::string& own, const SpecRules& rules) {
  GitChart out;
  TRY(const std::string address, chart.String("git"));
  out.url = AsUrl(address);
  TRY(out.ref, chart.String("ref"));
  TRY(out.path, chart.String("path"));
  TRY(out.skip_dep_update, chart.Bool("skipDepUpdate", false));
  if (!chart.Has("secretRef")) return out;
  const SpecReader secret = chart.Child("secretRef");
  TRY(out.secret_name, secret.RequiredString("name"));
  TRY(out.secret_ns, ReadNamespace(secret, own, rules));
  return out;
}

Result<RepositoryChart> ReadRepository(const SpecReader& chart) {
  RepositoryChart out;
  TRY(out.url, chart.String("repository"));
  TRY(out.name, chart.String("name"));
  TRY(out.version, chart.String("version"));
  if (chart.Has("chartPullSecret")) {
    TRY(out.pull_secret, chart.Child("chartPullSecret").RequiredString("name"));
  }
  return out;
}

/// A chart in Git comes first where both are told, as in the operator.
Result<void> ReadChart(const SpecReader& chart, const std::string& own, const SpecRules& rules, Spec& out) {
  TRY(GitChart git, ReadGit(chart, own, rules));
  TRY(RepositoryChart repository, ReadRepository(chart));
  if (!git.url.empty() && !git.path.empty()) {
    out.git = std::move(git);
  } else if (!repository.url.empty() && !repository.name.empty() && !repository.version.empty()) {
    out.repository = std::move(repository);
  } else {
    return Invalid("spec.chart: want git and path, or repository, name and version");
  }
  return {};
}

Result<ValuesSource> ReadKeyReference(const SpecReader& from, ValuesSource::Kind kind, const std::string& own, const SpecRules& rules) {
  ValuesSource out{.kind = kind};
  TRY(out.name, from.RequiredString("name"));
  TRY(out.ns, ReadNamespace(from, own, rules));
  TRY(out.key, from.String("key"));
  if (out.key.empty()) out.key = kValuesKey;
  TRY(out.optional, from.Bool("optional", false));
  return out;
}

Result<ValuesSource> ReadPlace(const SpecReader& from, ValuesSource::Kind kind, std::string_view field) {
  ValuesSource out{.kind = kind};
  TRY(out.where, from.RequiredString(field));
  TRY(out.optional, from.Bool("optional", false));
  return out;
}

Result<ValuesSource> ReadValuesSource(const SpecReader& from, const std::string& own, const SpecRules& rules) {
  using Kind = ValuesSource::Kind;
  if (from.Has("configMapKeyRef")) return ReadKeyReference(from.Child("configMapKeyRef"), Kind::ConfigMap, own, rules);
  if (from.Has("secretKeyRef")) return ReadKeyReference(from.Child("secretKeyRef"), Kind::Secret, own, rules);
  if (from.Has("externalSourceRef")) return ReadPlace(from.Child("externalSourceRef"), Kind::External, "url");
  if (from.Has("chartFileRef")) return ReadPlace(from.Child("chartFileRef"), Kind::ChartFile, "path");
  return Invalid(from.PathOf("configMapKeyRef") + ": required, or secretKeyRef, externalSourceRef or chartFileRef");
}

Result<void> ReadValues(const SpecReader& spec, const std::string& own, const SpecRules& rules, Spec& out) {
  for (const SpecReader& item : spec.Items("valueFileSecrets")) {
    ValuesSource source{.kind = ValuesSource::Kind::Secret, .ns = own, .key = std::string(kValuesKey)};
    TRY(source.name, item.RequiredString("name"));
    out.values_from.push_back(std::move(source));
  }
  for (const SpecReader& item : spec.Items("valuesFrom")) {
    TRY(ValuesSource source, ReadValuesSource(item, own, rules));
    out.values_from.push_back(std::move(source));
  }
  if (!spec.Has("values")) return {};
  out.values = *spec.Child("values").value();
  if (!out.values.IsMapping()) return Invalid("spec.values: want a mapping");
  return {};
}

Result<RollbackSpec> ReadRollback(const SpecReader& from) {
  RollbackSpec out;
  TRY(out.enable, from.Bool("enable", false));
  TRY(out.retry, from.Bool("retry", false));
  TRY(out.force, from.Bool("force", false));
  TRY(out.recreate, from.Bool("recreate", false));
  TRY(out.disable_hooks, from.Bool("disableHooks", false));
  TRY(out.wait, from.Bool("wait", false));
  TRY(const std::int64_t retries, ReadNumber(from, "maxRetries", out.max_retries));
  out.max_retries = static_cast<int>(retries);
  TRY(out.timeout, ReadTimeout(from));
  return out;
}

Result<TestSpec> ReadTest(const SpecReader& from) {
  TestSpec out;
  TRY(out.enable, from.Bool("enable", false));
  TRY(out.ignore_failures, from.Bool("ignoreFailures", false));
  TRY(out.timeout, ReadTimeout(from));
  TRY([[maybe_unused]] const bool cleanup, from.Bool("cleanup", true));  // of Helm 2 alone, as the operator has it
  return out;
}

Result<void> CheckHelmVersion(const SpecReader& spec) {
  TRY(const std::string version, spec.String("helmVersion"));
  if (version.empty() || version == "v3") return {};
  if (version != "v2") return Invalid("spec.helmVersion: \"" + version + "\" is neither v2 nor v3");
  return base::MakeError(base::Reason::Unsupported,
                         "spec.helmVersion: releases of Helm 2 are not supported; convert the release with `helm 2to3 convert` and set v3");
}

}  // namespace

std::string TargetNamespaceOf(const Value& object) {
  const std::string_view target = object.StringAt({"spec", "targetNamespace"});
  return std::string(target.empty() ? document::NamespaceOf(object) : target);
}

std::string ReleaseNameOf(const Value& object) {
  const std::string_view given = object.StringAt({"spec", "releaseName"});
  if (!given.empty()) return std::string(given);
  const std::string own(document::NamespaceOf(object)), target = TargetNamespaceOf(object), name(document::NameOf(object));
  return own == target ? target + "-" + name : own + "-" + target + "-" + name;
}

std::string ResourceIdOf(const Value& object) {
  return std::string(document::NamespaceOf(object)) + ":helmrelease/" + std::string(document::NameOf(object));
}

Result<Spec> ParseSpec(const Value& object, const SpecRules& rules) {
  const SpecReader spec(object.Find("spec"), "spec");
  const std::string own(document::NamespaceOf(object));
  Spec out;
  TRY(CheckHelmVersion(spec));
  TRY(ReadChart(spec.Child("chart"), own, rules, out));
  TRY(spec.String("releaseName"));
  TRY(spec.String("targetNamespace"));
  out.release_name = ReleaseNameOf(object);
  out.ns = TargetNamespaceOf(object);
  if (!helm::ValidateReleaseName(out.release_name))
    return Invalid("spec.releaseName: \"" + out.release_name +
                   "\" is no name of a release; set one of at most 53 lower case letters, digits, dashes and dots");
  TRY(const std::int64_t history, ReadNumber(spec, "maxHistory", out.max_history));
  out.max_history = static_cast<int>(history);
  TRY(ReadValues(spec, own, rules, out));
  TRY(out.timeout, ReadTimeout(spec));
  TRY(const bool resets, spec.Bool("resetValues", true));
  out.reuse_values = !resets;
  TRY(out.skip_crds, spec.Bool("skipCRDs", false));
  TRY(out.force_upgrade, spec.Bool("forceUpgrade", false));
  TRY(out.disable_openapi_validation, spec.Bool("disableOpenAPIValidation", false));
  TRY(out.rollback, ReadRollback(spec.Child("rollback")));
  TRY(out.test, ReadTest(spec.Child("test")));
  TRY(out.wait, spec.Bool("wait", out.rollback.enable || out.test.enable));
  return out;
}

}  // namespace sluice::controller::helm_operator
