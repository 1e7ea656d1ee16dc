// cli/metrics_page.h: what /metrics answers, under the names that Flux's dashboards and alerts ask for. Everything is read from its owner when
// asked for; nothing is registered.
#pragma once

#include <string>
#include <vector>

#include "controller/git_repository/github_app.h"
#include "controller/helm_repository/index_cache.h"
#include "controller/work_queue.h"
#include "kube/index.h"
#include "kube/store.h"
#include "kube/transport.h"

namespace sluice::cli {

struct MetricsSources {
  struct Queue {
    std::string kind;  ///< "Kustomization"; its metrics call it by the lower-case word
    const controller::WorkQueue* queue = nullptr;
    const kube::ObjectStore* store = nullptr;  ///< the objects that gotk_resource_info tells of
  };
  const kube::Transport* transport = nullptr;
  const kube::OwnedIndex* index = nullptr;
  controller::helm_repository::IndexCache* helm_indexes = nullptr;
  controller::git_repository::GithubTokens* tokens = nullptr;
  std::vector<Queue> queues;
};

std::string MetricsPage(const MetricsSources& sources);

}  // namespace sluice::cli
