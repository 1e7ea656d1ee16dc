// sources/oci/manifest.h: manifests of the OCI image specification (1.1) and Docker's schema 2, and the answers of registries around them. Pure; what strangers
// wrote is read within limits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sources::oci {

inline constexpr std::size_t kMaxManifestBytes = 4u << 20;  ///< unless ClientOptions say otherwise
/// What is asked for.
inline constexpr std::string_view kManifestTypes =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";

struct Descriptor {
  std::string media_type, digest, artifact_type;
  std::uint64_t size = 0;
  std::string os, architecture;  ///< of an index's entry
  std::map<std::string, std::string> annotations;
};

struct Manifest {
  std::string media_type, artifact_type;
  bool is_index = false;
  std::vector<Descriptor> layers;     ///< of a manifest
  std::vector<Descriptor> manifests;  ///< of an index
  std::map<std::string, std::string> annotations;
};

/// `content_type` decides where the text does not say what it is. Invalid: malformed, schema 1, a digest that is none, a negative size. TooLarge.
base::Result<Manifest> ParseManifest(std::string_view json, std::string_view content_type, std::size_t max_bytes = kMaxManifestBytes);

struct TagPage {
  std::vector<std::string> tags;  ///< those that are tags by the grammar; what else a registry says is left out
  std::string next;               ///< of the Link header: absolute or relative; "" for the last page
};
base::Result<TagPage> ParseTags(std::string_view json, std::string_view link);

/// One challenge of a WWW-Authenticate header.
struct Challenge {
  bool bearer = false;  ///< else Basic
  std::string realm, service, scope;
};
/// Bearer before Basic; nullopt if there is neither (or a Bearer without a realm).
std::optional<Challenge> ParseChallenge(std::string_view header);

/// `CODE: message` of a registry's error body, fit for a condition; "" if it says nothing of that form.
std::string ErrorText(std::string_view json);

}  // namespace sluice::sources::oci
