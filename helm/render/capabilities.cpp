#include "helm/render/capabilities.h"

#include <algorithm>

#include "helm/template/function.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using base::Result;

/// In the order in which client-go's scheme names them, which charts see when they range over them.
constexpr std::string_view kApiVersions[] = {
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
};

const Signature kNoParameters{};
const Signature kOneText{.parameters = {{.type = ParameterType::String}}};

/// chartutil.KubeVersion
class KubeVersionObject final : public Object {
 public:
  KubeVersionObject(KubeVersion version, Dialect dialect) : version_(std::move(version)), dialect_(dialect) {}
  std::string TypeName() const override { return dialect_ == Dialect::Helm3 ? "chartutil.KubeVersion" : "common.KubeVersion"; }
  std::optional<Value> Field(std::string_view name) const override {
    if (name == "Version") return Value::String(version_.version);
    if (name == "Major") return Value::String(version_.major);
    if (name == "Minor") return Value::String(version_.minor);
    return std::nullopt;
  }
  const Signature* Method(std::string_view name) const override {
    return name == "GitVersion" || name == "String" ? &kNoParameters : nullptr;
  }
  Result<Value> Call(std::string_view name, std::span<const Value>) override {
    return Value::String(name == "String" ? version_.Text() : version_.version);
  }
  // String() has a pointer receiver: an action reaches it, since it can take the address; a function gets a copy, which prints as a struct.
  std::optional<std::string> ActionText() const override { return version_.Text(); }
  std::vector<std::pair<std::string, Value>> Fields() const override {
    std::vector<std::pair<std::string, Value>> fields = {{"Version", Value::String(version_.version)}};
    if (dialect_ == Dialect::Helm4) fields.emplace_back("", Value::String(version_.normalized));
    fields.emplace_back("Major", Value::String(version_.major));
    fields.emplace_back("Minor", Value::String(version_.minor));
    return fields;
  }

 private:
  const KubeVersion version_;
  const Dialect dialect_;
};

/// version.BuildInfo
class BuildInfoObject final : public Object {
 public:
  explicit BuildInfoObject(Dialect dialect) : dialect_(dialect) {}
  std::string TypeName() const override { return "version.BuildInfo"; }
  std::optional<Value> Field(std::string_view name) const override {
    if (name == "Version") return Value::String(dialect_ == Dialect::Helm3 ? "v3.22.0" : "v4.3.1");
    if (name == "GitCommit") return Value::String("");
    if (name == "GitTreeState") return Value::String("");
    if (name == "GoVersion") return Value::String("go1.26.0");
    if (name == "KubeClientVersion" && dialect_ == Dialect::Helm4) return Value::String("v1.37");
    return std::nullopt;
  }
  std::vector<std::pair<std::string, Value>> Fields() const override {
    std::vector<std::pair<std::string, Value>> fields;
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"version", "Version"},
                                                                        {"git_commit", "GitCommit"},
                                                                        {"git_tree_state", "GitTreeState"},
                                                                        {"go_version", "GoVersion"},
                                                                        {"kube_client_version", "KubeClientVersion"}};
    for (const auto& [json, name] : kNames) {
      auto value = Field(name);
      if (!value) continue;
      const bool omitted = name != "Version" && value->AsString().empty();
      fields.emplace_back(omitted ? "" : json, *std::move(value));
    }
    return fields;
  }

 private:
  const Dialect dialect_;
};

