// Whatever the bytes, reading an archive ends with entries whose names stay inside, or with an error, within its limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::base;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ArchiveOptions options;
  options.limits.max_unpacked_bytes = 4u << 20;
  options.limits.max_file_bytes = 1u << 20;
  const std::string packed = size > 0 && data[0] == 0x1f ? std::string(bytes) : Gzip(bytes);  // most inputs are tars, some are gzips
  ArchiveReader reader(SourceOf(packed), options);
  while (true) {
    const auto entry = reader.Next();
    if (!entry || !*entry) return 0;
    if (NormalizePath((*entry)->path) != (*entry)->path) std::abort();
    const auto contents = reader.Contents();
    if (!contents) return 0;
    if (contents->size() != (*entry)->size) std::abort();
  }
}
