// kustomize/plugins.h: objects of `generators:`, `transformers:` and `validators:` become things that run. Only kustomize's built-in kinds
// (`apiVersion: builtin`); anything else would run foreign code and is refused (contract §21, §22).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kustomize/context.h"
#include "kustomize/loader.h"
#include "kustomize/resmap.h"
#include "kustomize/step.h"

namespace sluice::kustomize {

/// Makes objects; what `place` and `origin` are, see Step.
struct Generator {
  std::function<base::Result<std::unique_ptr<Resource>>()> run;
  std::string place;
  std::optional<Origin> origin;
};

/// The generator of one configMapGenerator or secretGenerator entry. `loader` is kept.
Generator MapGenerator(GeneratorArgs args, std::string place, Loader::Ptr loader);

/// Each object of `configs` in order. `loader` is that of the kustomization that names them and is kept; `context` outlives the results.
/// Errors: Invalid (mistyped or missing fields), Unsupported (external plugins, Helm).
base::Result<std::vector<Generator>> LoadGenerators(const ResMap& configs, const Loader::Ptr& loader, const Context& context);
base::Result<std::vector<Step>> LoadTransformers(const ResMap& configs, const Loader::Ptr& loader, const Context& context);

}  // namespace sluice::kustomize
