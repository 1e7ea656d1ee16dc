#include "sources/artifact/unpack.h"

#include <algorithm>
#include <optional>

#include "base/archive.h"
#include "base/digest.h"

namespace sluice::sources {

using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

namespace {

constexpr std::size_t kShownBytes = 100;

bool IsLowerHex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Result<void> VerifyDigest(std::string_view bytes, std::string_view digest) {
  if (IsLowerHex(digest)) return VerifyDigest(bytes, "sha256:" + std::string(digest));
  const std::size_t colon = digest.find(':');
  const std::string shown(digest.substr(0, kShownBytes));
  if (colon == 0 || colon == std::string_view::npos || !IsLowerHex(digest.substr(colon + 1)))
    return Invalid("invalid digest \"" + shown + "\": want algorithm:hex");
  const std::string_view algorithm = digest.substr(0, colon);
  const std::optional<std::string> computed = base::NamedDigestHex(algorithm, bytes);
  if (!computed)
    return MakeError(Reason::Unsupported,
                     "digest algorithm \"" + std::string(algorithm.substr(0, kShownBytes)) + "\" is not supported: use sha256");
  const std::string actual = std::string(algorithm) + ":" + *computed;
  if (actual != digest) return Invalid("computed digest " + actual + " doesn't match provided digest " + shown);
  return {};
}

Result<std::shared_ptr<const base::Files>> UnpackArtifact(std::string_view tar_gz, const UnpackLimits& limits) {
  base::ArchiveOptions options;
  options.limits.max_unpacked_bytes = limits.max_unpacked_bytes;
  options.limits.max_entries = limits.max_entries;
  options.limits.max_ratio = limits.max_ratio;
  options.limits.max_path_bytes = limits.max_path_bytes;
  options.limits.max_depth = limits.max_depth;
  options.symlinks = base::Symlinks::Skip;
  TRY(std::unique_ptr<base::Files> files, base::ArchiveFiles(tar_gz, options));
  return std::shared_ptr<const base::Files>(std::move(files));
}

}  // namespace sluice::sources
