// Whatever stands in a Secret of Helm's type: it is read or refused. What was read is written so that it reads as the same.
#include <cstdlib>
#include <string_view>

#include "helm/release/codec.h"
#include "helm/release/digest.h"
#include "helm/release/objects.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace sluice::helm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const DecodeLimits limits{.max_text = 1u << 20, .max_json = 4u << 20, .max_depth = 64};
  (void)DecodeRelease(text, nullptr, limits);
  const auto release = DecodeReleaseJson(text, nullptr, limits);
  if (!release) return 0;
  (void)ParseManifest(release->manifest_text());
  (void)ObjectsToUninstall(release->manifest_text());
  const auto again = DecodeRelease(EncodeRelease(*release), nullptr);
  Require(again.has_value());
  Require(EncodeReleaseJson(*again) == EncodeReleaseJson(*release));
  Require(SnapshotDigest(*again, "") == SnapshotDigest(*release, ""));
  return 0;
}
