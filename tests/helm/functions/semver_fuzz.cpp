// A constraint and a version, parted by a line break. A version's text reads as the same version.
#include <cstdlib>
#include <string_view>

#include "helm/functions/semver.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace sluice::helm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view version_text = text.substr(std::min(line + 1, text.size()));
  (void)SemverCompare(text.substr(0, line), version_text);
  const auto version = ParseSemver(version_text);
  if (!version) return 0;
  const auto again = ParseSemver(version->ToString());
  if (again && !(*again == *version)) std::abort();
  return 0;
}
