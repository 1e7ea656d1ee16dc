#include "controller/oci_repository/spec.h"

#include "controller/spec_reader.h"

namespace sluice::controller::oci_repository {
namespace {

using base::Invalid;
using base::Result;

Result<std::string> ReadName(const SpecReader& spec, std::string_view field) {
  if (!spec.Has(field)) return std::string();
  return spec.Child(field).RequiredString("name");
}

Result<void> ReadVerify(const SpecReader& verify, Spec& out) {
  TRY(const std::string provider, verify.String("provider"));
  if (!provider.empty() && provider != "cosign") return RefusedField(verify.PathOf("provider") + " \"" + provider + "\"");
  TRY(out.verify_secret, ReadName(verify, "secretRef"));
  if (out.verify_secret.empty()) return RefusedField("spec.verify without secretRef (keyless verification)");
  return {};
}

}  // namespace

Result<Spec> ParseSpec(const document::Value& object) {
  const SpecReader spec(object.Find("spec"), "spec");
  Spec out;
  TRY(out.suspend, spec.Bool("suspend", false));
  TRY(out.url, spec.RequiredString("url"));
  TRY(spec.RequiredString("interval"));
  TRY(out.interval, spec.Duration("interval", {}));
  TRY(out.timeout, spec.Duration("timeout", std::chrono::seconds(60)));
  const SpecReader ref = spec.Child("ref");
  TRY(out.digest, ref.String("digest"));
  TRY(out.semver, ref.String("semver"));
  TRY(out.semver_filter, ref.String("semverFilter"));
  TRY(out.tag, ref.String("tag"));
  const SpecReader selector = spec.Child("layerSelector");
  TRY(out.media_type, selector.String("mediaType"));
  TRY(const std::string operation, selector.String("operation"));
  if (!operation.empty() && operation != "extract" && operation != "copy")
    return Invalid(selector.PathOf("operation") + ": \"" + operation + "\" is neither extract nor copy");
  out.copy = operation == "copy";
  TRY(out.provider, spec.String("provider"));
  if (out.provider == "generic") out.provider.clear();
  TRY(out.secret_name, ReadName(spec, "secretRef"));
  TRY(out.cert_secret, ReadName(spec, "certSecretRef"));
  TRY(out.proxy_secret, ReadName(spec, "proxySecretRef"));
  TRY(out.service_account, spec.String("serviceAccountName"));
  TRY(out.insecure, spec.Bool("insecure", false));
  TRY(out.ignore, spec.String("ignore"));
  if (spec.Has("verify")) TRY(ReadVerify(spec.Child("verify"), out));
  return out;
}

document::Value LayerSelectorOf(const document::Value& object) {
  const document::Value* selector = object.At({"spec", "layerSelector"});
  return selector == nullptr ? document::Value() : *selector;
}

}  // namespace sluice::controller::oci_repository
