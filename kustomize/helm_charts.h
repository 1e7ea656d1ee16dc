// kustomize/helm_charts.h: `helmCharts` of a kustomization (contract §20): what is rendered, with which values, for which namespace. The engine that
// renders is BuildOptions::helm; a chart that is not in the tree is not fetched.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kustomize/build.h"
#include "kustomize/kustomization.h"
#include "kustomize/loader.h"
#include "kustomize/resource.h"

namespace sluice::kustomize {

/// The objects of `chart`, an entry of the kustomization that `loader` reads. `ns` is the namespace of that kustomization or of the nearest above it.
/// Errors: Unsupported (Helm is off, no engine, a chart that would have to be fetched), Invalid, NotFound (a values file), and the engine's.
base::Result<std::vector<std::unique_ptr<Resource>>> InflateChart(const HelmChart& chart, const HelmGlobals& globals, std::string_view ns,
                                                                  const Loader& loader, const BuildOptions& options);

}  // namespace sluice::kustomize
