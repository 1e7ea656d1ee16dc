#include "helm/release/digest.h"

#include "base/digest.h"
#include "helm/release/json_text.h"
#include "helm/release/release_json.h"

namespace sluice::helm {

std::string ObservationJson(const Release& release, std::string_view oci_digest) {
  std::vector<ReleaseHook> hooks;
  for (const ReleaseHook& hook : release.hooks)
    if (!hook.IsFor("test")) hooks.push_back(hook);
  JsonObject object;
  object.Text("name", release.name);
  object.Raw("version", std::to_string(release.version));
  object.Raw("info", InfoJson(release.info));
  const bool no_metadata = release.chart == nullptr || release.chart->metadata_json == "null";
  object.Raw("chartMetadata", no_metadata ? "{}" : release.chart->metadata_json);
  object.Raw("config", release.config.empty() ? "null" : release.config);
  object.Text("manifest", release.manifest_text());
  object.Raw("hooks", hooks.empty() ? "null" : HooksJson(hooks));
  object.Text("namespace", release.ns);
  object.TextUnlessEmpty("ociDigest", std::string(oci_digest));
  return std::move(object).Take() + "\n";
}

std::string SnapshotDigest(const Release& release, std::string_view oci_digest, std::string_view algorithm) {
  const std::string json = ObservationJson(release, oci_digest);
  if (const auto hex = base::NamedDigestHex(algorithm, json)) return std::string(algorithm) + ":" + *hex;
  return "sha256:" + base::Sha256Hex(json);
}

}  // namespace sluice::helm
