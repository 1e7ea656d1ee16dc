// Whatever the text, the small parsers end, and what they accept prints as something they accept again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/clock.h"
#include "base/digest.h"
#include "base/doublestar.h"
#include "base/glob.h"
#include "base/ignore.h"
#include "base/version.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::base;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto duration = ParseGoDuration(text); duration && ParseGoDuration(FormatGoDuration(*duration)) != duration) std::abort();
  if (const auto time = ParseRfc3339(text); time && !ParseRfc3339(FormatRfc3339Micro(*time))) std::abort();
  if (const auto version = Version::Parse(text); version && Version::Parse(version->ToString()).value() != *version) std::abort();
  if (const auto bytes = Base64Decode(text); bytes && Base64Decode(Base64Encode(*bytes)).value() != *bytes) std::abort();
  if (const auto range = VersionRange::Parse(text)) range->Contains(Version{1, 2, 3, "rc.1", ""});
  const std::size_t half = size / 2;
  if (const auto glob = Glob::Parse(text.substr(0, half))) glob->Matches(text.substr(half));
  if (const auto pattern = Doublestar::Parse(text.substr(0, half))) pattern->Matches(text.substr(half));
  IgnoreMatcher::FromText(text.substr(0, half)).Ignored(NormalizePath(text.substr(half)).value_or("a/b"), size % 2 == 0);
  return 0;
}
