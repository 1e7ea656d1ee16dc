#include "controller/helm_repository/spec.h"

#include "controller/spec_reader.h"

namespace sluice::controller::helm_repository {
namespace {

using base::Result;

Result<std::string> ReadName(const SpecReader& spec, std::string_view field) {
  if (!spec.Has(field)) return std::string();
  return spec.Child(field).RequiredString("name");
}

}  // namespace

Result<Spec> ParseSpec(const document::Value& object) {
  const SpecReader spec(object.Find("spec"), "spec");
  Spec out;
  TRY(out.suspend, spec.Bool("suspend", false));
  TRY(out.url, spec.RequiredString("url"));
  TRY(const std::string type, spec.String("type"));
  if (!type.empty() && type != "default" && type != "oci")
    return base::Invalid(spec.PathOf("type") + ": \"" + type + "\" is neither default nor oci");
  out.oci = type == "oci";
  TRY(out.interval, spec.Duration("interval", out.interval));
  TRY(out.timeout, spec.Duration("timeout", out.timeout));
  TRY(out.secret_name, ReadName(spec, "secretRef"));
  TRY(out.cert_secret, ReadName(spec, "certSecretRef"));
  TRY(out.provider, spec.String("provider"));
  if (out.provider == "generic") out.provider.clear();
  TRY(out.pass_credentials, spec.Bool("passCredentials", false));
  TRY(out.insecure, spec.Bool("insecure", false));
  return out;
}

}  // namespace sluice::controller::helm_repository
