// helm/render/scope.h: what stands behind the dot in a chart's templates: .Values, .Chart, .Files and the others (helm-contract 4.2, 4.3).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "helm/chart/chart.h"
#include "helm/template/dialect.h"
#include "helm/template/function.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// A file of the tree of charts that the engine parses.
struct Renderable {
  std::string name;       ///< "chart/charts/sub/templates/x.yaml"
  std::string base_path;  ///< "chart/charts/sub/templates"
  std::shared_ptr<const std::string> text;
  Ref<Map> scope;  ///< of its chart; all files of a chart have the same
};

/// Everything below templates/ of `chart` and of its dependencies, each with the scope of its chart. `values` are the coalesced ones, of which
/// a dependency sees the section under its name; `release` and `capabilities` are shared by all.
std::vector<Renderable> CollectTemplates(const Chart& chart, const Value& values, const Value& release, const Value& capabilities,
                                         Dialect dialect);

/// .Files
Value FilesValue(const std::vector<ChartFile>& files);
/// .Chart
Value ChartValue(const Metadata& metadata, bool is_root, Dialect dialect);
/// What .Values and its like answer to: YAML, Table, AsMap, Encode, PathValue, each with the map as its first argument.
FunctionMap ValuesMethods();

}  // namespace sluice::helm
