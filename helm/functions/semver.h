// helm/functions/semver.h: versions and constraints with Masterminds/semver 3.5's limits and messages (helm-contract 7.10): chart versions, the
// version of a dependency, kubeVersion, and the functions `semver` and `semverCompare`. The rules themselves are base/version.h's.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/version.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// semver.NewVersion, lenient: `v1.2`, `01.2.3`, up to 256 bytes. Errors: "invalid semantic version", "version segment starts with 0",
/// "version string is too long (max 256 bytes)".
base::Result<base::Version> ParseSemver(std::string_view text);

/// semver.StrictNewVersion: all of MAJOR.MINOR.PATCH, no `v`.
base::Result<base::Version> ParseStrictSemver(std::string_view text);

/// semver.NewConstraint: up to 512 bytes and 32 groups. Errors: "improper constraint: \"\"", "constraint string is too long (max 512 bytes)".
/// `range.Contains(version)` is its Check.
base::Result<base::VersionRange> ParseConstraint(std::string_view text);

/// `semverCompare`: whether `version` satisfies `constraint`. The constraint's error comes first.
base::Result<bool> SemverCompare(std::string_view constraint, std::string_view version);

/// `semver`: the object (*semver.Version) that templates see, with Major, Minor, Patch, Prerelease, Metadata, Original, Compare ...
base::Result<Value> NewSemver(std::string_view text);

}  // namespace sluice::helm
