// Any bytes as a URL and as a Location: no crash, and what was taken apart goes together again.
#include <cstdlib>

#include "net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace sluice::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Url base = *ParseUrl("https://h:1/a/b?q=1");
  (void)RedactUrl(text);
  (void)ParseQuery(text);
  if (const auto resolved = ResolveReference(base, text); resolved && !ParseUrl(FormatUrl(*resolved))) std::abort();
  const auto url = ParseUrl(text);
  if (!url) return 0;
  const auto again = ParseUrl(FormatUrl(*url));
  if (!again || FormatUrl(*again) != FormatUrl(*url) || Origin(*again) != Origin(*url)) std::abort();
  return 0;
}
