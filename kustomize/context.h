// kustomize/context.h: what all kustomizations of one build share.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kustomize/budget.h"
#include "kustomize/build.h"
#include "kustomize/schema.h"

namespace sluice::kustomize {

class Resource;

struct Context {
  explicit Context(const BuildOptions& build_options) : options(build_options), budget(build_options) {}

  const BuildOptions& options;
  std::vector<std::string> warnings;
  std::string ns;                               ///< of the kustomization being built, or of the nearest above it that sets one: for charts
  std::size_t kustomizations = 0, objects = 0;  ///< read so far, for the limits
  bool track_origins = false;                   ///< the root asks for some buildMetadata
  bool schema_chosen = false;                   ///< some kustomization's `openapi` has spoken; later ones are not heard
  std::optional<Schema> custom_schema;
  mutable Budget budget;
  mutable std::set<const Resource*> spoiled;  ///< a patch of it failed: more patches are not tried, their failures would only follow
  mutable bool builtin_schema_seen = false;   ///< the built-in schema was looked at: a custom one chosen later stands beside it

  const Schema& schema() const {
    builtin_schema_seen = builtin_schema_seen || !custom_schema;
    return custom_schema ? *custom_schema : Schema::Builtin();
  }
};

}  // namespace sluice::kustomize
