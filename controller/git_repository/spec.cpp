#include "controller/git_repository/spec.h"

#include "controller/spec_reader.h"

namespace sluice::controller::git_repository {
namespace {

using base::Result;

Result<void> RefuseUnbuilt(const SpecReader& spec) {
  for (const std::string_view field : {"proxySecretRef", "verify", "include", "sparseCheckout", "serviceAccountName"})
    TRY(spec.Refuse(field));
  TRY(const bool submodules, spec.Bool("recurseSubmodules", false));
  if (submodules) return RefusedField("spec.recurseSubmodules");
  TRY(const std::string provider, spec.String("provider"));
  if (!provider.empty() && provider != "generic") return RefusedField("spec.provider \"" + provider + "\"");
  return {};
}

}  // namespace

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
  if (spec.Has("secretRef")) {
    TRY(out.secret_name, spec.Child("secretRef").RequiredString("name"));
  }
  TRY(out.ignore, spec.String("ignore"));
  TRY(out.suspend, spec.Bool("suspend", false));
  TRY(RefuseUnbuilt(spec));
  return out;
}

}  // namespace sluice::controller::git_repository