/// chartutil.VersionSet: a list with a method.
class VersionSetObject final : public Object {
 public:
  VersionSetObject(std::vector<std::string> versions, Dialect dialect) : versions_(std::move(versions)), dialect_(dialect) {}
  std::string TypeName() const override { return dialect_ == Dialect::Helm3 ? "chartutil.VersionSet" : "common.VersionSet"; }
  std::string KindName() const override { return "slice"; }
  const Signature* Method(std::string_view name) const override { return name == "Has" ? &kOneText : nullptr; }
  Result<Value> Call(std::string_view, std::span<const Value> arguments) override {
    return Value::Bool(std::find(versions_.begin(), versions_.end(), arguments[0].AsString()) != versions_.end());
  }
  std::optional<std::string> Text() const override {
    std::string text = "[";
    for (const std::string& version : versions_) text.append(text.size() > 1 ? " " : "").append(version);
    return text + "]";
  }
  Value ToJson() const override { return Value::Strings(versions_); }
  bool Truth() const override { return !versions_.empty(); }

 private:
  const std::vector<std::string> versions_;
  const Dialect dialect_;
};

/// *chartutil.Capabilities
class CapabilitiesObject final : public Object {
 public:
  CapabilitiesObject(const Capabilities& capabilities, Dialect dialect)
      : kube_version_(Value::Of(Ref<Object>(MakeRef<KubeVersionObject>(capabilities.kube_version, dialect)))),
        api_versions_(Value::Of(Ref<Object>(MakeRef<VersionSetObject>(capabilities.api_versions, dialect)))),
        helm_version_(Value::Of(Ref<Object>(MakeRef<BuildInfoObject>(dialect)))),
        dialect_(dialect) {}
  std::string TypeName() const override { return dialect_ == Dialect::Helm3 ? "*chartutil.Capabilities" : "*common.Capabilities"; }
  std::string KindName() const override { return "ptr"; }
  std::optional<Value> Field(std::string_view name) const override {
    if (name == "KubeVersion") return kube_version_;
    if (name == "APIVersions") return api_versions_;
    if (name == "HelmVersion") return helm_version_;
    return std::nullopt;
  }
  std::vector<std::pair<std::string, Value>> Fields() const override {
    return {{"KubeVersion", kube_version_}, {"APIVersions", api_versions_}, {"HelmVersion", helm_version_}};
  }

 private:
  const Value kube_version_, api_versions_, helm_version_;
  const Dialect dialect_;
};

}  // namespace

Result<KubeVersion> ParseKubeVersion(std::string_view text, Dialect dialect) {
  const auto refuse = [&](const std::string& why) { return base::Invalid("invalid kube version '" + std::string(text) + "': " + why); };
  std::string_view rest = text;
  if (rest.starts_with('v')) rest.remove_prefix(1);
  std::vector<std::string> numbers;
  std::string normalized = "v";
  while (true) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits == 0) return refuse("could not parse " + GoQuote(text) + " as version");
    if (digits > 1 && rest.front() == '0')
      return refuse("illegal zero-prefixed version component " + GoQuote(rest.substr(0, digits)) + " in " + GoQuote(text));
    numbers.emplace_back(rest.substr(0, digits));
    normalized += (numbers.size() > 1 ? "." : "") + numbers.back();
    rest.remove_prefix(digits);
    if (rest.size() < 2 || rest[0] != '.' || rest[1] < '0' || rest[1] > '9') break;
    rest.remove_prefix(1);
  }
  if (numbers.size() < 2) return refuse("illegal version string " + GoQuote(text));
  KubeVersion kube{.version = normalized, .normalized = "", .major = numbers[0], .minor = numbers[1]};
  if (dialect == Dialect::Helm4) {
    kube.normalized = std::move(normalized);
    kube.version = (text.starts_with('v') ? "" : "v") + std::string(text);
  }
  return kube;
}

Capabilities DefaultCapabilities() {
  return {.kube_version = {.version = "v1.37.0", .normalized = "v1.37.0", .major = "1", .minor = "37"},
          .api_versions = {std::begin(kApiVersions), std::end(kApiVersions)}};
}

Value CapabilitiesValue(const Capabilities& capabilities, Dialect dialect) {
  return Value::Of(Ref<Object>(MakeRef<CapabilitiesObject>(capabilities, dialect)));
}

}  // namespace sluice::helm
