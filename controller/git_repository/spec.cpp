#include "controller/git_repository/spec.h"

#include "controller/spec_reader.h"

namespace sluice::controller::git_repository {
namespace {

using base::Result;

Result<std::string> SecretName(const SpecReader& spec, std::string_view field) {
  if (!spec.Has(field)) return std::string();
  return spec.Child(field).RequiredString("name");
}

Result<std::vector<Include>> ReadIncludes(const SpecReader& spec) {
  std::vector<Include> out;
  for (const SpecReader& item : spec.Items("include")) {
    Include include;
    TRY(include.repository, item.Child("repository").RequiredString("name"));
    TRY(include.from_path, item.String("fromPath"));
    TRY(include.to_path, item.String("toPath"));
    if (include.to_path.empty()) include.to_path = include.repository;
    out.push_back(std::move(include));
  }
  return out;
}

Result<std::optional<Verify>> ReadVerify(const SpecReader& spec) {
  if (!spec.Has("verify")) return std::optional<Verify>();
  const SpecReader verify = spec.Child("verify");
  Verify out;
  TRY(const std::string mode, verify.String("mode"));
  if (mode == "Tag") out.mode = VerifyMode::Tag;
  if (mode == "TagAndHEAD") out.mode = VerifyMode::TagAndHead;
  TRY(out.secret_name, verify.Child("secretRef").RequiredString("name"));
  return std::optional<Verify>(std::move(out));
}

}  // namespace

std::string_view ToString(VerifyMode mode) {
  switch (mode) {
    case VerifyMode::Tag: return "Tag";
    case VerifyMode::TagAndHead: return "TagAndHEAD";
    case VerifyMode::Head: break;
  }
  return "HEAD";
}

Result<Spec> ParseSpec(const document::Value& object) {
  const SpecReader spec(object.Find("spec"), "spec");
  Spec out;
  TRY(out.url, spec.RequiredString("url"));
  TRY(spec.RequiredString("interval"));
  TRY(out.interval, spec.Duration("interval", {}));
  TRY(out.timeout, spec.Duration("timeout", std::chrono::seconds(60)));
  const SpecReader ref = spec.Child("ref");
  TRY(out.branch, ref.String("branch"));
  TRY(out.tag, ref.String("tag"));
  TRY(out.semver, ref.String("semver"));
  TRY(out.name, ref.String("name"));
  TRY(out.commit, ref.String("commit"));
  TRY(const std::string provider, spec.String("provider"));
  if (!provider.empty()) out.provider = provider;
  TRY(out.service_account_name, spec.String("serviceAccountName"));
  TRY(out.secret_name, SecretName(spec, "secretRef"));
  TRY(out.proxy_secret_name, SecretName(spec, "proxySecretRef"));
  TRY(out.ignore, spec.String("ignore"));
  TRY(out.include, ReadIncludes(spec));
  TRY(out.sparse_checkout, spec.Strings("sparseCheckout"));
  TRY(out.recurse_submodules, spec.Bool("recurseSubmodules", false));
  TRY(out.verify, ReadVerify(spec));
  TRY(out.suspend, spec.Bool("suspend", false));
  return out;
}

std::optional<ProviderFault> CheckProvider(const Spec& spec, bool object_level_identity) {
  if (spec.provider == "generic") return std::nullopt;
  if (spec.provider == "github") {
    if (!spec.secret_name.empty()) return std::nullopt;
    return ProviderFault{"InvalidProviderConfiguration", "secretRef with github app data must be specified when provider is set to github"};
  }
  if (!spec.service_account_name.empty() && !object_level_identity) {
    return ProviderFault{"FeatureGateDisabled",
                         "to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity "
                         "feature gate in the controller"};
  }
  return ProviderFault{
      "InvalidProviderConfiguration",
      "spec.provider \"" + spec.provider +
          "\" is not supported by this version of Sluice; use a Secret and the provider generic, or leave the object to Flux"};
}

}  // namespace sluice::controller::git_repository
