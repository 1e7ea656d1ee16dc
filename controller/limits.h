// controller/limits.h: what reconcilers let a stranger's input cost (threats.md, "Budgets"). cli/ makes it of the flags that the members name.
#pragma once

#include "controller/time_limit.h"
#include "helm/template/template.h"
#include "kustomize/build.h"
#include "rollout/cel/expression.h"
#include "sops/sops.h"
#include "sources/oci/client.h"

namespace sluice::controller {

struct Limits {
  kustomize::BuildLimits build;
  TimeLimits build_time;  ///< `--build-max-cpu-time`, `--build-max-time`: of one build of a Kustomization, or of a post-renderer
  helm::Limits render;
  TimeLimits render_time;                 ///< `--render-max-cpu-time`, `--render-max-time`: of one render of a chart
  sops::Limits sops;                      ///< `--sops-max-file-bytes`
  rollout::cel::Limits cel;               ///< `--cel-max-cost`, `--cel-max-pattern-bytes`
  sources::oci::RegistryLimits registry;  ///< its `answers` are those of all sources over http(s)
};

/// From now on, for the thread that calls.
inline std::function<base::Result<void>()> BuildTime(const Limits& limits) {
  return StopAfter(limits.build_time, "the build", "split it", "--build-max");
}
inline std::function<base::Result<void>()> RenderTime(const Limits& limits) {
  return StopAfter(limits.render_time, "rendering", "do less in templates", "--render-max");
}

}  // namespace sluice::controller
