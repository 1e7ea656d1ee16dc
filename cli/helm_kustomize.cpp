#include "cli/helm_kustomize.h"

#include "base/clock.h"
#include "cli/helm_values.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/yaml.h"

namespace sluice::cli {
namespace {

using base::Result;

Result<helm::RenderOptions> OptionsOf(const kustomize::HelmRequest& request) {
  helm::RenderOptions options;
  options.dialect = helm::Dialect::Helm3;
  options.engine.functions.dialect = options.dialect;
  options.engine.functions.now = [] { return base::SystemClock().Now(); };
  options.engine.functions.zone = helm::ReadSystemZone;
  if (!request.ns.empty()) options.ns = request.ns;
  if (!request.release_name.empty()) options.name = request.release_name;
  if (!request.name_template.empty()) {
    TRY(options.name, ReleaseNameOf(request.name_template, options.engine));
  }
  if (!request.kube_version.empty()) {
    TRY(options.capabilities.kube_version, helm::ParseKubeVersion(request.kube_version, options.dialect));
  }
  for (const std::string& version : request.api_versions) options.capabilities.api_versions.push_back(version);
  return options;
}

Result<helm::Value> ValuesOf(const kustomize::HelmRequest& request) {
  const helm::Value values = helm::Value::NewMap();
  for (const document::Value& layer : request.values) {
    TRY(const helm::Value read, helm::FromDocument(layer));
    if (read.IsMap()) helm::MergeMaps(*values.map(), *read.map());
  }
  return values;
}

Result<std::string> Render(const kustomize::HelmRequest& request) {
  TRY(const helm::RenderOptions options, OptionsOf(request));
  TRY(const helm::Value values, ValuesOf(request));
  TRY(helm::Chart chart, helm::LoadChart(request.files, request.chart, options.dialect));
  TRY(const helm::Rendered rendered, helm::Render(std::move(chart), values, options));
  return helm::PrintRelease(rendered,
                            {.include_crds = request.include_crds, .skip_tests = request.skip_tests, .skip_hooks = request.skip_hooks});
}

}  // namespace

kustomize::HelmEngine MakeHelmEngine() { return Render; }

}  // namespace sluice::cli
