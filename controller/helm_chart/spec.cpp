#include "controller/helm_chart/spec.h"

#include "controller/spec_reader.h"

namespace sluice::controller::helm_chart {
namespace {

using base::Invalid;
using base::Result;

Result<void> ReadVerify(const SpecReader& verify, Spec& out) {
  out.verify = true;
  TRY(const std::string provider, verify.String("provider"));
  if (!provider.empty() && provider != "cosign") return RefusedField(verify.PathOf("provider") + " \"" + provider + "\"");
  if (!verify.Has("secretRef")) return RefusedField("spec.verify without secretRef (keyless verification)");
  TRY(out.verify_secret, verify.Child("secretRef").RequiredString("name"));
  return {};
}

std::vector<std::string> Parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
  return out.empty() ? "." : out;
}

}  // namespace

std::string CleanPath(std::string_view path) {
  std::vector<std::string> kept;
  for (std::string& part : Parts(path)) {
    if (part == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (part != ".." || !path.starts_with('/')) {
      kept.push_back(std::move(part));
    }
  }
  const std::string clean = Joined(kept);
  return path.starts_with('/') ? "/" + (clean == "." ? "" : clean) : clean;
}

std::string PathBelow(std::string_view base, std::string_view path) {
  std::vector<std::string> kept = Parts(base);
  for (std::string& part : Parts(path)) {
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return Joined(kept);
}

std::vector<std::string> Spec::EffectiveValuesFiles() const {
  if (values_files.size() == 1 && CleanPath(values_files[0]) == "values.yaml") return {};
  return values_files;
}

Result<Spec> ParseSpec(const document::Value& object) {
  const SpecReader spec(object.Find("spec"), "spec");
  Spec out;
  TRY(out.suspend, spec.Bool("suspend", false));
  TRY(out.chart, spec.RequiredString("chart"));
  if (spec.Has("version")) {
    TRY(out.version, spec.String("version"));
  }
  const SpecReader source = spec.Child("sourceRef");
  TRY(out.source_kind, source.RequiredString("kind"));
  TRY(out.source_name, source.RequiredString("name"));
  TRY(spec.RequiredString("interval"));
  TRY(out.interval, spec.Duration("interval", {}));
  TRY(const std::string strategy, spec.String("reconcileStrategy"));
  if (!strategy.empty() && strategy != "ChartVersion" && strategy != "Revision")
    return Invalid(spec.PathOf("reconcileStrategy") + ": \"" + strategy + "\" is neither ChartVersion nor Revision");
  out.by_revision = strategy == "Revision";
  TRY(out.values_files, spec.Strings("valuesFiles"));
  TRY(out.ignore_missing_values_files, spec.Bool("ignoreMissingValuesFiles", false));
  if (spec.Has("verify")) TRY(ReadVerify(spec.Child("verify"), out));
  return out;
}

}  // namespace sluice::controller::helm_chart
