// base/gzip.h: gzip streams, piece by piece. For base/archive.cpp and others of this folder; zlib behind it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/archive.h"

namespace sluice::base {

/// Unpacks a source as it is read. Keeps the limits on total size and ratio.
class GzipReader {
 public:
  GzipReader(ByteSource source, const ArchiveLimits& limits);
  ~GzipReader();
  /// Fills a part of `buffer` (not empty); 0 at the end of the last member.
  Result<std::size_t> Read(std::span<char> buffer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Packs what is written and hands it to `sink` in pieces.
class GzipWriter {
 public:
  explicit GzipWriter(ByteSink sink);
  ~GzipWriter();
  Result<void> Write(std::string_view bytes);
  Result<void> Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::base
