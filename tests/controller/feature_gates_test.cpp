#include "controller/feature_gates.h"

#include <gtest/gtest.h>

namespace sluice::controller {
namespace {

TEST(FeatureGates, DefaultsAreThoseOfFlux) {
  const FeatureGates gates;
  const Gate open[] = {Gate::DisableStatusPollerCache, Gate::StrictPostBuildSubstitutions, Gate::GitAllBranchReferences,
                       Gate::GitForcePushBranch, Gate::GitShallowClone};
  std::size_t count = 0;
  for (unsigned i = 0; i <= static_cast<unsigned>(Gate::UseHelm3Defaults); ++i) count += gates.Enabled(static_cast<Gate>(i)) ? 1 : 0;
  EXPECT_EQ(count, std::size(open));
  for (const Gate gate : open) EXPECT_TRUE(gates.Enabled(gate)) << static_cast<int>(gate);
}

TEST(FeatureGates, PairsAreSet) {
  struct Row {
    std::vector<std::string> values;
    bool external, strict;
  };
  const Row rows[] = {
      {{}, false, true},
      {{""}, false, true},
      {{"ExternalArtifact=true"}, true, true},
      {{"ExternalArtifact=true,StrictPostBuildSubstitutions=false"}, true, false},
      {{"ExternalArtifact=T", "StrictPostBuildSubstitutions=0"}, true, false},
      {{" ExternalArtifact = True ,, StrictPostBuildSubstitutions=f,"}, true, false},
      {{"ExternalArtifact=true,ExternalArtifact=false"}, false, true},
      {{"StrictPostBuildSubstitutions=false", "StrictPostBuildSubstitutions=true"}, false, true},
  };
  for (const Row& row : rows) {
    const auto gates = FeatureGates::Parse(row.values);
    ASSERT_TRUE(gates) << gates.error().message;
    EXPECT_EQ(gates->Enabled(Gate::ExternalArtifact), row.external) << testing::PrintToString(row.values);
    EXPECT_EQ(gates->Enabled(Gate::StrictPostBuildSubstitutions), row.strict) << testing::PrintToString(row.values);
  }
}

TEST(FeatureGates, WhatIsNoGateIsRefused) {
  struct Row {
    const char *value, *want;
  };
  const Row rows[] = {
      {"ExternalArtifact", "--feature-gates: malformed pair, expect string=bool"},
      {"ExternalArtifact=yes", "--feature-gates: invalid value of ExternalArtifact: yes"},
      {"ExternalArtifact=", "--feature-gates: invalid value of ExternalArtifact: "},
      {"externalArtifact=true", "--feature-gates: feature-gate 'externalArtifact' not supported"},
      {"DirectSourceFetch=true,Teleport=false", "--feature-gates: feature-gate 'Teleport' not supported"},
      {"=true", "--feature-gates: feature-gate '' not supported"},
  };
  for (const Row& row : rows) {
    const auto gates = FeatureGates::Parse({row.value});
    ASSERT_FALSE(gates) << row.value;
    EXPECT_EQ(gates.error().message, row.want);
  }
}

TEST(FeatureGates, WhatIsSetInVainIsNamed) {
  EXPECT_TRUE(FeatureGates().SetInVain().empty());
  const auto gates =
      FeatureGates::Parse({"CancelHealthCheckOnNewRevision=true,ExternalArtifact=true,OOMWatch=false,DisableStatusPollerCache=false,"
                           "AllowDNSLookups=true,DetectDrift=true"});
  ASSERT_TRUE(gates) << gates.error().message;
  const auto vain = gates->SetInVain();
  ASSERT_EQ(vain.size(), 2u);
  EXPECT_EQ(vain[0].name, "DetectDrift");
  EXPECT_EQ(vain[0].why, "it is deprecated: spec.driftDetection of a HelmRelease says it");
  EXPECT_EQ(vain[1].name, "DisableStatusPollerCache");
}

}  // namespace
}  // namespace sluice::controller
