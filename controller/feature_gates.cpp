#include "controller/feature_gates.h"

#include <iterator>
#include <optional>

namespace sluice::controller {
namespace {

using base::Invalid;
using base::Result;

struct Row {
  Gate gate;
  std::string_view name;
  bool open;              ///< by default
  std::string_view vain;  ///< why setting it changes nothing in this version; "" for a gate that is acted upon
};

constexpr std::string_view kAsDeprecated = "it is deprecated: spec.driftDetection of a HelmRelease says it";
constexpr std::string_view kNoImages = "image automation is not served by this version";

constexpr Row kGates[] = {
    {Gate::AdditiveCELDependencyCheck, "AdditiveCELDependencyCheck", false, ""},
    {Gate::AdoptLegacyReleases, "AdoptLegacyReleases", false, "it is ignored, as in Flux since 2.8"},
    {Gate::AllowDNSLookups, "AllowDNSLookups", false, ""},
    {Gate::CacheSecretsAndConfigMaps, "CacheSecretsAndConfigMaps", false, "Secrets and ConfigMaps are always read live"},
    {Gate::CancelHealthCheckOnNewRevision, "CancelHealthCheckOnNewRevision", false, ""},
    {Gate::CorrectDrift, "CorrectDrift", false, kAsDeprecated},
    {Gate::DefaultToRetryOnFailure, "DefaultToRetryOnFailure", false, ""},
    {Gate::DetectDrift, "DetectDrift", false, kAsDeprecated},
    {Gate::DirectSourceFetch, "DirectSourceFetch", false, ""},
    {Gate::DisableChartDigestTracking, "DisableChartDigestTracking", false, ""},
    {Gate::DisableConfigWatchers, "DisableConfigWatchers", false, ""},
    {Gate::DisableFailFastBehavior, "DisableFailFastBehavior", false, ""},
    {Gate::DisableStatusPollerCache, "DisableStatusPollerCache", true, "no status is polled"},
    {Gate::ExternalArtifact, "ExternalArtifact", false, ""},
    {Gate::FluxStorage, "FluxStorage", false, kNoImages},
    {Gate::GitAllBranchReferences, "GitAllBranchReferences", true, kNoImages},
    {Gate::GitForcePushBranch, "GitForcePushBranch", true, kNoImages},
    {Gate::GitShallowClone, "GitShallowClone", true, kNoImages},
    {Gate::GitSparseCheckout, "GitSparseCheckout", false, kNoImages},
    {Gate::GroupChangeLog, "GroupChangeLog", false, "what was applied is told in events, not in the log"},
    {Gate::MigrateAPIVersion, "MigrateAPIVersion", false, ""},
    {Gate::ObjectLevelWorkloadIdentity, "ObjectLevelWorkloadIdentity", false, ""},
    {Gate::OOMWatch, "OOMWatch", false, "the process does not watch its own memory"},
    {Gate::StrictPostBuildSubstitutions, "StrictPostBuildSubstitutions", true, ""},
    {Gate::UseHelm3Defaults, "UseHelm3Defaults", false, ""},
};

constexpr bool RowsAreInOrder() {
  for (std::size_t i = 0; i < std::size(kGates); ++i) {
    if (static_cast<std::size_t>(kGates[i].gate) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder() && std::size(kGates) == static_cast<std::size_t>(Gate::UseHelm3Defaults) + 1);

const Row* FindRow(std::string_view name) {
  for (const Row& row : kGates) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

/// Go's strconv.ParseBool.
std::optional<bool> ParseBool(std::string_view word) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::string_view Trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  return from == std::string_view::npos ? std::string_view() : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

Result<void> SetPair(std::string_view pair, FeatureGates& gates) {
  const std::string prefix = "--feature-gates: ";
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return Invalid(prefix + "malformed pair, expect string=bool");
  const std::string name(Trim(pair.substr(0, equals)));
  const std::string word(Trim(pair.substr(equals + 1)));
  const std::optional<bool> open = ParseBool(word);
  if (!open) return Invalid(prefix + "invalid value of " + name + ": " + word);
  const Row* row = FindRow(name);
  if (row == nullptr) return Invalid(prefix + "feature-gate '" + name + "' not supported");
  gates.Set(row->gate, *open);
  return {};
}

}  // namespace

FeatureGates::FeatureGates() {
  for (const Row& row : kGates) Set(row.gate, row.open);
}

Result<FeatureGates> FeatureGates::Parse(const std::vector<std::string>& values) {
  FeatureGates out;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view pair = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      if (!pair.empty()) TRY(SetPair(pair, out));
    }
  }
  return out;
}

std::vector<FeatureGates::WithoutEffect> FeatureGates::SetInVain() const {
  std::vector<WithoutEffect> out;
  for (const Row& row : kGates) {
    if (!row.vain.empty() && Enabled(row.gate) != row.open) out.push_back({row.name, row.vain});
  }
  return out;
}

}  // namespace sluice::controller
