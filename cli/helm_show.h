// cli/helm_show.h: what `helm show` prints of a chart.
#pragma once

#include <string>

#include "helm/chart/chart.h"
#include "helm/template/dialect.h"

namespace sluice::cli {

enum class ShowPart { Values, Chart, Readme, Crds, All };

/// The part, or all of them with `---` between, as helm prints them.
std::string Show(const helm::Chart& chart, ShowPart part, helm::Dialect dialect);

}  // namespace sluice::cli
