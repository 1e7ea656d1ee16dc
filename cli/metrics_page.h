// cli/metrics_page.h: what /metrics answers, in Prometheus' text format, under the names that Flux's dashboards ask for.
#pragma once

#include <string>
#include <vector>

#include "controller/work_queue.h"
#include "kube/index.h"
#include "kube/transport.h"

namespace sluice::cli {

struct MetricsSources {
  struct Queue {
    std::string controller;  ///< lower-case kind: "kustomization"
    const controller::WorkQueue* queue = nullptr;
  };
  const kube::Transport* transport = nullptr;
  const kube::OwnedIndex* index = nullptr;
  std::vector<Queue> queues;
};

std::string MetricsPage(const MetricsSources& sources);

}  // namespace sluice::cli
