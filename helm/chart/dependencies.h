// helm/chart/dependencies.h: which charts of charts/ take part in a release, under which names, and what they hand up (helm-contract 2.3, 2.4).
#pragma once

#include "base/result.h"
#include "helm/chart/chart.h"
#include "helm/chart/notice.h"
#include "helm/template/dialect.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// Applies aliases, tags and conditions to `chart` and its dependencies: what is off leaves them. Then import-values replace chart defaults.
/// Errors and notices: those of Coalesce(), and notices of tags, conditions and imports that lead nowhere.
base::Result<void> ProcessDependencies(Chart& chart, const Value& user, Dialect dialect, const NoticeSink& notify = {});

/// Whether charts/ has every chart that Chart.yaml names. Errors: NotFound `found in Chart.yaml, but missing in charts/ directory: a, b`.
base::Result<void> CheckDependencies(const Chart& chart);

}  // namespace sluice::helm
