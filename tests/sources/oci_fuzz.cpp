// Any text as what a registry, a Secret or an author of signatures may say: it is read or refused, and what is let through keeps its promises.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sources/oci/cosign.h"
#include "sources/oci/docker_config.h"
#include "sources/oci/manifest.h"
#include "sources/oci/name.h"
#include "sources/oci/tags.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::sources::oci;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = ParseManifest(text, "")) {
    for (const Descriptor& layer : manifest->layers) {
      if (!IsDigest(layer.digest)) std::abort();
    }
  }
  if (const auto page = ParseTags(text, text)) {
    for (const std::string& tag : page->tags) {
      if (!IsTag(tag)) std::abort();
    }
    (void)HighestTag(page->tags, "*", "", true);
  }
  if (const auto name = ParseRepositoryUrl(text)) {
    const std::string steps = "/" + name->repository + "/";  // "...a" is a name as good as others
    if (steps.find("/../") != std::string::npos || steps.find("/./") != std::string::npos || steps.find(':') != std::string::npos)
      std::abort();
  }
  (void)ParseChallenge(text);
  for (const char c : ErrorText(text)) {
    if (static_cast<unsigned char>(c) < 0x20) std::abort();
  }
  DockerConfig config;
  (void)config.Add({{".dockerconfigjson", std::string(text)}});
  (void)config.LoginFor("registry.example.com:5000", "a/b");
  if (const auto key = PublicKey::Parse(text)) (void)CheckSimpleSigning(*key, text, "AAAA", "sha256:0");
  return 0;
}
