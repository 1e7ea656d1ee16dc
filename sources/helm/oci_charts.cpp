#include "sources/helm/oci_charts.h"

#include <algorithm>

#include "helm/functions/semver.h"
#include "net/await.h"

namespace sluice::sources::helm_repository {

using base::Result;

namespace {

constexpr std::string_view kChartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
constexpr std::string_view kOldChartLayer = "application/tar+gzip";

}  // namespace

std::string TagOf(std::string_view version) {
  std::string tag(version);
  std::replace(tag.begin(), tag.end(), '+', '_');
  return tag;
}

std::string VersionOf(std::string_view tag) {
  std::string version(tag);
  std::replace(version.begin(), version.end(), '_', '+');
  return version;
}

bool IsVersion(std::string_view text) { return helm::ParseStrictSemver(text.starts_with('v') ? text.substr(1) : text).has_value(); }

net::Task<Result<std::vector<std::string>>> ListVersions(oci::Client& client) {
  net::Task<Result<std::vector<std::string>>> listing = client.ListTags();
  CO_TRY(const std::vector<std::string> tags, co_await std::move(listing));
  std::vector<std::string> versions;
  for (const std::string& tag : tags) {
    std::string version = VersionOf(tag);
    if (helm::ParseStrictSemver(version)) versions.push_back(std::move(version));
  }
  co_return versions;
}

net::Task<Result<std::string>> PullChart(oci::Client& client, std::string reference, std::size_t max_bytes) {
  net::Task<Result<oci::Manifest>> reading = client.ReadImage(reference);
  CO_TRY(const oci::Manifest manifest, co_await std::move(reading));
  const oci::Descriptor* layer = nullptr;
  for (const std::string_view type : {kChartLayer, kOldChartLayer}) {
    for (const oci::Descriptor& one : manifest.layers)
      if (layer == nullptr && one.media_type == type) layer = &one;
  }
  if (layer == nullptr) co_return base::Invalid("manifest does not contain a layer with mediatype " + std::string(kChartLayer));
  if (layer->size > max_bytes)
    co_return base::MakeError(base::Reason::TooLarge,
                              "size of chart '" + reference + "' exceeds '" + std::to_string(max_bytes) + "' bytes limit");
  net::Task<Result<std::string>> downloading = client.ReadBlob(*layer);
  co_return co_await std::move(downloading);
}

}  // namespace sluice::sources::helm_repository
