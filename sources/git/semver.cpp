#include <algorithm>

#include "base/version.h"
#include "sources/git/reference.h"

namespace sluice::sources {
namespace {

using base::Result;
using base::Version;

constexpr std::string_view kTags = "refs/tags/";

/// Flux's reading of a tag (fluxcd/pkg version.ParseVersion): three parts between dots, else as leniently as Masterminds/semver.
Result<Version> ParseTagVersion(std::string_view tag) {
  if (std::count(tag.begin(), tag.end(), '.') < 2) return base::Invalid("not three parts");
  return Version::Parse(tag);
}

}  // namespace

Result<std::vector<RemoteRef>> HighestTags(const std::vector<RemoteRef>& refs, std::string_view constraint) {
  auto range = base::VersionRange::Parse(constraint);
  if (!range) return std::move(range).error().Wrap("semver parse error");
  std::vector<RemoteRef> best;
  Version highest;
  for (const RemoteRef& ref : refs) {
    if (!ref.name.starts_with(kTags)) continue;
    auto version = ParseTagVersion(std::string_view(ref.name).substr(kTags.size()));
    if (!version || !range->Contains(*version)) continue;
    if (best.empty() || *version > highest) {
      highest = *std::move(version);
      best = {ref};
    } else if (*version == highest) {
      best.push_back(ref);
    }
  }
  if (best.empty()) return base::NotFound("no match found for semver: " + std::string(constraint));
  return best;
}

}  // namespace sluice::sources
