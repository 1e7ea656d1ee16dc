// cli/helm_kustomize.h: the Helm engine for `helmCharts` in kustomizations. Two neighbours of one floor meet here.
#pragma once

#include "kustomize/build.h"

namespace sluice::cli {

/// Renders as `helm template` (3.22) does, which is the helm that kustomize 5.8 was tested with.
kustomize::HelmEngine MakeHelmEngine();

}  // namespace sluice::cli
