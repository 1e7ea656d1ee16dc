// kustomize/step.h: one thing a kustomization does to the list of objects, ready to run.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "kustomize/resmap.h"

namespace sluice::kustomize {

using Transform = std::function<base::Result<void>(ResMap&)>;

/// A transformer, where it is configured (for messages: `kustomization.yaml:7:3: images[0]`), and what buildMetadata tells of it.
struct Step {
  Transform run;
  std::string place;
  std::optional<Origin> origin;
  bool independent = false;  ///< its failure is a mistake of its own, whatever failed before, and does not spoil other such steps
  bool renames = false;      ///< unless it renames: then nothing can be said of later steps once it has failed
};

}  // namespace sluice::kustomize
