#include "controller/bucket/spec.h"

#include "controller/spec_reader.h"

namespace sluice::controller::bucket {
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
  TRY(out.bucket_name, spec.RequiredString("bucketName"));
  TRY(out.endpoint, spec.RequiredString("endpoint"));
  TRY(spec.RequiredString("interval"));
  TRY(out.interval, spec.Duration("interval", {}));
  TRY(out.timeout, spec.Duration("timeout", std::chrono::seconds(60)));
  TRY(out.region, spec.String("region"));
  TRY(out.prefix, spec.String("prefix"));
  TRY(out.insecure, spec.Bool("insecure", false));
  TRY(out.secret_name, ReadName(spec, "secretRef"));
  TRY(out.cert_secret, ReadName(spec, "certSecretRef"));
  TRY(out.proxy_secret, ReadName(spec, "proxySecretRef"));
  if (spec.Has("ignore")) {
    TRY(out.ignore, spec.String("ignore"));
  }
  TRY(out.provider, spec.String("provider"));
  if (out.provider.empty()) out.provider = "generic";
  if (out.provider != "generic" && out.provider != "aws") return RefusedField("spec.provider \"" + out.provider + "\"");
  TRY(spec.Refuse("sts"));
  TRY(spec.Refuse("serviceAccountName"));
  if (out.provider == "aws" && out.secret_name.empty()) return RefusedField("spec.provider \"aws\" without secretRef (cloud identities)");
  return out;
}

}  // namespace sluice::controller::bucket
