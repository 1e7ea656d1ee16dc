#include "kustomize/helm_charts.h"

#include "document/yaml.h"
#include "kustomize/read_resources.h"

namespace sluice::kustomize {
namespace {

using base::Result;
using document::Value;

base::Error Unsupported(std::string message) { return base::MakeError(base::Reason::Unsupported, std::move(message)); }

Result<void> Check(const HelmChart& chart, const BuildOptions& options) {
  if (!options.enable_helm) return Unsupported("Helm is off; --enable-helm turns it on");
  if (!options.helm) return Unsupported("there is no Helm engine here");
  if (chart.name.empty()) return base::Invalid("chart name cannot be empty");
  if (chart.name.starts_with('-')) return base::Invalid("chart name must not begin with -: " + chart.name);
  if (chart.release_name.starts_with('-')) return base::Invalid("releaseName must not begin with -: " + chart.release_name);
  if (!chart.values_merge.empty() && chart.values_merge != "override" && chart.values_merge != "merge" && chart.values_merge != "replace")
    return base::Invalid("valuesMerge must be one of merge, override, replace; got " + chart.values_merge);
  return {};
}

/// Where the chart lies, relative to the kustomization.
Result<std::string> ChartDirectory(const HelmChart& chart, const HelmGlobals& globals, const Loader& loader) {
  const std::string home = globals.chart_home.empty() ? "charts" : globals.chart_home;
  const bool pulled = !chart.version.empty() && !chart.repo.empty();
  const std::string path = home + "/" + (pulled ? chart.name + "-" + chart.version + "/" : "") + chart.name;
  if (loader.IsDirectory(path)) return path;
  if (chart.repo.empty()) return base::NotFound("no repo specified for pull, no chart found at " + loader.Describe(path));
  return Unsupported("the chart is not at " + loader.Describe(path) + ", and charts are not fetched");
}

Result<Value> ReadValues(const std::string& path, const Loader& loader) {
  TRY(const std::string text, loader.LoadNamed(path));
  const document::YamlOptions options{
      .resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::LastWins, .file = path};
  TRY(Value values, document::ParseYaml(text, options));
  return values.IsNull() ? Value::Mapping() : values;
}

/// `upper` over `base`: maps are merged, all else replaces.
void Overlay(Value& base, const Value& upper) {
  for (const document::Member& member : upper.members()) {
    Value* old = base.Find(member.key);
    if (old != nullptr && old->IsMapping() && member.value.IsMapping()) {
      Overlay(*old, member.value);
    } else {
      base.Set(member.key, member.value);
    }
  }
}

Result<std::vector<Value>> ValuesOf(const HelmChart& chart, const std::string& directory, const Loader& loader) {
  std::vector<Value> all;
  const bool has_inline = chart.values_inline.IsMapping() && !chart.values_inline.empty();
  if (has_inline && chart.values_merge == "replace") {
    all.push_back(chart.values_inline);
  } else {
    const std::string file = chart.values_file.empty() ? directory + "/values.yaml" : chart.values_file;
    auto values = ReadValues(file, loader);
    if (!values && (!chart.values_file.empty() || values.error().reason != base::Reason::NotFound)) return std::move(values).error();
    Value base = values ? *std::move(values) : Value::Mapping();
    Value merged = has_inline && chart.values_merge == "merge" ? chart.values_inline : base;
    if (has_inline) Overlay(merged, chart.values_merge == "merge" ? base : chart.values_inline);
    all.push_back(std::move(merged));
  }
  for (const std::string& path : chart.additional_values_files) {
    TRY(Value values, ReadValues(path, loader));
    all.push_back(std::move(values));
  }
  return all;
}

}  // namespace

Result<std::vector<std::unique_ptr<Resource>>> InflateChart(const HelmChart& chart, const HelmGlobals& globals, std::string_view ns,
                                                            const Loader& loader, const BuildOptions& options) {
  TRY(Check(chart, options));
  TRY(const std::string directory, ChartDirectory(chart, globals, loader));
  HelmRequest request{.files = loader.files()};
  TRY(request.chart, loader.Find(directory));
  TRY(request.values, ValuesOf(chart, directory, loader));
  request.release_name = chart.release_name;
  request.ns = chart.ns.empty() ? std::string(ns) : chart.ns;
  request.name_template = chart.name_template;
  request.kube_version = chart.kube_version;
  request.api_versions = chart.api_versions;
  request.include_crds = chart.include_crds;
  request.skip_tests = chart.skip_tests;
  request.skip_hooks = chart.skip_hooks;
  TRY(const std::string text, options.helm(request));
  const std::string place = "chart " + chart.name;
  TRY(auto resources, ReadResources(text, {.file = place, .first = {0, 0}}));
  for (const auto& resource : resources) resource->helm_generated = true;
  return resources;
}

}  // namespace sluice::kustomize
