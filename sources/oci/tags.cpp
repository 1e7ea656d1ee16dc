#include "sources/oci/tags.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "base/parser_limits.h"
#include "base/version.h"

namespace sluice::sources::oci {

using base::Invalid;
using base::Result;
using base::Version;

namespace {

/// Flux's reading of a tag (fluxcd/pkg version.ParseVersion): three parts between dots, else as leniently as Masterminds/semver.
std::optional<Version> VersionOf(std::string tag, bool chart) {
  if (chart) std::replace(tag.begin(), tag.end(), '_', '+');
  if (std::count(tag.begin(), tag.end(), '.') < 2) return std::nullopt;
  auto version = Version::Parse(tag);
  return version ? std::optional(*std::move(version)) : std::nullopt;
}

}  // namespace

Result<std::string> HighestTag(const std::vector<std::string>& tags, std::string_view range, std::string_view filter, bool chart) {
  std::optional<re2::RE2> pattern;
  if (!filter.empty()) {
    const base::ParserLimits& limits = base::Parsers();
    if (filter.size() > limits.max_pattern_bytes)
      return Invalid("semverFilter: more than " + std::to_string(limits.max_pattern_bytes) + " bytes (--regex-max-pattern-bytes)");
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(limits.max_program_bytes);
    pattern.emplace(re2::StringPiece(filter.data(), filter.size()), options);
    if (!pattern->ok()) return Invalid("error parsing regexp: " + pattern->error());
  }
  const auto wanted = base::VersionRange::Parse(range);
  if (!wanted) return Invalid("semver '" + std::string(range) + "' parse error: " + wanted.error().message);
  std::optional<Version> highest;
  std::string best;
  for (const std::string& tag : tags) {
    if (pattern && !re2::RE2::PartialMatch(tag, *pattern)) continue;
    std::optional<Version> version = VersionOf(tag, chart);
    if (!version || !wanted->Contains(*version) || (highest && !(*version > *highest))) continue;
    highest = std::move(version);
    best = tag;
  }
  if (best.empty()) return base::NotFound("no match found for semver: " + std::string(range));
  return best;
}

}  // namespace sluice::sources::oci
