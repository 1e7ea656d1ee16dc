#include "controller/resource_info.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::controller {
namespace {

std::string LineOf(std::string_view yaml) {
  base::PrometheusPage page;
  page.Begin("i", "gauge", "h");
  page.Add(ResourceInfo(*document::ParseYaml(yaml)), std::uint64_t{1});
  const std::string text = page.Take();
  return text.substr(std::string_view("# HELP i h\n# TYPE i gauge\n").size());
}

TEST(ResourceInfo, LabelsOfEachKind) {
  struct Row {
    std::string_view rule, object, want;
  };
  const Row rows[] = {
      {"a Kustomization",
       "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: app, namespace: shop}, spec: {suspend: true, "
       "sourceRef: {name: fleet}}, status: {lastAppliedRevision: 'main@sha1:1', conditions: [{type: Ready, status: 'False'}]}}",
       "i{customresource_group=\"kustomize.toolkit.fluxcd.io\",customresource_kind=\"Kustomization\",customresource_version=\"v1\","
       "exported_namespace=\"shop\",name=\"app\",ready=\"False\",suspended=\"true\",revision=\"main@sha1:1\",source_name=\"fleet\"} 1\n"},
      {"a new source says little",
       "{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, metadata: {name: g, namespace: s}, spec: {url: "
       "'https://robot:word@x', suspend: false}}",
       "i{customresource_group=\"source.toolkit.fluxcd.io\",customresource_kind=\"GitRepository\",customresource_version=\"v1\","
       "exported_namespace=\"s\",name=\"g\",suspended=\"false\",url=\"https://***@x\"} 1\n"},
      {"a release's newest snapshot",
       "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: r, namespace: s}, spec: {chartRef: {name: c}}, status: "
       "{history: [{chartName: n, chartVersion: 1.2.3, appVersion: '7'}, {chartName: old}]}}",
       "i{customresource_group=\"helm.toolkit.fluxcd.io\",customresource_kind=\"HelmRelease\",customresource_version=\"v2\","
       "exported_namespace=\"s\",name=\"r\",revision=\"1.2.3\",chart_name=\"n\",chart_app_version=\"7\",chart_ref_name=\"c\"} 1\n"},
      {"a release without history",
       "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: r, namespace: s}, status: {history: []}}",
       "i{customresource_group=\"helm.toolkit.fluxcd.io\",customresource_kind=\"HelmRelease\",customresource_version=\"v2\","
       "exported_namespace=\"s\",name=\"r\"} 1\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(LineOf(row.object), row.want) << row.rule;
}

}  // namespace
}  // namespace sluice::controller
