// controller/helm_release/post_render.h: what happens to the objects of a chart before they are a release's (flux-contract 7.5): spec.postRenderers, each a
// kustomization over what came out of the one before, then spec.commonMetadata, then the labels that say whose they are. Pure.
#pragma once

#include <map>
#include <string>

#include "controller/helm_release/spec.h"
#include "controller/limits.h"
#include "controller/work_queue.h"
#include "helm/release/draft.h"

namespace sluice::controller::helm_release {

inline constexpr std::string_view kNameLabel = "helm.toolkit.fluxcd.io/name";
inline constexpr std::string_view kNamespaceLabel = "helm.toolkit.fluxcd.io/namespace";

/// The labels that every object of the HelmRelease `key` carries.
std::map<std::string, std::string> OwnerLabels(const Key& key);

helm::PostRenderStrategy StrategyOf(PostRenderStrategy strategy);

/// Keeps what it needs of `spec` and of `limits`, those of builds. Errors of what it returns: those of kustomize::Build.
helm::PostRenderer MakePostRenderer(const Spec& spec, const Key& key, const Limits& limits = {});

}  // namespace sluice::controller::helm_release
