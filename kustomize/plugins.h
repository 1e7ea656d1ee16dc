// kustomize/plugins.h: objects of `generators:`, `transformers:` and `validators:` become things that run. Only kustomize's built-in kinds
// (`apiVersion: builtin`); anything else would run foreign code and is refused (contract §21, §22).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kustomize/context.h"
#include "kustomize/kustomization.h"
#include "kustomize/loader.h"
#include "kustomize/resmap.h"
#include "kustomize/step.h"

namespace sluice::kustomize {

using Generated = std::vector<std::unique_ptr<Resource>>;

/// Makes objects; what `place` and `origin` are, see Step.
struct Generator {
  std::function<base::Result<Generated>()> run;
  std::string place;
  std::optional<Origin> origin;
};

/// The generator of one configMapGenerator or secretGenerator entry. `loader` is kept.
Generator MapGenerator(GeneratorArgs args, std::string place, Loader::Ptr loader);

/// The same of one helmCharts entry; `ns` is for a chart that names none.
Generator ChartGenerator(HelmChart chart, HelmGlobals globals, std::string ns, std::string place, Loader::Ptr loader,
                         const Context& context);

/// Each object of `configs` in order. `loader` is that of the kustomization that names them and is kept; `context` outlives the results.
/// Errors: Invalid (mistyped or missing fields), Unsupported (external plugins).
base::Result<std::vector<Generator>> LoadGenerators(const ResMap& configs, const Loader::Ptr& loader, const Context& context);
base::Result<std::vector<Step>> LoadTransformers(const ResMap& configs, const Loader::Ptr& loader, const Context& context);

}  // namespace sluice::kustomize
