// Any text as what a storage service may answer: it is read or refused, and what is let through keeps its promises.
#include <cstdint>
#include <cstdlib>

#include "sources/bucket/answers.h"
#include "sources/bucket/client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::sources::bucket;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto page = ParseListing(text)) {
    if (page->truncated && page->continuation.empty()) std::abort();
  }
  if (const auto region = ParseLocation(text)) {
    if (region->empty()) std::abort();
  }
  (void)ParseServiceError(text);
  if (const auto url = BucketUrl(text, "b", false)) {
    if (!url->starts_with("https://") || url->find('@') != std::string::npos) std::abort();
  }
  if (const auto url = BucketUrl("s3.example", text, false)) {
    if (!url->starts_with("https://s3.example/")) std::abort();
  }
  return 0;
}
