#include "controller/resource_info.h"

#include <span>

#include "controller/conditions.h"
#include "document/object.h"
#include "sources/git/url.h"

namespace sluice::controller {
namespace {

using document::Value;

struct PathLabel {
  std::string_view kind, label, path;  ///< keys joined by dots; a number is a place in a list
};

constexpr PathLabel kPaths[] = {
    {"Kustomization", "revision", "status.lastAppliedRevision"},
    {"Kustomization", "source_name", "spec.sourceRef.name"},
    {"HelmRelease", "revision", "status.history.0.chartVersion"},
    {"HelmRelease", "chart_name", "status.history.0.chartName"},
    {"HelmRelease", "chart_app_version", "status.history.0.appVersion"},
    {"HelmRelease", "chart_ref_name", "spec.chartRef.name"},
    {"HelmRelease", "chart_source_name", "spec.chart.spec.sourceRef.name"},
    {"GitRepository", "revision", "status.artifact.revision"},
    {"GitRepository", "url", "spec.url"},
    {"OCIRepository", "revision", "status.artifact.revision"},
    {"OCIRepository", "url", "spec.url"},
    {"HelmRepository", "revision", "status.artifact.revision"},
    {"HelmRepository", "url", "spec.url"},
    {"HelmChart", "revision", "status.artifact.revision"},
    {"HelmChart", "chart_name", "spec.chart"},
    {"HelmChart", "chart_version", "spec.version"},
    {"Bucket", "revision", "status.artifact.revision"},
    {"Bucket", "endpoint", "spec.endpoint"},
    {"Bucket", "bucket_name", "spec.bucketName"},
    {"ExternalArtifact", "revision", "status.artifact.revision"},
    {"ExternalArtifact", "source_name", "spec.sourceRef.name"},
    {"ImageRepository", "image", "spec.image"},
    {"ImagePolicy", "source_name", "spec.imageRepositoryRef.name"},
    {"ImageUpdateAutomation", "source_name", "spec.sourceRef.name"},
    {"Receiver", "webhook_path", "status.webhookPath"},
};

const Value* Walk(const Value* at, std::string_view path) {
  while (at != nullptr && !path.empty()) {
    const std::string_view key = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), key.size() + 1));
    if (at->IsSequence()) {
      const auto index = static_cast<std::size_t>(key[0] - '0');
      at = index < at->items().size() ? &at->items()[index] : nullptr;
    } else {
      at = at->Find(key);
    }
  }
  return at;
}

}  // namespace

base::PrometheusPage::Labels ResourceInfo(const Value& object) {
  base::PrometheusPage::Labels labels;
  const document::GroupVersionKind gvk = document::GvkOf(object);
  labels.push_back({"customresource_group", gvk.group});
  labels.push_back({"customresource_kind", gvk.kind});
  labels.push_back({"customresource_version", gvk.version});
  labels.push_back({"exported_namespace", std::string(document::NamespaceOf(object))});
  labels.push_back({"name", std::string(document::NameOf(object))});
  if (const Value* status = object.Find("status")) {
    const Conditions conditions = Conditions::FromStatus(*status);
    if (const Condition* ready = conditions.Find(condition::kReady)) labels.push_back({"ready", std::string(ToString(ready->status))});
  }
  if (const Value* suspend = object.At({"spec", "suspend"}); suspend != nullptr && suspend->IsBool())
    labels.push_back({"suspended", *suspend->AsBool() ? "true" : "false"});
  for (const PathLabel& one : kPaths) {
    if (one.kind != gvk.kind) continue;
    const Value* value = Walk(&object, one.path);
    if (value != nullptr && value->IsScalar() && !value->IsNull())
      labels.push_back({one.label, sources::WithoutUserinfo(std::string(value->text()))});
  }
  return labels;
}

}  // namespace sluice::controller
