#include "controller/worker.h"

#include <utility>

#include "controller/helm_release/render_protocol.h"
#include "controller/helm_release/renderer.h"
#include "controller/kustomization/build_protocol.h"
#include "controller/kustomization/builder.h"
#include "isolation/fork_server.h"

namespace sluice::controller {
namespace {

/// Whoever says the first word stays: either returns when it hears one of the other's.
void RunJobs(isolation::Channel& parent) {
  base::Result<isolation::Frame> first = parent.Receive();
  if (!first) return;
  if (first->type == static_cast<std::uint8_t>(kustomization::BuildFrame::Job)) {
    kustomization::BuildForParent(parent, *std::move(first));
  } else if (first->type == static_cast<std::uint8_t>(helm_release::RenderFrame::Job)) {
    helm_release::RenderForParent(parent, *std::move(first));
  }
}

}  // namespace

int ServeJobs(isolation::Limits limits) {
  isolation::ForkServerOptions options;
  options.limits = limits;
  options.limits.cpu += kWorkerGrace;
  options.prepare = [] {
    kustomization::WarmBuilds();
    helm_release::WarmRenders();
  };
  options.job = RunJobs;
  return isolation::ServeForks(options);
}

}  // namespace sluice::controller
