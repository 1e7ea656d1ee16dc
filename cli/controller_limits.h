// cli/controller_limits.h: the controller's flags as its parts want them: limits of what comes from outside, and the confined processes that work on it. Pure.
#pragma once

#include "base/log.h"
#include "base/parser_limits.h"
#include "cli/controller_flags.h"
#include "controller/helm_release/renderer.h"
#include "controller/helm_repository/access.h"
#include "controller/kustomization/builder.h"
#include "controller/limits.h"
#include "sources/artifact/unpack.h"
#include "sources/git/repository.h"
#include "sources/oci/client.h"

namespace sluice::cli {

sources::GitLimits GitLimitsOf(const ControllerFlags& flags);
base::ParserLimits ParserLimitsOf(const ControllerFlags& flags);
sources::oci::RegistryLimits RegistryLimitsOf(const ControllerFlags& flags);
controller::Limits LimitsOf(const ControllerFlags& flags, const ControllerSettings& settings);
controller::helm_repository::Limits HelmLimitsOf(const ControllerFlags& flags);
sources::UnpackLimits ArtifactLimitsOf(const ControllerFlags& flags);

/// Empty, so that work is done in this process, with `--build-workers=0`. Whatever runs them has ended before they do.
controller::kustomization::Builder BuilderOf(const ControllerFlags& flags, const ControllerSettings& settings, const base::Logger& log);
controller::helm_release::Renderer RendererOf(const ControllerFlags& flags, const ControllerSettings& settings, const base::Logger& log);

}  // namespace sluice::cli
