// controller/lanes.h: on whose answers a run waits, for WorkQueueOptions::lane: hosts that never answer and clusters that are away hold up those who ask them,
// and nobody else. Suspended objects wait for nobody, and sources that are deleted neither. Pure; an object that is none gets the empty lane, and its run says
// what is wrong with it.
#pragma once

#include <string>

#include "document/value.h"

namespace sluice::controller {

/// OCIRepositories, HelmRepositories (`spec.url`) and Buckets (`spec.endpoint`): the host.
std::string LaneOfSource(const document::Value& object);
/// ArtifactGenerators: those of `spec.sources` that are ExternalArtifacts (their servers are anybody's).
std::string LaneOfGenerator(const document::Value& object);
/// HelmCharts: what `spec.sourceRef` names.
std::string LaneOfChart(const document::Value& object);
/// Kustomizations and HelmReleases: what `spec.kubeConfig` names, and a source that is an ExternalArtifact.
std::string LaneOfApplied(const document::Value& object);
/// The older Helm operator's HelmReleases: the host of `spec.chart.repository`.
std::string LaneOfOperatorRelease(const document::Value& object);

}  // namespace sluice::controller
