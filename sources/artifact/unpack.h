// sources/artifact/unpack.h: the consumer's side of artifacts that others wrote: bytes that came over the network become a tree of files,
// after their digest was checked and within limits. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace sluice::sources {

/// What one artifact may hold, whoever made it.
struct UnpackLimits {
  std::uint64_t max_unpacked_bytes = 1u << 30;  ///< `--artifact-max-bytes`
  std::size_t max_entries = 200'000;            ///< `--artifact-max-entries`
  std::uint64_t max_ratio = 200;                ///< `--artifact-max-ratio`: unpacked to packed, above 64 MiB
  std::size_t max_path_bytes = 4096;            ///< `--artifact-max-path-bytes`
  std::size_t max_depth = 64;                   ///< `--artifact-max-path-depth`: names in a path
};

/// `algorithm:hex` of sha1, sha256, sha384, sha512 or blake3; hex alone is sha256's (as Flux reads it). Invalid: malformed (`invalid digest "…"`) or not that of `bytes` (both are named). Unsupported: another algorithm.
base::Result<void> VerifyDigest(std::string_view bytes, std::string_view digest);

/// The tree in a tar.gz whose digest was checked: regular files and directories; symbolic links are skipped (as the Kustomization consumer does).
/// Invalid: another entry type, an absolute, escaping or backslashed name, a broken archive. TooLarge: over a limit.
base::Result<std::shared_ptr<const base::Files>> UnpackArtifact(std::string_view tar_gz, const UnpackLimits& limits = {});

}  // namespace sluice::sources
