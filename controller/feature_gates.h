// controller/feature_gates.h: the switches of `--feature-gates`, by the names and with the defaults of Flux's controllers (flux-contract 11.3).
// One process stands for all of them, so one list holds the gates of all; a name that two controllers share is one switch. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::controller {

/// In alphabetical order; kGates in feature_gates.cpp has a row for each, in this order.
enum class Gate : std::uint8_t {
  AdditiveCELDependencyCheck,
  AdoptLegacyReleases,
  AllowDNSLookups,
  CacheSecretsAndConfigMaps,
  CancelHealthCheckOnNewRevision,
  CorrectDrift,
  DefaultToRetryOnFailure,
  DetectDrift,
  DirectSourceFetch,
  DisableChartDigestTracking,
  DisableConfigWatchers,
  DisableFailFastBehavior,
  DisableStatusPollerCache,
  ExternalArtifact,
  FluxStorage,
  GitAllBranchReferences,
  GitForcePushBranch,
  GitShallowClone,
  GitSparseCheckout,
  GroupChangeLog,
  MigrateAPIVersion,
  ObjectLevelWorkloadIdentity,
  OOMWatch,
  StrictPostBuildSubstitutions,
  UseHelm3Defaults,
};

/// A value: which gates are open. `FeatureGates()` is every default.
class FeatureGates {
 public:
  FeatureGates();
  /// From the values of the flag, each `Name=true,Other=false`; of one name the last counts. The words of true and false are those of Go's
  /// strconv.ParseBool. Errors (Invalid), after `--feature-gates: `: `malformed pair, expect string=bool`, `invalid value of A: x`,
  /// `feature-gate 'A' not supported`.
  static base::Result<FeatureGates> Parse(const std::vector<std::string>& values);

  bool Enabled(Gate gate) const { return (open_ & Bit(gate)) != 0; }
  void Set(Gate gate, bool open) { open_ = open ? open_ | Bit(gate) : open_ & ~Bit(gate); }

  /// One gate that was set otherwise than its default though this changes nothing here, and why.
  struct WithoutEffect {
    std::string_view name, why;
  };
  std::vector<WithoutEffect> SetInVain() const;
  bool operator==(const FeatureGates&) const = default;

 private:
  static constexpr std::uint64_t Bit(Gate gate) { return std::uint64_t{1} << static_cast<unsigned>(gate); }
  std::uint64_t open_ = 0;
};

}  // namespace sluice::controller
